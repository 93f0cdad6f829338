"""The device that draws: tried by the installed torch, in a process of its own."""

import asyncio
import json
import os
import platform
import sys
from asyncio.subprocess import DEVNULL, PIPE
from importlib.util import find_spec

from bot.cli.doctor import torch_builds
from bot.cli.doctor.findings import Finding
from bot.cli.doctor.torch_builds import CUDA_13_DRIVER, Card
from bot.config import Config
from generation.device_trials import DeviceTrial
from generation.environment import for_worker
from generation.local_pool import LocalPool

TRIAL = (sys.executable, "-m", "generation.engine.runtime.device_trial")

SECONDS = 120.0
"""Seconds that a trial, or a worker, may take to start."""


async def device_finding(wanted: str) -> Finding:
    """Whether the installed torch can use a device, by its name in the configuration; if not, what to install."""
    if find_spec("torch") is None:
        return False, f"torch is not installed. {torch_builds.advice(await asyncio.to_thread(torch_builds.card))}"
    process = await asyncio.create_subprocess_exec(
        *TRIAL, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=for_worker(os.environ)
    )
    try:
        async with asyncio.timeout(SECONDS):
            told, _ = await process.communicate(wanted.encode())
    except TimeoutError:
        process.kill()
        return False, f"the device {wanted} did not answer within {SECONDS:.0f} s"
    if process.returncode:
        return False, f"torch cannot be loaded. Install it again: {torch_builds.BUILDS_PAGE} has the command."
    card = await asyncio.to_thread(torch_builds.card)
    return finding(DeviceTrial(**json.loads(told)), wanted, card, platform.system())


def finding(trial: DeviceTrial, wanted: str, card: Card | None, system: str) -> Finding:
    """What a trial says, on a machine with this NVIDIA card, if any, and this operating system."""
    if trial.error:
        return False, f"the device {wanted} can't be used: {_why(trial, wanted, card, system)}"
    if trial.device == "cpu" and wanted == "auto" and card:
        return False, (
            f"pictures are drawn on the CPU, although there is an {card.name}: {_unbuilt(trial)} "
            f'{torch_builds.advice(card)} (or set device = "cpu").'
        )
    name = f" ({trial.name})" if trial.name else ""
    free = f"{trial.free_bytes / 1e9:.1f} GB are free"
    return True, f"device: {trial.device}{name} works with torch {trial.torch}; {free}"


def _why(trial: DeviceTrial, wanted: str, card: Card | None, system: str) -> str:
    """What is wrong, and what to do."""
    kind = wanted.partition(":")[0]
    if kind == "mps" or (kind in ("cuda", "rocm") and system == "Darwin"):
        return "Macs draw on mps, with Apple silicon alone. Set device to auto."
    if kind == "rocm" and not trial.rocm:
        return (
            f"torch {trial.torch} is built without ROCm. Install the build for ROCm on Linux: "
            f"{torch_builds.BUILDS_PAGE} has the command."
        )
    if kind == "cuda" and not trial.cuda and not trial.rocm:
        return f"{_unbuilt(trial)} {torch_builds.advice(card)}"
    if trial.gpus and ":" in wanted and int(wanted.partition(":")[2]) >= trial.gpus:
        return f"there are {trial.gpus} GPUs, from cuda:0 to cuda:{trial.gpus - 1}."
    if trial.cuda and card is None:
        return (
            f"there is no NVIDIA driver. Install driver {CUDA_13_DRIVER} or newer; in a container, start it with "
            "`--gpus all` and NVIDIA's container toolkit."
        )
    return f"torch {trial.torch} says: {trial.error.rstrip('.')}. {torch_builds.advice(card)}"


def _unbuilt(trial: DeviceTrial) -> str:
    return f"torch {trial.torch} is built without CUDA."


async def worker_finding(config: Config) -> Finding:
    """Whether a worker gets ready."""
    try:
        async with LocalPool(config.worker_options) as pool, asyncio.timeout(SECONDS):
            about = await pool.ready()
    except TimeoutError:
        return False, f"the worker did not start within {SECONDS:.0f} s; see the log above"
    threads = "1 thread" if about.threads == 1 else f"{about.threads} threads"
    return True, f"worker: runs on {about.device} in {about.dtype}, with {threads} ({os.cpu_count()} cores)"
