"""Pictures decoded outside this process: memory, crashes and sentences."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from bot.attachments.decoder_processes import DecoderProcesses
from generation import images
from generation.images import UnusableImage
from generation.outpainting import Direction
from tests.generation.test_local_pool import is_alive


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
            patched.setattr(images, "tidied", _killed)
            with pytest.raises(UnusableImage, match="can't read"):
                await decoders.tidied(b"")
        assert (await decoders.tidied(png(64)))[1] == (64, 64)


@pytest.mark.parametrize(("zoom_or_direction", "size"), [(2.0, (2048, 2048)), (Direction.LEFT, (3072, 2048))])
async def test_room_around_a_large_picture_takes_no_memory_of_the_bot(
    zoom_or_direction: float | Direction, size: tuple[int, int]
) -> None:
    own = png(2048)
    Path("/proc/self/clear_refs").write_text("5")
    before = peak()
    async with DecoderProcesses() as decoders:
        inputs = await decoders.canvas(own, (2048, 2048), zoom_or_direction, 4096)
    assert peak() - before < 30
    for png_file, mode in ((inputs.image, "RGB"), (inputs.mask, "L")):
        with Image.open(BytesIO(png_file or b"")) as opened:
            assert (opened.size, opened.mode) == (size, mode)


BOT = """
import asyncio
from bot.attachments.decoder_processes import DecoderProcesses
from tests.bot.attachments.test_decoder_processes import png
async def main():
    async with DecoderProcesses() as decoders:
        await asyncio.gather(*(decoders.tidied(png(64)) for _ in range(4)))
        print(*decoders._pool._processes, flush=True)
        await asyncio.Event().wait()
if __name__ == "__main__":
    asyncio.run(main())
"""


async def test_decoders_end_with_their_bot_also_where_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "bot_with_decoders.py"
    script.write_text(BOT)
    bot = await asyncio.create_subprocess_exec(sys.executable, script, stdout=PIPE)
    assert bot.stdout is not None
    async with asyncio.timeout(60):
        decoders = [int(each) for each in (await bot.stdout.readline()).split()]
        assert decoders
        assert all(map(is_alive, decoders))
        bot.kill()
        await bot.wait()
        while any(map(is_alive, decoders)):
            await asyncio.sleep(0.02)
