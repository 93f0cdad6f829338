"""`noisefox bench --load`: how the bot stands up to many members, over sockets and in processes of their own."""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bot.cli.soak import accounting
from bot.cli.soak.crowd import DEFERRED, Crowd, Observed, custom_ids_of, has_pictures, user_id
from bot.cli.soak.processes import BotProcess, NotStarted, stand_in
from bot.cli.soak.run import LIMITS, READY_SECONDS

STEP_SECONDS = 0.25
"""How long the worker takes for a step, so that members wait for each other."""

ANSWER_SECONDS = 10.0
"""How long outcomes are waited for; Discord gives up after three seconds."""

THINK_SECONDS = 10.0
"""The longest time between two requests of a member."""

FINISH_SECONDS = 120.0
"""How long a member waits for a picture."""

POLL_SECONDS = 0.1

MESSAGE = 4
"""The response type of an answer, such as that the bot is busy."""


@dataclass(frozen=True, slots=True)
class Spike:
    """What became of requests that all came at the same instant."""

    acknowledged: int
    busy: int
    unanswered: int
    lost: int
    ack_p99_ms: float


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
            bot = BotProcess(folder, address, LIMITS, blocks=blocks, step_seconds=STEP_SECONDS)
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
    return {
        "spike_acknowledged": spike.acknowledged,
        "spike_busy": spike.busy,
        "spike_unanswered": spike.unanswered,
        "spike_lost": spike.lost,
        "spike_ack_p99_ms": spike.ack_p99_ms,
        **_acknowledged_since(spiked, crowd.observed),
        "steady_requests": sum(map(len, waits.values())),
        "longest_block_ms": 1000 * block["ours"],
        "longest_library_block_ms": 1000 * block["libraries"],
        "fairness": jain([statistics.mean(each) for each in waits.values()]),
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


async def _steady(crowd: Crowd, members: int, seconds: float) -> dict[int, list[float]]:
    """Have every member ask, wait for the picture, think, and ask again; the seconds that each one waited."""
    waits: dict[int, list[float]] = defaultdict(list)
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds

    async def use(member: int) -> None:
        random = Random(member)
        await asyncio.sleep(random.uniform(0, THINK_SECONDS))
        while loop.time() < end:
            waited = await _seconds_to_finish(crowd, member)
            if waited is not None:
                waits[member].append(waited)
            await asyncio.sleep(random.uniform(0, THINK_SECONDS))

    await asyncio.gather(*(use(member) for member in range(members)))
    return waits


async def _seconds_to_finish(crowd: Crowd, member: int) -> float | None:
    """Ask and wait for the picture; None where the bot was busy, or no picture came."""
    id = await _ask(crowd, member)
    await crowd.until(lambda seen: id in seen.interactions, ANSWER_SECONDS)
    outcome = crowd.observed.interactions.get(id, {})
    if outcome.get("type") != DEFERRED:
        return None
    finished = await crowd.until(lambda seen: _is_finished(seen, outcome["message"]), FINISH_SECONDS)
    return asyncio.get_running_loop().time() - crowd.sent_at[id] if finished else None


async def _ask(crowd: Crowd, member: int) -> str:
    return await crowd.command(member, "imagine", {"prompt": f"a fox for {user_id(member)}", "steps": 2, "count": 1})


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
