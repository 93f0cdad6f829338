"""Whole stories: the real client over the playground's sockets, and the real store.

Pictures come from a fake pool, or, in tests marked with `real_worker`, from the real worker and the shipped model.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot import app
from bot.config import Config, DiscordConfig, UpscalingConfig, WorkerConfig
from bot.delivery import throttle
from bot.interactions import client
from bot.policy import usual_count
from generation.catalogue import OPEN_NSFW, POCKET, ModelSpec
from generation.local_pool import LOCAL, LocalPool
from generation.pool import WorkerPool
from generation.upscaling import UpscalerName
from generation.vision import Vision, VisionModels
from playground import Playground
from playground.client.person import Person
from storage import database
from storage.paces import Paces
from tests.databases import save_empty
from tests.fake_pool import FakePool
from tests.forked_worker import ForkServer

CHECKED_OFFLINE = replace(POCKET, name="checked offline", harmless=False, safety_checker=OPEN_NSFW)
"""The shipped model as if its pictures had to be checked."""

Message = dict[str, Any]
Start = Callable[..., AbstractAsyncContextManager[app.Bot]]

SHORT_GUILD_SECONDS = 0.03
"""How long a bot waits for one more server at its start; the playground sends all at once."""

SHORT_EDIT_SECONDS = 0.02
"""The least time between two edits of one message, where no worker sets the pace."""

NO_VISION = VisionModels()

CHECKER = "NOISEFOX_REQUEST_CHECKER"
"""Names a script that checks recorded requests against Discord's own description of its API."""


class Clock:
    """The wall clock, which only tests move: on a busy machine, nothing is too late."""

    def __init__(self) -> None:
        self.started = time.time()
        self.ahead = 0.0
        self.bot_behind = 0.0
        """By how much the bot's own clock is slow."""

    def __call__(self) -> float:
        return self.started + self.ahead

    def now(self) -> datetime:
        return datetime.fromtimestamp(self() - self.bot_behind, UTC)


def text_of(message: Message) -> str:
    """Everything a message says, its buttons included."""
    return json.dumps([message["content"], message["components"]], ensure_ascii=False)


def words_of(message: Message) -> str:
    """The text of a message, without its buttons."""
    texts = [part["content"] for part in parts_of(message["components"]) if part["type"] == 10]
    return "\n".join([message["content"], *texts])


def labels_of(message: Message) -> list[str]:
    """The buttons of a message: their labels, or the emoji of those that have none."""
    buttons = [part for part in parts_of(message["components"]) if part["type"] == 2]
    return [button.get("label") or button["emoji"]["name"] for button in buttons]


def urls_of(message: Message) -> list[str]:
    """The pictures of a message."""
    galleries = [part for part in parts_of(message["components"]) if part["type"] == 12]
    return [item["media"]["url"] for gallery in galleries for item in gallery["items"]]


def parts_of(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """All parts of a message or a form, at any depth."""
    for component in components:
        yield component
        yield from parts_of(component.get("components", []))
        yield from parts_of([component[each] for each in ("accessory", "component") if each in component])


def finished(message: Message) -> bool:
    """True once a message has its button for another picture, in whichever language."""
    buttons = [part.get("custom_id", "") for part in parts_of(message["components"]) if part["type"] == 2]
    return any(button.startswith("noisefox:reroll:") for button in buttons)


def filled(message: Message) -> bool:
    """True once a message says anything."""
    return bool(message["content"] or message["components"])


async def save_pace(folder: Path, seconds: float) -> None:
    """Save how many seconds a row of the shipped model takes, as if the fake pool had drawn with it before."""
    async with database.opened(folder / "data" / "noisefox.db") as sessions:
        await Paces(sessions).keep(f"{LOCAL}/fake", "pocket", 128 * 128, seconds)


class Member(Person):
    """A person with shortcuts for what these tests do most."""

    async def imagine(self, prompt: str = "a red apple", *, channel: str = "general", **options: Any) -> Message:
        """Ask for a picture, and wait for it."""
        started = await self.start(prompt, channel=channel, **options)
        return await self.see_finished(started)

    async def start(self, prompt: str = "a red apple", *, channel: str = "general", **options: Any) -> Message:
        """Ask for a picture; the message that will show it."""
        outcome = await self.slash("imagine", {"prompt": prompt, "steps": 4, **options}, channel)
        assert outcome.acknowledged == 5, outcome
        assert outcome.message is not None
        return outcome.message

    async def see_finished(self, message: Message) -> Message:
        return await self.see(message, finished)

    async def see(self, message: Message, condition: Callable[[Message], bool]) -> Message:
        """Wait until a message is as expected."""
        return await self.wait_for(lambda each: each["id"] == message["id"] and condition(each))

    async def press(self, message: Message, label: str) -> Message:
        """Press a button that makes a new picture, and wait for that."""
        outcome = await self.click(message, label)
        assert outcome.acknowledged == 5, outcome
        assert outcome.message is not None
        return await self.see_finished(outcome.message)

    async def asks(self, command: str, **options: Any) -> Message:
        """Run a command that answers whoever asks, and nobody else."""
        outcome = await self.slash(command, options)
        assert outcome.message is not None, outcome
        assert outcome.message["ephemeral_for"] == self.id
        return outcome.message

    async def looks_up(self, command: str, **options: Any) -> Message:
        """Run such a command that is acknowledged before it can answer, and wait for the answer."""
        return await self.see(await self.asks(command, **options), filled)

    async def see_drawing(self, pool: FakePool, message: Message, step: int = 1) -> Message:
        """Have a held pool report a step of all that it has, and wait until a message says so."""
        await pool.until_at_work()
        pool.step(step)
        return await self.see(message, lambda each: f"step {step} of " in text_of(each))

    async def asks_until(self, condition: Callable[[Message], bool], command: str, **options: Any) -> Message:
        """Run such a command again until its answer is as expected: what a reaction does, nothing announces."""
        async with asyncio.timeout(60):
            while not condition(answer := await self.looks_up(command, **options)):
                pass
        return answer

    async def image(self, message: Message, index: int = 0) -> Image.Image:
        return Image.open(BytesIO(await self.download(urls_of(message)[index])))


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Every request of every journey; given to the checker at the end, where there is one."""
    record = tmp_path_factory.mktemp("recorded") / "requests.jsonl"
    yield record
    checker = os.environ.get(CHECKER)
    if checker and record.exists():
        different = {_shape(line): line for line in record.read_text().splitlines()}  # checking one takes 10 ms
        record.write_text("\n".join(map(_as_described, different.values())))
        result = subprocess.run([sys.executable, checker, str(record)], capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr


_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_VARYING = re.compile(r"\d+|(?<=/)[\w-]{60,}")
"""Ids, seeds and times in texts, and the tokens of interactions in paths."""


def _shape(line: str) -> str:
    """A request without what tells it from others of its kind."""
    return _TEXT.sub(lambda text: _VARYING.sub("0", text[0]), line)


MEDIA_CHANNEL = 16


def _as_described(line: str) -> str:
    """A request without what Discord takes and its description does not have: a few ids that discord.py sends as
    numbers, and media channels, which it counts among the forums."""
    request = json.loads(line)
    body = request["body"] if isinstance(request["body"], dict) else {}
    for holder, keys in ((body, ["recipient_id"]), (body.get("message_reference") or {}, ["message_id", "channel_id"])):
        for key in keys:
            if key in holder:
                holder[key] = str(holder[key])
    mentions = body.get("allowed_mentions") or {}
    if "users" in mentions:
        mentions["users"] = [str(user) for user in mentions["users"]]
    if request["path"].endswith("/commands"):
        _without_media_channels(request["body"])
    return json.dumps(request)


def _without_media_channels(options: Any) -> None:
    for option in options if isinstance(options, list) else []:
        if "channel_types" in option:
            option["channel_types"] = [kind for kind in option["channel_types"] if kind != MEDIA_CHANNEL]
        _without_media_channels(option.get("options"))


@pytest.fixture(scope="session")
def worker_command(fork_server: ForkServer) -> tuple[str, ...]:
    """The command of a worker that starts at once."""
    return fork_server.command()


@pytest.fixture(scope="session")
async def worker(worker_command: tuple[str, ...]) -> AsyncIterator[LocalPool]:
    """One worker for all journeys that leave it as they found it. It enlarges in no time, and without detail."""
    config = Config(
        models=(POCKET, CHECKED_OFFLINE),
        worker=WorkerConfig(dtype="float32", max_pictures=2),
        upscaling=UpscalingConfig(UpscalerName.LANCZOS),
    )
    async with LocalPool(config.worker_options, worker_command) as pool:
        yield pool


@pytest.fixture
def pool() -> FakePool:
    """The pool of each test that is not marked with `real_worker`."""
    return FakePool()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def playground(tmp_path: Path, recorded: Path, clock: Clock) -> AsyncIterator[Playground]:
    async with Playground(folder=tmp_path / "chat", record=recorded, clock=clock) as playground:
        yield playground


@pytest.fixture
def start(
    request: pytest.FixtureRequest,
    playground: Playground,
    tmp_path: Path,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> Start:
    """Starts the bot, as often as a test wants; what it saved lasts from one time to the next."""
    config = Config(data=tmp_path / "data", discord=DiscordConfig(api_base=playground.api_base))
    save_empty(config.data / "noisefox.db")
    is_real = request.node.get_closest_marker("real_worker") is not None
    shared: LocalPool | FakePool = request.getfixturevalue("worker" if is_real else "pool")
    if not is_real:
        monkeypatch.setattr(throttle, "EDIT_SECONDS", SHORT_EDIT_SECONDS)
    monkeypatch.setattr(client, "GUILD_SECONDS", SHORT_GUILD_SECONDS)
    monkeypatch.setattr(usual_count, "SOON", -1.0)  # one picture, however fast the machine

    @asynccontextmanager
    async def started(
        pool: WorkerPool | Mapping[str, WorkerPool] | None = shared,
        *,
        waits: bool = False,
        vision: Vision | None = None,
        vision_models: VisionModels = NO_VISION,
        **changes: Any,
    ) -> AsyncIterator[app.Bot]:
        changed = replace(config, vision=vision.models if vision else vision_models, **changes)
        try:
            pools = {LOCAL: pool} if pool is not None and not isinstance(pool, Mapping) else pool
            async with app.running(
                changed, playground.token, pools=pools, vision=vision, now=clock.now, waits=waits
            ) as bot:
                yield bot
        finally:
            await shared.empty()

    return started


@pytest.fixture
async def bot(start: Start) -> AsyncIterator[app.Bot]:
    async with start() as bot:
        yield bot


@pytest.fixture
async def member(playground: Playground) -> AsyncIterator[Member]:
    async with Member(playground.url, "member one") as member:
        yield member


@pytest.fixture
async def other(playground: Playground) -> AsyncIterator[Member]:
    async with Member(playground.url, "member two") as other:
        yield other


@pytest.fixture
async def admin(playground: Playground) -> AsyncIterator[Member]:
    async with Member(playground.url, "admin") as admin:
        yield admin


async def until_nothing_is_due(bot: app.Bot) -> None:
    """Wait until every request has ended and its message shows that."""
    async with asyncio.timeout(60):
        while await bot.generations.lease(alone=True):
            await asyncio.sleep(0.01)


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that no message tells."""
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.fixture
def pix2pix(tmp_path: Path) -> ModelSpec:
    """A model that changes pictures as words say, as far as its files tell."""
    folder = tmp_path / "pix2pix"
    (folder / "unet").mkdir(parents=True)
    (folder / "model_index.json").write_text('{"_class_name": "StableDiffusionInstructPix2PixPipeline"}')
    (folder / "unet" / "config.json").write_text(json.dumps({"in_channels": 8, "out_channels": 4}))
    return ModelSpec("pix2pix", str(folder), width=64, height=64, steps=2)
