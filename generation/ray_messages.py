"""The messages between the bot's process and the one that talks to Ray for it."""

from collections.abc import Mapping
from dataclasses import dataclass

from generation import wire
from generation.events import Event


@dataclass(frozen=True, slots=True)
class Open:
    """The first message to Ray's process: the cluster, and the actors to ask it for."""

    address: str
    workers: tuple[str, ...]
    """A name for each actor."""
    resources: Mapping[str, float]
    """What each actor takes of its node, as Ray names it: "CPU", "GPU", "memory" in bytes, or one of the host's own."""
    options: wire.Configure
    command: tuple[str, ...] | None
    """The command of the process in each actor; None for the one of its node's Noisefox."""


@dataclass(frozen=True, slots=True)
class To:
    """A command for one actor. Without effect once that has gone."""

    actor: int
    command: wire.Submit | wire.Cancel | wire.WantFrame


@dataclass(frozen=True, slots=True)
class Unplaced:
    """No node has had room for a worker's actor for a while. Ray goes on looking for one."""

    worker: str


@dataclass(frozen=True, slots=True)
class Joined:
    """An actor is placed and ready. Each has a number of its own; a worker's next actor takes over its name."""

    actor: int
    worker: str
    about: wire.Ready


@dataclass(frozen=True, slots=True)
class Left:
    """An actor has gone, or never got ready. Nothing more comes from it."""

    actor: int
    worker: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The cluster cannot be reached. Ray's process ends after this."""

    reason: str


FromRay = Event | Unplaced | Joined | Left | Unreachable
