"""`noisefox bench --load`: how the bot stands up to many members, over sockets and in processes of their own."""

import argparse
import asyncio
import json
import re
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bot.cli.soak import accounting
from bot.cli.soak.crowd import DEFERRED, Crowd, Observed, custom_ids_of, has_pictures, text_of, user_id
from bot.cli.soak.processes import BotProcess, NotStarted, stand_in
from bot.cli.soak.run import LIMITS, READY_SECONDS
from generation.tiny_worker import STEPS

STEP_SECONDS = 0.25
"""How long the worker takes for a step, so that members wait for each other."""

POOL = "max_pictures = 4\n"
"""A line for the configuration's last section, the worker's: it draws so few at a time that members have to wait."""

ANSWER_SECONDS = 10.0
"""How long outcomes are waited for; Discord gives up after three seconds."""

THINK_SECONDS = 10.0
"""The longest time between two requests of a member."""

FINISH_SECONDS = 120.0
"""How long a member waits for a picture."""

POLL_SECONDS = 0.1

MESSAGE = 4
"""The response type of an answer, such as that the bot is busy."""

FEW_SECONDS = 5.0
"""The bot announces "a few seconds" where it expects fewer than these."""

_ANNOUNCED = re.compile(r"· (?:a few seconds|about ((?:\d+ (?:sec|min|hr|days?) ?)+))")
_UNITS = {"sec": 1, "min": 60, "hr": 3600, "day": 86400, "days": 86400}


@dataclass(frozen=True, slots=True)
class Spike:
    """What became of requests that all came at the same instant."""

    acknowledged: int
    busy: int
    unanswered: int
    lost: int
    ack_p99_ms: float


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a member waited for a picture, in seconds, and what the bot first said about that."""

    seconds: float
    announced: float | None = None
    """The seconds that were announced, 0 for "a few"; None where nothing was."""
    remained: float = 0.0
    """How long it really took from then on."""

    @property
    def error(self) -> float | None:
        """The share of the real time by which the announcement was wrong; None where there was none."""
        if self.announced is None:
            return None
        if not self.announced:
            return max(0.0, 1 - FEW_SECONDS / self.remained)
        return abs(self.announced - self.remained) / self.remained


def bench(options: argparse.Namespace) -> int:
    """Measure as the options say, and print the figures."""
    figures = asyncio.run(measure(options.members, options.seconds))
    rounded = {key: round(value, 3) for key, value in figures.items()}
    text = json.dumps(rounded) if options.json else "\n".join(f"{key:26}{value}" for key, value in rounded.items())
    sys.stdout.write(text + "\n")
    return 0


async def measure(members: int, seconds: float) -> dict[str, float]:
    """Let members ask at the same instant, then steadily for some seconds, and return the figures."""
    with tempfile.TemporaryDirectory(prefix="noisefox-load-") as name:
        folder = Path(name)
        async with stand_in(folder / "chat", members) as address, Crowd(address.url, POLL_SECONDS) as crowd:
            blocks = folder / "blocks.json"
            bot = BotProcess(folder, address, LIMITS + POOL, blocks=blocks, step_seconds=STEP_SECONDS)
            await bot.start()
            try:
                if not await crowd.until(lambda seen: seen.online, READY_SECONDS):
                    raise NotStarted(f"The bot did not start: {bot.last_words()}")
                await asyncio.sleep(1)
                bot.reset_blocks()
                spike = await _spike(crowd, bot, members)
                spiked = set(crowd.observed.interactions)
                waits = await _steady(crowd, members, seconds)
            finally:
                await bot.terminate()
            block = json.loads(blocks.read_text())
    all_waits = [each for theirs in waits.values() for each in theirs]
    errors = [each.error for each in all_waits if each.error is not None]
    return {
        "spike_acknowledged": spike.acknowledged,
        "spike_busy": spike.busy,
        "spike_unanswered": spike.unanswered,
        "spike_lost": spike.lost,
        "spike_ack_p99_ms": spike.ack_p99_ms,
        **_acknowledged_since(spiked, crowd.observed),
        "steady_requests": sum(map(len, waits.values())),
        "median_wait_s": statistics.median([each.seconds for each in all_waits] or [0.0]),
        "announced": len(errors),
        "announced_error_median": statistics.median(errors or [0.0]),
        "longest_block_ms": 1000 * block["ours"],
        "longest_library_block_ms": 1000 * block["libraries"],
        "fairness": jain([statistics.mean(wait.seconds for wait in theirs) for theirs in waits.values()]),
    }


def jain(values: Sequence[float]) -> float:
    """Jain's fairness index: 1 where all values are equal, 1/n where one has everything; 0 without values.

    R. Jain, D. Chiu, W. Hawe, "A quantitative measure of fairness", DEC-TR-301, 1984.
    """
    squares = sum(value * value for value in values)
    return sum(values) ** 2 / (len(values) * squares) if squares else 0.0


async def _spike(crowd: Crowd, bot: BotProcess, members: int) -> Spike:
    """Have every member ask at the same instant."""
    ids = await asyncio.gather(*(_ask(crowd, member) for member in range(members)))
    await crowd.until(lambda seen: seen.interactions.keys() >= set(ids), ANSWER_SECONDS)
    outcomes = {id: crowd.observed.interactions.get(id, {"type": 0, "seconds": None}) for id in ids}
    accepted = [id for id, each in outcomes.items() if each["type"] == DEFERRED]
    await asyncio.sleep(1)
    kept = {row.key for row in accounting.rows_in(bot.database)}
    times = [1000 * each["seconds"] for each in outcomes.values() if each["type"]]
    return Spike(
        acknowledged=len(accepted),
        busy=sum(each["type"] == MESSAGE for each in outcomes.values()),
        unanswered=sum(not each["type"] for each in outcomes.values()),
        lost=sum(f"interaction:{id}" not in kept for id in accepted),
        ack_p99_ms=_percentile(times, 99),
    )


async def _steady(crowd: Crowd, members: int, seconds: float) -> dict[int, list[Wait]]:
    """Have every member ask, wait for the picture, think, and ask again; how each one waited."""
    waits: dict[int, list[Wait]] = defaultdict(list)
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds

    async def use(member: int) -> None:
        random = Random(member)
        await asyncio.sleep(random.uniform(0, THINK_SECONDS))
        while loop.time() < end:
            if wait := await _wait_of(crowd, member):
                waits[member].append(wait)
            await asyncio.sleep(random.uniform(0, THINK_SECONDS))

    await asyncio.gather(*(use(member) for member in range(members)))
    return waits


async def _wait_of(crowd: Crowd, member: int) -> Wait | None:
    """Ask and wait for the picture; None where the bot was busy, or no picture came."""
    loop = asyncio.get_running_loop()
    id = await _ask(crowd, member)
    await crowd.until(lambda seen: id in seen.interactions, ANSWER_SECONDS)
    outcome = crowd.observed.interactions.get(id, {})
    if outcome.get("type") != DEFERRED:
        return None
    message_id = outcome["message"]

    def announced_by(seen: Observed) -> float | None:
        return announced_in(text_of(seen.messages.get(message_id, {})))

    def tells(seen: Observed) -> bool:
        return _is_finished(seen, message_id) or announced_by(seen) is not None

    await crowd.until(tells, FINISH_SECONDS)
    announced, at = announced_by(crowd.observed), loop.time()
    if not await crowd.until(lambda seen: _is_finished(seen, message_id), FINISH_SECONDS):
        return None
    return Wait(loop.time() - crowd.sent_at[id], announced, loop.time() - at)


def announced_in(words: str) -> float | None:
    """The seconds that a message announces, 0 for "a few"; None where it announces none."""
    match = _ANNOUNCED.search(words)
    if match is None:
        return None
    parts = re.findall(r"(\d+) (\w+)", match[1] or "")
    return float(sum(int(n) * _UNITS[unit] for n, unit in parts))


async def _ask(crowd: Crowd, member: int) -> str:
    return await crowd.command(
        member, "imagine", {"prompt": f"a fox for {user_id(member)}", "steps": STEPS, "count": 1}
    )


def _is_finished(seen: Observed, message_id: str) -> bool:
    message = seen.messages.get(message_id, {})
    return has_pictures(message) and any(each.startswith("noisefox:delete:") for each in custom_ids_of(message))


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else 0.0


def _acknowledged_since(before: Set[str], seen: Observed) -> dict[str, float]:
    """Median and 99th percentile of the milliseconds to the acknowledgement of what was asked since."""
    since = [each for id, each in seen.interactions.items() if id not in before and each["type"]]
    times = [1000 * each["seconds"] for each in since]
    return {"steady_ack_p50_ms": _percentile(times, 50), "steady_ack_p99_ms": _percentile(times, 99)}
