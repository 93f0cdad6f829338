"""`noisefox soak`: many members use the bot while everything around it fails, and nothing may be lost.

The bot, the stand-in for Discord and the members are processes of their own. The actions and the faults are chosen by
the seed; when they meet is up to the machine.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from bot.cli.draw import make_empty_folder
from bot.cli.soak import accounting, actions
from bot.cli.soak.accounting import Report
from bot.cli.soak.actions import Members
from bot.cli.soak.crowd import Crowd
from bot.cli.soak.faults import Disturbances, order
from bot.cli.soak.memory import Memory
from bot.cli.soak.processes import BotProcess, NotStarted, stand_in
from bot.cli.soak.ray_nodes import RayNodes
from generation.ray_pool import check_installed

RESTART_SECONDS = 1.0
"""How soon a bot that ended by itself is started again, as a service manager does."""

READY_SECONDS = 60.0
"""How long a bot may take to be online."""

USE_SECONDS = 700.0
"""How long a run may take before it settles."""

SETTLE_SECONDS = 150.0
"""How long requests may take to end once the faults are over: the bot looks at what is unfinished every minute."""

ROUNDS = 3
"""How often each disturbance happens."""

DISTURBED = 0.6
"""The share of the requests during which disturbances happen; memory is best measured after that."""

LIMITS = """[limits]
waiting = 100
[worker]
longest_line = 1000
"""
"""Sections of the bot's configuration that let members ask as often as they like."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run does: so many requests by so many members, chosen by a seed."""

    jobs: int
    users: int
    seed: int
    faults: bool = False
    at_once: int = 12
    """Actions under way at the same time."""
    settle_seconds: float = SETTLE_SECONDS
    rounds: int = ROUNDS
    disturbances: tuple[str, ...] = ()
    """The disturbances to choose from; empty for all."""
    scale: float = 1.0
    """How long disturbances take, in parts of what a patient soak takes."""
    ray: bool = False
    """Draws on a Ray cluster of two nodes, which come and go."""


def soak(options: argparse.Namespace) -> int:
    """Run as the options say, and print how it went; 1 where a request was lost, duplicated or is stuck."""
    if options.folder:
        make_empty_folder(options.folder, "--folder")
    if options.ray:
        check_installed()
    plan = Plan(options.jobs, options.users, options.seed, options.faults, ray=options.ray)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the bot is ended too
    with tempfile.TemporaryDirectory(prefix="noisefox-soak-") as folder:
        outcome = asyncio.run(run(plan, options.folder or Path(folder), _say))
    return 0 if outcome.is_clean else 1


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def run(plan: Plan, folder: Path, report: Callable[[str], None]) -> Report:
    """Run a soak in a folder, which keeps the bot's data and log. `report` gets the lines to print."""
    async with AsyncExitStack() as stack:
        nodes = await stack.enter_async_context(RayNodes()) if plan.ray else None
        address = await stack.enter_async_context(stand_in(folder / "chat", plan.users))
        crowd = await stack.enter_async_context(Crowd(address.url))
        bot = BotProcess(folder, address, LIMITS, ray=nodes.address if nodes else None)
        stack.push_async_callback(bot.kill)
        return await _Soak(plan, crowd, bot, report, Members(crowd), nodes).run()


@dataclass
class _Soak:
    plan: Plan
    crowd: Crowd
    bot: BotProcess
    report: Callable[[str], None]
    members: Members
    nodes: RayNodes | None = None
    memory: Memory = field(default_factory=Memory)
    expects_end: bool = False
    """True while the bot is ended on purpose."""
    allowed: int = 0
    """How many requests may be accepted until the next disturbance, so that all of them meet requests."""

    async def run(self) -> Report:
        await self.bot.start()
        await self.crowd.until(lambda seen: seen.online or not self.bot.alive, READY_SECONDS)
        if not self.crowd.observed.online:
            raise NotStarted(f"The bot did not start: {self.bot.last_words()}")
        watching = [asyncio.create_task(each) for each in (self._measure(), self._keep_alive())]
        try:
            await self._use()
            await self.crowd.control("PUT", "faults", {"faults": []})
            outcome = await self._settle()
        finally:
            for task in watching:
                task.cancel()
        for line in outcome.faulty:
            self.report(line)
        for reason, number in outcome.reasons.most_common():
            self.report(f"{number:5} × {reason}")
        self.report(f"{outcome}, {self.memory}")
        return outcome

    async def _use(self) -> None:
        """Have the bot used, and disturbed, until enough requests are accepted or the time is over."""
        try:
            async with asyncio.timeout(USE_SECONDS), asyncio.TaskGroup() as tasks:
                tasks.create_task(self._act())
                if self.plan.faults:
                    tasks.create_task(self._disturb())
        except TimeoutError:
            self.report(f"Stopped after {USE_SECONDS:.0f} seconds.")

    async def _act(self) -> None:
        """Have members act until enough requests are accepted, and towards the end one after another: an action may
        make several."""
        random, under_way = Random(self.plan.seed), set[asyncio.Task[None]]()
        while self.members.accepted < self.plan.jobs:
            await self.crowd.until(lambda _: not self._is_held_back)
            if len(under_way) >= self._room:
                _, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                continue
            under_way.add(asyncio.create_task(self.members.act(actions.choose(random, self.plan.users))))
            await asyncio.sleep(0)
        await asyncio.gather(*under_way)

    @property
    def _room(self) -> int:
        """How many actions may be under way, so that no more than enough requests are accepted."""
        left = self.plan.jobs - self.members.accepted
        return max(min(self.plan.at_once, left // actions.MOST_TOGETHER), 1)

    @property
    def _is_held_back(self) -> bool:
        """True while the next disturbance comes before more requests."""
        return self.plan.faults and self.allowed <= self.members.accepted < self.plan.jobs

    async def _disturb(self) -> None:
        """Cause one disturbance after another, spread evenly over the first requests."""
        plan = self.plan
        disturbances = Disturbances(self.crowd, self.bot, plan.seed, plan.scale, self.nodes)
        names = order(Random(f"{plan.seed} faults"), list(plan.disturbances) or disturbances.names, plan.rounds)
        await disturbances.begin()
        for number, name in enumerate(names, start=1):
            due = int(plan.jobs * DISTURBED * number / len(names))
            self.allowed = due + plan.at_once
            await self._until_accepted(due)
            self.report(f"{self.members.accepted:6} accepted: {name}")
            self.expects_end = "bot" in name
            await disturbances.cause(name)
            self.expects_end = False
        self.allowed = plan.jobs
        await self._until_accepted(plan.jobs)

    async def _until_accepted(self, requests: int) -> None:
        await self.crowd.until(lambda _: self.members.accepted >= requests)

    async def _keep_alive(self) -> None:
        """Start the bot again where it ended by itself, and say so."""
        while True:
            await asyncio.sleep(0.2)
            if not self.bot.alive and not self.expects_end:
                self.report(f"The bot ended by itself: {self.bot.last_words()}")
                await asyncio.sleep(RESTART_SECONDS)
                await self.bot.start()

    async def _settle(self) -> Report:
        """Wait until every request has ended, or for as long as that may take."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.plan.settle_seconds
        while True:
            await self.crowd.look()
            rows = accounting.rows_in(self.bot.database)
            outcome = accounting.report(rows, self.crowd.observed, self.members.expected)
            if outcome.is_clean or loop.time() > deadline:
                return outcome
            await asyncio.sleep(0.5)

    async def _measure(self) -> None:
        while True:
            if self.bot.alive and self.crowd.observed.online and (used := self.bot.memory()):
                self.memory.note(self.bot.lives, self.members.accepted, used)
            await asyncio.sleep(0.5)
