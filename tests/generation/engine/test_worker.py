"""The worker's own inbox: commands as they come over the wire, and events as they go."""

import queue
import subprocess
import threading
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from bot.config import Config
from generation import wire
from generation.catalogue import ModelSpec
from generation.engine import worker
from generation.events import Cancelled, Completed, Event, Loading, Started
from generation.jobs import Draw, Job
from generation.settings import GenerationSettings
from generation.vision import VisionModels
from tests.forked_worker import ForkServer
from tests.generation.engine import tiny
from tests.generation.engine.vision import tiny as detectors


class Commands:
    """The pipe to a worker. What is put in has been heard when `put` returns."""

    def __init__(self) -> None:
        self._coming: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._rest = b""
        self._waiting = threading.Semaphore(0)
        """At one while the worker has heard all there is, and listens for more."""

    def put(self, *commands: wire.Command) -> None:
        for command in commands:
            self._waiting.acquire()
            self._coming.put(wire.pack(command))
        self._waiting.acquire()
        self._waiting.release()

    def end(self) -> None:
        self._coming.put(b"")

    def read(self, size: int) -> bytes:
        if not self._rest:
            self._waiting.release()
            self._rest = self._coming.get()
        read, self._rest = self._rest[:size], self._rest[size:]
        return read


class Events:
    """The pipe from a worker, which goes on when an event has been answered."""

    def __init__(self, answer: Callable[[wire.Ready | Event], None]) -> None:
        self._answer = answer
        self.heard: list[Event] = []

    def write(self, packed: bytes) -> None:
        event = wire.read(BytesIO(packed))
        if not isinstance(event, wire.Ready):
            self.heard.append(event)
        self._answer(event)

    def flush(self) -> None: ...

    def kinds(self, job_id: int) -> list[type[Event]]:
        """Of a job's events, but for how far loading and drawing are."""
        kept = [event for event in self.heard if event.job_id == job_id and getattr(event, "share", 0) == 0]
        return [type(event) for event in kept]


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> wire.Configure:
    source = tiny.stable_diffusion_1(tmp_path_factory.mktemp("tiny"))
    models = (ModelSpec("tiny", str(source), width=64, height=64),)
    return wire.Configure(models=models, device="cpu", dtype="float32", largest_batch=4)


def submit(job_id: int) -> wire.Submit:
    settings = GenerationSettings("a fox", seed=7, model="tiny", width=64, height=64, steps=1)
    return wire.Submit(Job(job_id, "owner", Draw(settings)))


def served(options: wire.Configure, answers: Callable[[Any], tuple[wire.Command, ...]], until: type[Event]) -> Events:
    """The events of a worker that gets `answers` to them as commands, up to the first event of type `until`."""
    commands = Commands()

    def answer(event: wire.Ready | Event) -> None:
        if isinstance(event, until):
            commands.end()
        elif given := answers(event):
            commands.put(*given)

    events = Events(answer)
    worker.serve(options, cast(BinaryIO, commands), cast(BinaryIO, events))
    return events


def test_a_worker_draws_faces_anew_that_the_model_of_its_configuration_finds(
    options: wire.Configure, tmp_path: Path
) -> None:
    config = Config(vision=VisionModels(faces=str(detectors.detector(tmp_path))))
    settings = GenerationSettings("a fox", seed=7, model="tiny", width=64, height=64, steps=1, faces=True)

    def answers(event: Any) -> tuple[wire.Command, ...]:
        return (wire.Submit(Job(1, "owner", Draw(settings))),) if isinstance(event, wire.Ready) else ()

    events = served(replace(options, faces=config.worker_options.faces), answers, until=Completed)
    completed = events.heard[-1]
    assert isinstance(completed, Completed)
    assert completed.faces


def test_a_cancel_that_comes_while_a_model_loads_stops_it_and_the_next_job_has_it_loaded(
    options: wire.Configure,
) -> None:
    def answers(event: Any) -> tuple[wire.Command, ...]:
        match event:
            case wire.Ready():
                return submit(1), submit(2)
            case Loading(job_id=1, share=0.0):
                return (wire.Cancel(1),)
        return ()

    events = served(options, answers, until=Completed)
    assert events.kinds(1) == [Loading, Cancelled]
    assert events.kinds(2) == [Loading, Started, Completed]


def test_a_job_cancelled_while_it_waits_behind_a_load_is_not_drawn_and_the_load_goes_on(
    options: wire.Configure,
) -> None:
    def answers(event: Any) -> tuple[wire.Command, ...]:
        match event:
            case wire.Ready():
                return (submit(1),)
            case Loading(job_id=1, share=0.0):
                return submit(2), wire.Cancel(2)
        return ()

    events = served(options, answers, until=Completed)
    assert events.kinds(1) == [Loading, Started, Completed]
    assert events.kinds(2) == [Started, Cancelled]


def test_a_worker_whose_bot_is_gone_ends_and_calls_no_job_failed(
    options: wire.Configure, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def end(status: int) -> None:
        raise SystemExit(status)

    def answers(event: Any) -> tuple[wire.Command, ...]:
        if isinstance(event, wire.Ready):
            return (submit(1),)
        raise BrokenPipeError

    monkeypatch.setattr("os._exit", end)
    with pytest.raises(SystemExit) as ended:
        served(options, answers, until=Completed)
    assert ended.value.code == 0
    assert "failed" not in caplog.text


def test_a_device_that_cannot_be_used_is_one_line_of_the_log(fork_server: ForkServer) -> None:
    configuration = wire.pack(wire.Configure(models=(), device="cuda:99"))
    ended = subprocess.run(fork_server.command(), input=configuration, capture_output=True, check=False)
    assert (ended.returncode, ended.stdout) == (worker.LOST, b"")
    (line,) = ended.stderr.decode().splitlines()
    assert "the device cuda:99 can't be used: " in line
    assert line.endswith("; `noisefox doctor` says what to install")
