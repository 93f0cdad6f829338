"""What came of a trial of a device, as the engine tells the bot's side."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeviceTrial:
    """A build of torch, and a device that it was tried on."""

    torch: str
    """The build's version."""
    cuda: str | None
    """The version of CUDA that it was built for."""
    rocm: str | None
    gpus: int
    """The GPUs that it sees."""
    device: str = ""
    """The device that was chosen, such as `cuda:0`; empty where it cannot be used."""
    name: str = ""
    """The GPU's name."""
    free_bytes: int = 0
    error: str = ""
    """The first line of torch's message where the device cannot be used."""
