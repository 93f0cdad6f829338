"""A Ray cluster on this machine alone, whose nodes come and go."""

import asyncio
import os
import socket
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from typing import Self

import psutil

from bot.cli.soak.processes import NotStarted

_LOOPBACK = "127.0.0.1"
_CLUSTERS = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
LOOPBACK = {_CLUSTERS: "0"}
"""For the environment of programs that talk to the nodes: Ray keeps to loopback, as it does on Windows and macOS."""

_START = """
import os, signal, sys, threading
from ray._private import services
from ray.scripts.scripts import main
def end_with_parent():
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=end_with_parent, daemon=True).start()
services.resolve_ip_for_localhost = lambda host: host
main()
"""
"""`ray`, but that nodes listen on no other interface than the one that they are given, and end with this process."""

_OBJECT_STORE = 80 * 2**20
"""Bytes of a node's object store: near the least that Ray takes."""

_OPTIONS = (
    *(f"--node-ip-address={_LOOPBACK}", "--num-cpus=1", "--num-gpus=0", "--include-log-monitor=false"),
    *(f"--object-store-memory={_OBJECT_STORE}", "--disable-usage-stats", "--block"),
)
_SETTINGS = {
    _CLUSTERS: "1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_enable_metrics_collection": "0",
    "RAY_prestart_worker_first_driver": "0",
    "RAY_health_check_initial_delay_ms": "500",
    "RAY_health_check_period_ms": "500",
}
"""Only what is needed here, and a lost node is noticed within seconds."""

_REACHABLE_SECONDS = 60.0
_SHORT = "/tmp"
"""Where the nodes keep their files: the path of a socket has 107 characters at most, most of which Ray adds."""

_ACTOR = "ray::RayActor"
"""How Ray titles the process of an actor."""


class RayNodes:
    """Two nodes, each with one CPU: the head, and one that may be replaced. Use as `async with`."""

    def __init__(self) -> None:
        self._port = 0
        self._folder = tempfile.TemporaryDirectory(prefix="ray-", dir=_SHORT, ignore_cleanup_errors=True)
        self._nodes: list[Process] = []
        """The head first."""

    @property
    def address(self) -> str:
        return f"{_LOOPBACK}:{self._port}"

    async def __aenter__(self) -> Self:
        with socket.socket() as free:
            free.bind((_LOOPBACK, 0))
            self._port = free.getsockname()[1]
        await self._start("--head", f"--port={self._port}", "--include-dashboard=false", "--no-monitor")
        await self._until_reachable()
        await self.add()
        return self

    async def __aexit__(self, *_: object) -> None:
        while self._nodes:
            await self._remove()
        self._folder.cleanup()

    async def add(self) -> None:
        """Start a node that joins."""
        await self._start(f"--address={self.address}")

    async def remove(self) -> None:
        """End the last node at once, with everything that runs on it."""
        if len(self._nodes) > 1:
            await self._remove()

    def kill_actor(self) -> None:
        """End an actor of the last node that has one with SIGKILL."""
        for node in reversed(self._nodes):
            for process in _descendants(node):
                with suppress(psutil.Error):
                    if process.name().startswith(_ACTOR) or process.cmdline()[:1] == [_ACTOR]:
                        process.kill()
                        return

    async def _start(self, *options: str) -> None:
        direct = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        own = {"XDG_CACHE_HOME": f"{self._folder.name}/cache"}
        self._nodes.append(
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", _START, "start", f"--temp-dir={self._folder.name}/ray", *options, *_OPTIONS,
                stdin=PIPE, stdout=DEVNULL, stderr=DEVNULL, env=direct | _SETTINGS | own, start_new_session=True,
            )
        )  # fmt: skip

    async def _until_reachable(self) -> None:
        try:
            async with asyncio.timeout(_REACHABLE_SECONDS):
                while self._nodes[0].returncode is None:
                    with suppress(OSError):
                        _, writer = await asyncio.open_connection(_LOOPBACK, self._port)
                        writer.close()
                        return
                    await asyncio.sleep(0.1)
        except TimeoutError:
            pass
        raise NotStarted("Ray did not start.")

    async def _remove(self) -> None:
        node = self._nodes.pop()
        for process in [*_descendants(node), psutil.Process(node.pid)] if node.returncode is None else []:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        await node.wait()


def _descendants(node: Process) -> list[psutil.Process]:
    try:
        found: list[psutil.Process] = psutil.Process(node.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return found
