"""The process that talks to Ray for the bot: asks for actors, and passes commands and events on.

A process of its own: Ray's library ends its process where the cluster is gone for long, and handles its signals.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count
from typing import Any, BinaryIO

import ray
from ray.exceptions import RayError

from generation import wire
from generation.local_worker import RESTART_SECONDS, STARTING_SECONDS
from generation.ray_actor import RayActor
from generation.ray_messages import FromRay, Joined, Left, Open, To, Unplaced, Unreachable

Tell = Callable[[FromRay], object]

_SERIAL = count(1)
REACH_SECONDS = 5.0
"""Seconds that the address of a cluster may take to answer."""

_LONGEST_REASON = 300

PLACING_SECONDS = 30.0
"""Seconds until the host is told that no node has room for an actor."""


class Place:
    """A place for one actor: asks Ray for it, and for another one where it is lost."""

    def __init__(self, worker: str, opened: Open, tell: Tell) -> None:
        self.actor = 0
        """The number of the present actor; 0 while there is none."""
        self.commands: asyncio.Queue[Any] = asyncio.Queue()
        """Commands for the present actor. They are sent one after another: Ray keeps no order."""
        self._worker = worker
        self._opened = opened
        self._tell = tell

    async def keep(self) -> None:
        """Have an actor here until cancelled."""
        failed_starts = 0
        while True:
            await asyncio.sleep(RESTART_SECONDS[min(failed_starts, len(RESTART_SECONDS) - 1)])
            failed_starts = 0 if await self._employ() else failed_starts + 1

    async def _employ(self) -> bool:
        """Have one actor until it is lost. True if it became ready."""
        number, reason, was_ready = next(_SERIAL), "", False
        actor = _actor(self._opened)
        told = asyncio.get_running_loop().call_later(PLACING_SECONDS, self._tell, Unplaced(self._worker))
        try:
            await actor.start.remote()
            told.cancel()
            async with asyncio.timeout(STARTING_SECONDS):
                about = await actor.ready.remote()
            self.actor, self.commands, was_ready = number, asyncio.Queue(), True
            self._tell(Joined(number, self._worker, about))
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._send(actor))
                tasks.create_task(self._fetch(actor))
        except* RayError as errors:
            reason = _line(errors.exceptions[0])
        except* TimeoutError:
            reason = "its worker process does not become ready; see Ray's logs on its node"
        finally:
            told.cancel()
            self.actor = 0
            ray.kill(actor)
        self._tell(Left(number, self._worker, reason))
        return was_ready

    async def _send(self, actor: Any) -> None:
        while True:
            await actor.take.remote(await self.commands.get())

    async def _fetch(self, actor: Any) -> None:
        while True:
            for event in await actor.next_events.remote():
                self._tell(event)


def _actor(opened: Open) -> Any:
    """A new actor, which Ray places as soon as a node has what it takes."""
    others: Mapping[str, float] = {
        name: amount for name, amount in opened.resources.items() if name not in ("CPU", "GPU", "memory")
    }
    taking = ray.remote(RayActor).options(
        num_cpus=opened.resources.get("CPU", 0),
        num_gpus=opened.resources.get("GPU", 0),
        memory=opened.resources.get("memory"),
        resources=dict(others),
        max_restarts=0,
        max_task_retries=0,
    )
    return taking.remote(opened.options, opened.command)


def _line(error: BaseException) -> str:
    """The last line of an error of Ray's, which says most."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[-1][:_LONGEST_REASON]


async def drive(commands: asyncio.StreamReader, tell: Tell) -> None:
    """Do what the bot's process asks, until that has gone."""
    opened: Open = await wire.read_async(commands)
    try:
        await reach(opened.address)
        ray.init(address=opened.address, namespace="noisefox", log_to_driver=False, logging_level="ERROR")
    except (OSError, RuntimeError, ValueError, RayError) as error:
        tell(Unreachable(_line(error)))
        return
    places = [Place(worker, opened, tell) for worker in opened.workers]
    try:
        async with asyncio.TaskGroup() as tasks:
            keeping = [tasks.create_task(place.keep()) for place in places]
            await _pass_on(commands, places)
            for task in keeping:
                task.cancel()
    finally:
        ray.shutdown()


async def reach(address: str) -> None:
    """Raise `OSError` where nothing answers at the address of a cluster: Ray itself would try for minutes."""
    host, _, port = address.rpartition("//")[2].rpartition(":")
    if not (host and port.isdecimal()):
        return
    try:
        async with asyncio.timeout(REACH_SECONDS):
            _, writer = await asyncio.open_connection(host, int(port))
    except (OSError, TimeoutError):
        raise OSError(f"nothing answers at {host}:{port}") from None
    writer.close()


async def _pass_on(commands: asyncio.StreamReader, places: list[Place]) -> None:
    """Pass commands on until the bot's process has gone."""
    with suppress(EOFError):
        while True:
            message: To = await wire.read_async(commands)
            for place in places:
                if place.actor == message.actor:
                    place.commands.put_nowait(message.command)


async def _standard_input() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


def main() -> None:
    """Talk to the bot's process over the standard streams. Of what is printed, Python's errors alone go to the log:
    Ray's library keeps logs of its own."""
    with os.fdopen(os.dup(1), "wb") as output, os.fdopen(os.dup(2), "w") as sys.stderr:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(nowhere, stream)
        asyncio.run(_serve(output))


async def _serve(output: BinaryIO) -> None:
    def tell(message: FromRay) -> None:
        output.write(wire.pack(message))
        output.flush()

    await drive(await _standard_input(), tell)


if __name__ == "__main__":
    main()
