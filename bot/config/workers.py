"""The sections of workers: of this machine, of a Ray cluster, and of ComfyUI servers."""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from bot import redaction
from generation import acceleration
from generation.acceleration import Acceleration
from generation.errors import InvalidSetting
from generation.plans import GIGABYTE
from generation.settings import Bounds

DEVICES = re.compile(r"auto|cpu|mps|(cuda|rocm)(:\d+)?")
DTYPES = ("auto", "float32", "bfloat16", "float16")

_LONGEST_LINE = Bounds(1, 100_000)
_STEP_SECONDS = Bounds(1, 86400)


class WorkerKind(StrEnum):
    """What a section of [workers] is about."""

    LOCAL = "local"
    """Devices of this machine."""
    RAY = "ray"
    """Actors of a Ray cluster."""
    COMFY = "comfy"
    """Servers of ComfyUI."""


def is_address(url: str) -> bool:
    """True for the address of an HTTP server, to which paths can be added, and whose port, if any, is from 1 to
    65535."""
    try:
        parts = urlsplit(url)
        is_plain = not (parts.query or parts.fragment)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and is_plain
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """Settings of the workers of this machine. The device "auto" is the GPU if there is one; 0 threads leaves the
    number to torch, and a `largest_batch` of 0 is measured."""

    device: str = "auto"
    dtype: str = "auto"
    threads: int = 0
    max_pictures: int = 16
    longest_line: int = 500
    largest_batch: int = 0
    strict: bool = False
    models_in_memory: int = 1
    model_wait_seconds: float = 20.0
    step_seconds: float = 300.0
    attention: str = ""
    compile: bool = False
    fuse_projections: bool = False
    offload: str = ""
    vram: float | str = "auto"
    """Gigabytes of the device's memory that models may take, or "auto" for what is free."""
    devices: tuple[str, ...] = ()
    """A worker process for each, instead of one on `device`."""

    def __post_init__(self) -> None:
        for name, device in (("device", self.device), *(("devices", each) for each in self.devices)):
            if not DEVICES.fullmatch(device):
                written = redaction.redacted(device)
                raise InvalidSetting(name, f"Use auto, cpu, cuda, cuda:1, rocm or mps, not {written}.")
        if self.devices and self.device != "auto":
            raise InvalidSetting("devices", "Set either device or devices.")
        if self.dtype not in DTYPES:
            written = redaction.redacted(self.dtype)
            raise InvalidSetting("dtype", f"Use one of {', '.join(DTYPES)}, not {written}.")
        Bounds(0, 1024).check("threads", self.threads)
        Bounds(1, 64).check("max_pictures", self.max_pictures)
        _LONGEST_LINE.check("longest_line", self.longest_line)
        Bounds(0, 128).check("largest_batch", self.largest_batch)
        if self.largest_batch == 1:
            raise InvalidSetting(
                "largest_batch", "A guided picture needs two rows. Use at least 2, or 0 to measure it."
            )
        Bounds(1, 64).check("models_in_memory", self.models_in_memory)
        _STEP_SECONDS.check("step_seconds", self.step_seconds)
        Bounds(0, 86400).check("model_wait_seconds", self.model_wait_seconds)
        acceleration.check(self.attention, self.offload)
        if self.vram != "auto" and not (isinstance(self.vram, float) and self.vram > 0):
            written = redaction.redacted(str(self.vram))
            raise InvalidSetting("vram", f'Use "auto" or a number of gigabytes, such as 11.5, not {written}.')

    @property
    def acceleration(self) -> Acceleration:
        """The settings that make the worker faster."""
        return Acceleration(self.attention, self.compile, self.fuse_projections, self.offload)

    @property
    def vram_bytes(self) -> float | None:
        """The bytes that models may take; None for what is free."""
        return self.vram * GIGABYTE if isinstance(self.vram, float) else None


@dataclass(frozen=True, slots=True)
class RayConfig(WorkerConfig):
    """Settings of the workers of a Ray cluster: an actor for each device, with the same settings as on this machine."""

    address: str = "auto"
    """Of the cluster, such as `10.0.0.5:6379`; "auto" is the one that this machine belongs to."""
    actors: int = 1
    """The most that there are at once. Ray places them as soon as a node has what their models need."""

    def __post_init__(self) -> None:
        WorkerConfig.__post_init__(self)
        Bounds(1, 1024).check("actors", self.actors)
        if self.devices:
            raise InvalidSetting("devices", "An actor has one device. Set actors to the number of devices.")
        if ":" in self.device:
            raise InvalidSetting("device", "Ray numbers the devices of each actor. Use cuda or rocm, without a number.")
        if not self.address.strip():
            raise InvalidSetting("address", 'Use the address of a cluster, such as "10.0.0.5:6379", or "auto".')


@dataclass(frozen=True, slots=True)
class ComfyConfig:
    """Settings of servers of ComfyUI, each a worker."""

    addresses: tuple[str, ...] = ()
    """Their addresses, such as `http://127.0.0.1:8188`."""
    max_pictures: int = 1
    """Pictures that a server has at once; it draws one after the other."""
    longest_line: int = 500
    step_seconds: float = 300.0
    """After so many seconds without a word from a server about a picture, the picture is lost."""

    def __post_init__(self) -> None:
        for each in self.addresses:
            if not is_address(each):
                raise InvalidSetting("addresses", "Use addresses such as http://127.0.0.1:8188.")
        Bounds(1, 64).check("max_pictures", self.max_pictures)
        _LONGEST_LINE.check("longest_line", self.longest_line)
        _STEP_SECONDS.check("step_seconds", self.step_seconds)


PoolConfig = WorkerConfig | ComfyConfig

SECTIONS: dict[WorkerKind, PoolConfig] = {
    WorkerKind.LOCAL: WorkerConfig(),
    WorkerKind.RAY: RayConfig(),
    WorkerKind.COMFY: ComfyConfig(),
}
"""What each kind of section is without any setting."""
