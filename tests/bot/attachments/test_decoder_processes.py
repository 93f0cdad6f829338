"""Pictures decoded outside this process: memory, crashes and sentences."""

import asyncio
import os
import signal
import struct
import sys
import threading
from asyncio.subprocess import PIPE
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from bot.attachments.decoder_processes import DecoderProcesses
from generation.images import UnusableImage
from generation.outpainting import Direction
from tests.generation.test_local_pool import is_alive

ROOT = Path(__file__).parents[3]


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
    assert [size for _, size, _, _ in read] == [(2048, 2048)] * 4
    assert peak() - before < 100


def environment_of_its_own() -> tuple[str, list[str]]:
    """The environment that this process was given, and the names that are left of it."""
    return Path("/proc/self/environ").read_text(), list(os.environ)


async def test_a_decoder_has_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOISEFOX_TOKEN", "the-secret-of-the-bot")
    monkeypatch.setenv("DISCORD_BOT_TOKEN", "the-secret-of-the-bot")
    monkeypatch.setenv("HF_TOKEN", "the-key-of-the-hub")
    monkeypatch.setenv("HTTPS_PROXY", "http://me:password@proxy.example")
    async with DecoderProcesses() as decoders:
        given, left = await decoders.run(environment_of_its_own)
    assert "the-secret-of-the-bot" not in given
    assert not {"NOISEFOX_TOKEN", "DISCORD_BOT_TOKEN", "HF_TOKEN", "HTTPS_PROXY"} & {*left}
    assert os.environ["HF_TOKEN"] == "the-key-of-the-hub", "a worker needs it"


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def works_on() -> None:
    while True:
        pass


def noted_and_stuck(note: Path) -> None:
    """Write the id of this process, then wait for good, deaf to all but SIGKILL and SIGTERM."""
    note.write_text(str(os.getpid()))
    threading.Event().wait()


async def stuck(note: Path) -> int:
    """The id of the decoder that has written it."""
    async with asyncio.timeout(60):
        while not note.exists() or not note.read_text():
            await asyncio.sleep(0.02)
    return int(note.read_text())


async def until_ended(*process_ids: int) -> None:
    async with asyncio.timeout(60):
        while any(map(is_alive, process_ids)):
            await asyncio.sleep(0.02)


async def test_a_decoder_that_dies_is_a_sentence_and_the_next_picture_is_read() -> None:
    async with DecoderProcesses() as decoders:
        with pytest.raises(UnusableImage, match="damaged"):
            await decoders.run(killed)
        assert (await decoders.tidied(png(64)))[1] == (64, 64)


async def test_a_picture_that_takes_too_long_is_a_sentence_and_the_next_one_is_read(tmp_path: Path) -> None:
    async with DecoderProcesses(cpu_seconds=0.05) as decoders:
        with pytest.raises(UnusableImage, match="takes too long"):
            await decoders.run(works_on)
        assert await decoders.run(os.getpid)
    async with DecoderProcesses(seconds=0.2) as decoders:
        with pytest.raises(UnusableImage, match="takes too long"):
            await decoders.run(noted_and_stuck, tmp_path / "id")
        await until_ended(await stuck(tmp_path / "id"))


async def test_a_picture_of_endless_scans_takes_too_long() -> None:
    async with DecoderProcesses(cpu_seconds=0.3) as decoders:
        with pytest.raises(UnusableImage, match="takes too long"):
            await decoders.tidied(endless_scans())


def endless_scans(side: int = 5000, scans: int = 7000) -> bytes:
    """A progressive JPEG, grey and small, each of whose scans goes through all its blocks."""
    tables = [
        (0xDB, bytes([0]) + bytes([1]) * 64),
        (0xC2, struct.pack(">BHHB", 8, side, side, 1) + bytes([1, 0x11, 0])),
        (0xC4, bytes([0x00, 1, *[0] * 15, 0])),
        (0xC4, bytes([0x10, 1, *[0] * 15, 0xE0])),
    ]
    blocks = ((side + 7) // 8) ** 2
    first = _scan(0, 0, "0" * blocks)
    runs = -(-blocks // 32767)
    others = _scan(1, 63, ("0" + "1" * 14) * runs)
    return b"".join([b"\xff\xd8", *(_segment(*each) for each in tables), first, others * scans, b"\xff\xd9"])


def _scan(begin: int, end: int, bits: str) -> bytes:
    bits += "1" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    return _segment(0xDA, bytes([1, 1, 0, begin, end, 0])) + data


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


async def test_what_nobody_awaits_any_more_is_not_decoded_on(tmp_path: Path) -> None:
    async with DecoderProcesses() as decoders:
        decoding = asyncio.create_task(decoders.run(noted_and_stuck, tmp_path / "id"))
        decoder = await stuck(tmp_path / "id")
        decoding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await decoding
        await until_ended(decoder)


async def test_the_end_waits_for_no_picture(tmp_path: Path) -> None:
    async with DecoderProcesses() as decoders:
        decoding = asyncio.create_task(decoders.run(noted_and_stuck, tmp_path / "id"))
        decoder = await stuck(tmp_path / "id")
    assert not is_alive(decoder)
    with pytest.raises(asyncio.CancelledError):
        await decoding


async def test_decoders_that_are_killed_while_idle_are_replaced() -> None:
    async with DecoderProcesses() as decoders:
        idle = await decoders.run(os.getpid)
        os.kill(idle, signal.SIGKILL)
        await until_ended(idle)
        assert await decoders.run(os.getpid) != idle


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
import psutil
from bot.attachments.decoder_processes import DecoderProcesses
from tests.bot.attachments.test_decoder_processes import png
async def main():
    async with DecoderProcesses() as decoders:
        await asyncio.gather(*(decoders.tidied(png(64)) for _ in range(4)))
        print(*(each.pid for each in psutil.Process().children() if "spawn_main" in str(each.cmdline())), flush=True)
        await asyncio.Event().wait()
if __name__ == "__main__":
    asyncio.run(main())
"""


async def test_decoders_end_with_their_bot_also_where_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "bot_with_decoders.py"
    script.write_text(BOT)
    with_tests = os.environ | {"PYTHONPATH": str(ROOT)}
    bot = await asyncio.create_subprocess_exec(sys.executable, script, stdout=PIPE, env=with_tests)
    assert bot.stdout is not None
    async with asyncio.timeout(60):
        decoders = [int(each) for each in (await bot.stdout.readline()).split()]
        assert decoders
        assert all(map(is_alive, decoders))
        bot.kill()
        await bot.wait()
        while any(map(is_alive, decoders)):
            await asyncio.sleep(0.02)
