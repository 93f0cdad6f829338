"""Which device draws, in which number format, and how that is told."""

import pytest
import torch

from generation.engine.runtime import device, memory


@pytest.mark.parametrize(
    ("asked", "there", "chosen"),
    [
        (("auto", "auto"), "cuda", ("cuda:0", torch.float16)),
        (("auto", "auto"), "mps", ("mps", torch.float16)),
        (("auto", "auto"), "", ("cpu", torch.float32)),
        (("auto", "bfloat16"), "", ("cpu", torch.bfloat16)),
        (("auto", "float32"), "cuda", ("cuda:0", torch.float32)),
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
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: there == "mps")
    where, dtype = device.choose(*asked)
    assert (str(where), dtype) == chosen


def test_of_several_gpus_the_one_with_the_most_free_memory_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    free = {"cuda:0": 2, "cuda:1": 24, "cuda:2": 8}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(free))
    monkeypatch.setattr(memory, "free", lambda where: free[str(where)])
    where, _ = device.choose("auto", "auto")
    assert str(where) == "cuda:1"


@pytest.mark.parametrize(
    ("where", "dtypes", "threads", "told"),
    [
        ("cpu", [torch.float32], 2, "cpu, float32, up to 16 rows, 2 threads"),
        ("cpu", [torch.float32], 1, "cpu, float32, up to 16 rows, 1 thread"),
        (
            "cpu",
            [torch.float32, torch.bfloat16, torch.bfloat16],
            2,
            "cpu, bfloat16 and float32, up to 16 rows, 2 threads",
        ),
        ("cuda:1", [torch.float16], 2, "cuda, float16, up to 16 rows"),
    ],
    ids=str,
)
def test_what_drew_a_picture_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, where: str, dtypes: list[torch.dtype], threads: int, told: str
) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    assert device.told(torch.device(where), dtypes, "up to 16 rows") == told
    in_tiles = device.told(torch.device(where), dtypes, "up to 16 rows", in_tiles=True)
    assert in_tiles == told.replace("16 rows", "16 rows, decoded in tiles")
