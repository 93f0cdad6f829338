"""Try a device.

`python -m generation.engine.runtime.device_trial` reads its name and writes a `DeviceTrial` as JSON.
"""

import json
import sys
from dataclasses import asdict, replace

import torch

from generation.device_trials import DeviceTrial
from generation.engine.runtime import device, memory


def main() -> None:
    """Try the device whose name in the configuration is on standard input."""
    json.dump(asdict(of(sys.stdin.read().strip())), sys.stdout)


def of(wanted: str) -> DeviceTrial:
    """Try a device, by its name in the configuration."""
    build = DeviceTrial(torch.__version__, torch.version.cuda, torch.version.hip, torch.cuda.device_count())
    chosen, dtype = device.choose(wanted, "auto")
    if fault := fault_of(chosen, dtype):
        return replace(build, error=fault)
    name = torch.cuda.get_device_name(chosen) if chosen.type == "cuda" else ""
    return replace(build, device=str(chosen), name=name, free_bytes=memory.free(chosen))


def fault_of(chosen: torch.device, dtype: torch.dtype) -> str:
    """Multiply two small matrices on a device. The first line of torch's message where that fails, else empty."""
    try:
        ones = torch.ones(64, 64, device=chosen, dtype=dtype)
        return "" if float((ones @ ones)[0, 0]) == 64 else "It computes wrong numbers."
    except (RuntimeError, AssertionError) as reason:
        return str(reason).partition("\n")[0] or type(reason).__name__


if __name__ == "__main__":
    main()
