"""Which device draws, in which number format."""

import pytest
import torch

from generation.engine import device


@pytest.mark.parametrize(
    ("asked", "there", "chosen"),
    [
        (("auto", "auto"), "cuda", ("cuda", torch.float16)),
        (("auto", "auto"), "mps", ("mps", torch.float16)),
        (("auto", "auto"), "", ("cpu", torch.float32)),
        (("auto", "bfloat16"), "", ("cpu", torch.bfloat16)),
        (("auto", "float32"), "cuda", ("cuda", torch.float32)),
        (("cpu", "auto"), "cuda", ("cpu", torch.float32)),
        (("cuda:1", "auto"), "cuda", ("cuda:1", torch.float16)),
        (("rocm", "auto"), "", ("cuda", torch.float16)),
        (("mps", "float32"), "cuda", ("mps", torch.float32)),
    ],
    ids=str,
)
def test_what_the_host_says_goes_before_what_there_is(
    monkeypatch: pytest.MonkeyPatch, asked: tuple[str, str], there: str, chosen: tuple[str, torch.dtype]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there == "cuda")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: there == "mps")
    where, dtype = device.choose(*asked)
    assert (str(where), dtype) == chosen
