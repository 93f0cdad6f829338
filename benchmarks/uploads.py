"""Memory of a running bot while people attach large pictures at the same instant, in MB.

The bot, its decoders, its worker and the stand-in for Discord are processes of their own.

    python -m benchmarks.uploads [--side 7000] [--people 10]
"""

import argparse
import asyncio
import re
import tempfile
from collections import Counter
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import psutil
from PIL import Image

from bot.cli.soak.accounting import Row, rows_in
from bot.cli.soak.crowd import DEFERRED, Crowd, Observed
from bot.cli.soak.processes import BotProcess, NotStarted, stand_in

SECONDS = 120.0
"""How long the bot may take to start, and to end all requests."""

SAMPLE_SECONDS = 0.02
"""How often the memory of the decoders is looked at."""


@dataclass(frozen=True, slots=True)
class Peaks:
    """The most resident memory in MB: of the bot before the pictures came and until all requests ended, and of its
    decoders together. `states` counts how the requests ended."""

    before: float
    bot: float
    decoders: float
    states: Counter[str]


def picture(side: int) -> bytes:
    """A PNG of few bytes and `side` x `side` pixels."""
    file = BytesIO()
    Image.new("RGB", (side, side), "red").save(file, "PNG")
    return file.getvalue()


async def measure(side: int, people: int, folder: Path) -> Peaks:
    """Have so many people attach such a picture to `/imagine`. Raises `NotStarted` or `TimeoutError`."""
    given, decoders = picture(side), 0.0
    async with stand_in(folder / "chat", people) as address, Crowd(address.url) as crowd:
        bot = BotProcess(folder, address)
        await bot.start()
        try:
            if not await crowd.until(lambda seen: seen.online, SECONDS):
                raise NotStarted(f"The bot did not start: {bot.last_words()}")
            before = _peak(bot.pid)
            asked = (crowd.command(each, "imagine", {"prompt": "a fox"}, given) for each in range(people))
            ids = await asyncio.gather(*asked)
            async with asyncio.timeout(SECONDS):
                while not _all_ended(rows := rows_in(bot.database), crowd.observed, ids):
                    decoders = max(decoders, _decoders(bot.pid))
                    await asyncio.sleep(SAMPLE_SECONDS)
            return Peaks(before, _peak(bot.pid), decoders, Counter(row.state for row in rows))
        finally:
            await bot.kill()


def _all_ended(rows: list[Row], observed: Observed, interaction_ids: list[str]) -> bool:
    """True once everybody is answered, and all who were not told that the bot is busy see the end of their request."""
    outcomes = [observed.interactions[id]["type"] for id in interaction_ids if id in observed.interactions]
    delivered = sum(row.delivered for row in rows)
    return len(outcomes) == len(interaction_ids) and delivered == outcomes.count(DEFERRED)


def _peak(process_id: int) -> float:
    """The most resident memory that a process has had, in MB, as Linux says it."""
    [kilobytes] = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process_id}/status").read_text())
    return int(kilobytes) / 1024


def _decoders(process_id: int) -> float:
    """The resident memory of all processes that a bot has spawned to decode, in MB."""
    total = 0
    for child in psutil.Process(process_id).children():
        try:
            total += child.memory_info().rss if "spawn_main" in " ".join(child.cmdline()) else 0
        except psutil.NoSuchProcess:
            continue
    return total / 2**20


def main() -> None:
    """Print the peaks."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--side", type=int, default=7000, help="width and height of each picture in pixels")
    parser.add_argument("--people", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="noisefox-uploads-") as folder:
        peaks = asyncio.run(measure(options.side, options.people, Path(folder)))
    print(f"bot before        {peaks.before:6.0f}")
    print(f"bot               {peaks.bot:6.0f}")
    print(f"decoders together {peaks.decoders:6.0f}")
    print(", ".join(f"{number} {state}" for state, number in sorted(peaks.states.items())))


if __name__ == "__main__":
    main()
