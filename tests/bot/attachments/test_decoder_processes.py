"""Pictures decoded outside this process: memory, crashes and sentences."""

import asyncio
import os
import signal
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from bot.attachments import decoder_processes
from bot.attachments.decoder_processes import DecoderProcesses
from generation.images import UnusableImage


def png(side: int, colour: str = "red") -> bytes:
    file = BytesIO()
    Image.new("P" if side > 5000 else "RGB", (side, side), colour if side <= 5000 else 0).save(file, "PNG")
    return file.getvalue()


def peak() -> int:
    """The most memory that this process has had, in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    [line] = [each for each in lines if each.startswith("VmHWM")]
    return int(line.split()[1]) // 1024


async def test_ten_large_pictures_at_once_take_no_memory_of_the_bot() -> None:
    large, allowed = png(7000), png(4900)
    Path("/proc/self/clear_refs").write_text("5")
    before = peak()
    async with DecoderProcesses() as decoders:
        refused = await asyncio.gather(*(decoders.tidied(large) for _ in range(10)), return_exceptions=True)
        assert all(isinstance(each, UnusableImage) and "25 million" in str(each) for each in refused)
        read = await asyncio.gather(*(decoders.tidied(allowed) for _ in range(4)))
    assert [size for _, size, _ in read] == [(2048, 2048)] * 4
    assert peak() - before < 100


def _killed(_: bytes) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def test_a_decoder_that_dies_is_a_sentence_and_the_next_picture_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async with DecoderProcesses() as decoders:
        with monkeypatch.context() as patched:
            patched.setattr(decoder_processes, "_tidied", _killed)
            with pytest.raises(UnusableImage, match="can't read"):
                await decoders.tidied(b"")
        assert (await decoders.tidied(png(64)))[1] == (64, 64)
