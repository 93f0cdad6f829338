"""What the doctor says of a device, and which build of torch it names."""

import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from bot.cli.doctor import torch_builds
from bot.cli.doctor.device import device_finding, finding
from bot.cli.doctor.torch_builds import Card
from generation.device_trials import DeviceTrial

TORCH = version("torch").partition("+")[0]
CPU_BUILD = DeviceTrial("2.13.0+cpu", None, None, 0, error="Torch not compiled with CUDA enabled")
CUDA_BUILD = DeviceTrial("2.13.0+cu130", "13.0", None, 1, error="no kernel image is available for execution")
CU130, CU126 = (f"torch=={TORCH}+{build} " for build in ("cu130", "cu126"))
HOME_CARD = Card("NVIDIA GeForce RTX 3060", 580, 8.6)


async def test_a_device_that_works_is_tried_and_cuda_on_a_cpu_build_is_not_well() -> None:
    works, said = await device_finding("cpu")
    assert works
    assert said.startswith(f"device: cpu works with torch {version('torch')}; ")
    works, said = await device_finding("cuda")
    assert not works
    assert "the device cuda can't be used" in said


@pytest.mark.parametrize(
    ("card", "advice"),
    [
        (None, "For an NVIDIA GPU with driver 580 or newer run: {cu130}"),
        (HOME_CARD, "Run: {cu130}"),
        (Card("RTX 3060", 535, 8.6), "Run: {cu126}"),
        (Card("GTX 1080", 580, 6.1), "Run: {cu126}"),
        (Card("GTX 1080", 470, 6.1), "Update NVIDIA's driver to 525 or newer (it is 470), then run: {cu126}"),
        (Card("RTX 5070", 570, 12.0), "Update NVIDIA's driver to 580 or newer (it is 570), then run: {cu130}"),
    ],
)
def test_the_build_suits_the_card_and_its_driver(card: Card | None, advice: str) -> None:
    lines = {build: torch_builds.install(build) for build in ("cu130", "cu126")}
    assert torch_builds.advice(card) == advice.format(**lines)
    assert lines["cu130"].startswith(f"{sys.executable} -m pip install {CU130}")
    assert lines["cu130"].endswith(" --index-url https://download.pytorch.org/whl/cu130")


@pytest.mark.parametrize(
    ("trial", "wanted", "card", "system", "sentence"),
    [
        (CPU_BUILD, "cuda", HOME_CARD, "Windows", "torch 2.13.0+cpu is built without CUDA. Run: "),
        (CPU_BUILD, "cuda", None, "Linux", "torch 2.13.0+cpu is built without CUDA. For an NVIDIA GPU with driver 580"),
        (
            CPU_BUILD,
            "rocm",
            None,
            "Linux",
            "is built without ROCm. Install the build for ROCm on Linux: https://pytorch",
        ),
        (CPU_BUILD, "mps", None, "Linux", "Macs draw on mps, with Apple silicon alone. Set device to auto."),
        (CPU_BUILD, "cuda", None, "Darwin", "Set device to auto."),
        (CUDA_BUILD, "cuda:3", HOME_CARD, "Linux", "there are 1 GPUs, from cuda:0 to cuda:0."),
        (CUDA_BUILD, "cuda", None, "Linux", "there is no NVIDIA driver. Install driver 580 or newer; in a container"),
        (
            CUDA_BUILD,
            "cuda",
            Card("GTX 1080", 580, 6.1),
            "Linux",
            "says: no kernel image is available for execution. R",
        ),
    ],
)
def test_each_reason_says_what_to_do(
    trial: DeviceTrial, wanted: str, card: Card | None, system: str, sentence: str
) -> None:
    works, said = finding(trial, wanted, card, system)
    assert not works
    assert said.startswith(f"the device {wanted} can't be used: ")
    assert sentence in said


def test_a_gpu_that_auto_does_not_find_is_named() -> None:
    trial = DeviceTrial("2.13.0+cpu", None, None, 0, "cpu", free_bytes=8 * 10**9)
    works, said = finding(trial, "auto", HOME_CARD, "Windows")
    assert not works
    assert said.startswith(
        "pictures are drawn on the CPU, although there is an NVIDIA GeForce RTX 3060: torch 2.13.0+cpu"
    )
    assert finding(trial, "cpu", HOME_CARD, "Windows")[0]
    assert finding(trial, "auto", None, "Windows")[0]


def test_the_gpu_that_works_is_named() -> None:
    trial = DeviceTrial("2.13.0+cu130", "13.0", None, 1, "cuda:0", HOME_CARD.name, 11_500_000_000)
    said = "device: cuda:0 (NVIDIA GeForce RTX 3060) works with torch 2.13.0+cu130; 11.5 GB are free"
    assert finding(trial, "auto", HOME_CARD, "Linux") == (True, said)


@pytest.mark.parametrize(
    ("printed", "card"),
    [
        ("NVIDIA GeForce RTX 3060, 580.95.05, 8.6", HOME_CARD),
        ("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", None),
    ],
)
def test_the_card_is_read_from_the_drivers_tool(
    printed: str, card: Card | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert torch_builds.card() is None
    (tool := tmp_path / "nvidia-smi").write_text(f'#!/bin/sh\necho "{printed}"\n')
    tool.chmod(0o755)
    assert torch_builds.card() == card
