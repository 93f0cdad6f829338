"""Builds of torch for NVIDIA's GPUs, and the command that installs the one for a card and its driver.

From PyTorch's support matrix of 2.12 to 2.14 (RELEASE.md in its repository, September 2026): the builds for CUDA 13
need compute capability 7.5 (Turing) and driver 580; the one for CUDA 12.6 runs 5.0 (Maxwell) to 9.0 (Hopper), from
driver 525 on.
"""

import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

QUERY = ("nvidia-smi", "--query-gpu=name,driver_version,compute_cap", "--format=csv,noheader")
QUERY_SECONDS = 20.0

INDEX = "https://download.pytorch.org/whl"
BUILDS_PAGE = "https://pytorch.org/get-started/locally/"

CUDA_13_DRIVER, CUDA_12_DRIVER = 580, 525
CUDA_13_CAPABILITY, LAST_OF_CUDA_12 = 7.5, 9.0


@dataclass(frozen=True, slots=True)
class Card:
    """An NVIDIA GPU, as its driver describes it."""

    name: str
    driver: int
    """The driver's main version."""
    capability: float


def card() -> Card | None:
    """The first GPU that NVIDIA's driver lists; None without a driver."""
    try:
        told = subprocess.run(QUERY, capture_output=True, text=True, timeout=QUERY_SECONDS, check=True).stdout
        name, driver, capability = told.splitlines()[0].rsplit(",", 2)
        return Card(name.strip(), int(driver.split(".")[0]), float(capability))
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def advice(found: Card | None) -> str:
    """The sentence that says what to install for a card; without one, for any that is not older than Turing."""
    if found is None:
        return f"For an NVIDIA GPU with driver {CUDA_13_DRIVER} or newer run: {install('cu130')}"
    modern = found.capability >= CUDA_13_CAPABILITY and found.driver >= CUDA_13_DRIVER
    only_13 = found.capability > LAST_OF_CUDA_12
    build, driver = ("cu130", CUDA_13_DRIVER) if modern or only_13 else ("cu126", CUDA_12_DRIVER)
    if found.driver < driver:
        return f"Update NVIDIA's driver to {driver} or newer (it is {found.driver}), then run: {install(build)}"
    return f"Run: {install(build)}"


def install(build: str) -> str:
    """The pip command for a build such as "cu130", of the versions that are installed now."""
    wanted = [f"{name}=={release}+{build}" for name in ("torch", "torchvision") if (release := _release(name))]
    return f"{sys.executable} -m pip install {' '.join(wanted)} --index-url {INDEX}/{build}"


def _release(package: str) -> str | None:
    try:
        return version(package).partition("+")[0]
    except PackageNotFoundError:
        return None
