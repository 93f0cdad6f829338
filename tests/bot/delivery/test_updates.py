"""The rate of message edits, and endings that Discord refuses."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from bot.attachments.finished import DISCORD_FILE_BYTES, FinishedFiles
from bot.delivery.messages import (
    EditFailed,
    EditForbidden,
    EditRefused,
    EditsUsedUp,
    MessageDeleted,
    MessageUnreachable,
    NobodyTold,
)
from bot.delivery.throttle import EDIT_SECONDS, PLACE_SECONDS
from bot.delivery.updates import LONGEST_PAUSE, RETRY_SECONDS, MessageUpdates
from bot.views import MessageContent
from generation.catalogue import Catalogue
from generation.events import Progress, Queued, Started
from generation.pictures import Preview
from generation.settings import GenerationSettings
from playground.api.rate_limits import RateLimits
from storage import database
from storage.generations import Generations
from storage.images import Images
from storage.records import Generation, Lineage, Origin, Picture
from tests.databases import save_empty
from tests.saved import saved

LOOK = Preview(2, 2, bytes(12))


REPLY = 99
"""The message that is posted where one cannot be edited."""


@dataclass
class FakeMessages:
    """Records what it is told to show; the first edits fail as configured."""

    refusals: list[Exception] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    files: list[list[str]] = field(default_factory=list)
    is_old: bool = False

    def lane(self, origin: Origin) -> str:
        return f"token:{origin.token}" if origin.token else f"channel:{origin.channel_id}"

    def room(self, origin: Origin) -> int:
        return DISCORD_FILE_BYTES

    def may_miss(self, origin: Origin, seconds: float) -> bool:
        return False

    def spares_edits(self, origin: Origin) -> bool:
        return self.is_old

    async def post(self, origin: Origin, content: MessageContent, nonce: int, reply_to: int) -> int:
        assert reply_to == origin.message_id
        await self.edit(origin, content)
        return REPLY

    async def edit(self, origin: Origin, content: MessageContent) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        components = content.view.to_components()  # type: ignore[no-untyped-call]
        self.shown.append(json.dumps(components, ensure_ascii=False))
        self.files.append(list(content.files))


class Time:
    """A clock that moves only when told to, and then wakes every sleeper whose time has come."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pauses: list[float] = []
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        awake = asyncio.Event()
        self._sleepers.append((self.now + seconds, awake))
        await awake.wait()

    async def pass_(self, seconds: float) -> None:
        self.now += seconds
        for until, awake in self._sleepers:
            if until <= self.now:
                awake.set()
        await settled()


async def settled() -> None:
    """Let all tasks and threads run until they wait for something."""
    for _ in range(20):
        await asyncio.sleep(0.005)


@dataclass
class Story:
    delivery: MessageUpdates
    messages: FakeMessages
    time: Time
    generations: Generations
    images: Images
    drawing: Generation
    told_elsewhere: list[int]
    """The requests whose owners were told by a direct message, or would have been."""
    closed: bool = False
    """True where nobody takes direct messages."""

    def progress(self, step: int) -> None:
        self.delivery.update(self.drawing, Progress(self.drawing.id, step, 20, (LOOK,)))

    async def complete(self) -> None:
        png = BytesIO()
        Image.new("RGB", (64, 64)).save(png, "PNG")
        file = await self.images.save(self.drawing.id, 0, png.getvalue())
        self.delivery.finish(await self.generations.complete(self.drawing.id, [Picture(0, 7, 64, 64, file)], 1.0))
        await settled()

    async def waits_for_delivery(self) -> bool:
        return bool(await self.generations.lease(alone=True))


@pytest.fixture
async def story(tmp_path: Path) -> AsyncIterator[Story]:
    save_empty(tmp_path / "noisefox.db")
    async with database.opened(tmp_path / "noisefox.db") as sessions:
        generations, images, messages, time = Generations(sessions), Images(tmp_path), FakeMessages(), Time()
        told: list[int] = []

        async def tell(generation: Generation) -> None:
            told.append(generation.id)
            if made.closed:
                raise NobodyTold("50007")

        delivery = MessageUpdates(
            messages=messages,
            generations=generations,
            finished_files=FinishedFiles(images),
            abilities_of=Catalogue().abilities_of,
            tell_unshown=tell,
            clock=time.clock,
            sleep=time.sleep,
        )
        settings = GenerationSettings(prompt="a fox", seed=7, model="pocket", width=64, height=64)
        drawing = await saved(generations, Origin("key", 1, 2, 3), settings, Lineage())
        made = Story(delivery, messages, time, generations, images, drawing, told)
        yield made
        await delivery.close()


async def test_edits_keep_their_distance_and_the_newest_wins(story: Story) -> None:
    for step in (1, 2, 3):
        story.progress(step)
    await settled()
    assert len(story.messages.shown) == 1
    assert "step 3 of 20" in story.messages.shown[0]
    for step in (4, 5):
        story.progress(step)
        await settled()
    assert len(story.messages.shown) == 1
    assert not story.delivery.sends_soon(story.drawing)
    await story.time.pass_(EDIT_SECONDS)
    assert len(story.messages.shown) == 2
    assert "step 5 of 20" in story.messages.shown[1]
    await story.time.pass_(EDIT_SECONDS)
    assert story.delivery.sends_soon(story.drawing)


async def test_twenty_jobs_in_one_channel_stay_within_what_discord_takes(story: Story) -> None:
    """Without a token, all edits share the channel's limit of five in five seconds. The playground has the same
    limits as Discord and must refuse none of them."""
    limits = RateLimits(limit=5, seconds=5.0, clock=story.time.clock)
    refused: list[float] = []
    settings = GenerationSettings(prompt="a fox", seed=7, model="pocket", width=64, height=64)
    jobs = [await saved(story.generations, Origin(f"key {n}", 1, 2, 10 + n), settings, Lineage()) for n in range(20)]
    edits: list[float] = []
    for step in range(1, 21):
        for job in jobs:
            story.delivery.update(job, Progress(job.id, step, 20, (LOOK,)))
        before = len(story.messages.shown)
        await story.time.pass_(1.2)
        new = len(story.messages.shown) - before
        edits += [story.time.now] * new
        waits = [limits.count("PATCH", "/channels/2/messages/10")[1] for _ in range(new)]
        refused += [wait for wait in waits if wait is not None]
    assert refused == []
    busiest = max(len([each for each in edits if start <= each < start + 5]) for start in edits)
    assert busiest <= 5
    assert len(edits) >= 18
    last = story.messages.shown[-1]
    assert "step 20 of 20" in last or "step 19 of 20" in last


async def test_each_interaction_has_a_rate_of_its_own(story: Story) -> None:
    settings = GenerationSettings(prompt="a fox", seed=7, model="pocket", width=64, height=64)
    for number in range(20):
        origin = Origin(f"key {number}", 1, 2, 10 + number, token=f"token {number}")
        job = await saved(story.generations, origin, settings, Lineage())
        story.delivery.update(job, Progress(job.id, 1, 20, (LOOK,)))
    await settled()
    assert len(story.messages.shown) == 20


async def test_when_a_long_queue_moves_up_its_messages_follow_one_by_one(story: Story) -> None:
    settings = GenerationSettings(prompt="a fox", seed=7, model="pocket", width=64, height=64)
    jobs = []
    for number in range(20):
        origin = Origin(f"key {number}", 1, 2, 10 + number, token=f"token {number}")
        jobs.append(await saved(story.generations, origin, settings, Lineage()))
    for place, job in enumerate(jobs, start=1):
        story.delivery.update(job, Queued(job.id, place), 600.0)
    await settled()
    assert len(story.messages.shown) == 20, "the first word comes at once"
    for place, job in enumerate(jobs, start=1):
        story.delivery.update(job, Queued(job.id, place), 610.0)
    await story.time.pass_(EDIT_SECONDS)
    assert len(story.messages.shown) == 20, "what reads the same is not said again"
    for place, job in enumerate(jobs[1:], start=1):
        story.delivery.update(job, Queued(job.id, place), 500.0)
    await settled()
    assert len(story.messages.shown) == 21
    story.delivery.update(jobs[19], Started(jobs[19].id))
    await settled()
    assert len(story.messages.shown) == 22, "what begins does not wait for others' places"
    for _ in range(5):
        await story.time.pass_(PLACE_SECONDS)
    assert 26 <= len(story.messages.shown) <= 27
    await story.time.pass_(20 * PLACE_SECONDS)
    assert len(story.messages.shown) == 39


async def test_the_ending_does_not_wait_its_turn_and_is_the_last(story: Story) -> None:
    story.progress(1)
    await settled()
    story.progress(2)
    await story.complete()
    await story.delivery.settle()
    assert len(story.messages.shown) == 2
    assert "Re-roll" in story.messages.shown[1]
    assert story.messages.files == [["preview.jpg"], [f"noisefox-{story.drawing.id}-0.png"]]
    assert not await story.waits_for_delivery()


async def test_an_update_that_is_not_taken_is_dropped(story: Story) -> None:
    story.messages.refusals = [EditFailed("down")]
    story.delivery.update(story.drawing, Queued(story.drawing.id, 1))
    await settled()
    await story.complete()
    assert len(story.messages.shown) == 1


async def test_a_stop_waits_for_no_further_try(story: Story) -> None:
    story.messages.refusals = [EditFailed("down")]
    await story.complete()
    assert story.time.pauses == [RETRY_SECONDS[0]]
    story.messages.refusals = [EditFailed("down")]
    story.delivery.hurry()
    await story.delivery.settle()
    assert await story.waits_for_delivery(), "the next start shows it"


async def test_an_ending_that_is_taken_at_the_stop_is_shown(story: Story) -> None:
    story.messages.refusals = [EditFailed("down")]
    await story.complete()
    story.delivery.hurry()
    await story.delivery.settle()
    assert not await story.waits_for_delivery()


async def test_the_owner_of_a_failed_request_whose_message_is_deleted_is_told(story: Story) -> None:
    story.messages.refusals = [MessageDeleted("404")]
    story.delivery.finish(await story.generations.fail(story.drawing.id, "It came out broken."))
    await story.delivery.settle()
    assert story.told_elsewhere == [story.drawing.id]
    assert not await story.waits_for_delivery()


async def test_an_ending_that_is_not_taken_is_tried_again(story: Story) -> None:
    story.messages.refusals = [EditFailed("down")] * 2
    await story.complete()
    assert await story.waits_for_delivery()
    for pause in RETRY_SECONDS[:2]:
        assert story.messages.shown == []
        await story.time.pass_(pause)
    assert len(story.messages.shown) == 1
    assert not await story.waits_for_delivery()


async def test_one_that_is_never_taken_waits_for_the_next_start(story: Story) -> None:
    story.messages.refusals = [EditFailed("down")] * 10
    await story.complete()
    for pause in RETRY_SECONDS:
        await story.time.pass_(pause)
    assert story.time.pauses == list(RETRY_SECONDS)
    assert await story.waits_for_delivery()


async def test_one_whose_message_is_deleted_is_done_with(story: Story) -> None:
    story.messages.refusals = [MessageDeleted("deleted")]
    await story.complete()
    assert story.messages.shown == []
    assert not await story.waits_for_delivery()
    assert story.told_elsewhere == []


async def test_the_owner_of_one_that_cannot_be_reached_is_told(story: Story) -> None:
    story.messages.refusals = [MessageUnreachable("the token has expired")]
    await story.complete()
    assert story.told_elsewhere == [story.drawing.id]
    assert not await story.waits_for_delivery()


async def test_a_refused_ending_is_shown_without_its_prompt_and_then_without_pictures(story: Story) -> None:
    story.messages.refusals = [EditRefused("a harmful link")]
    await story.complete()
    assert "a fox" not in story.messages.shown[0]
    assert story.messages.files == [[f"noisefox-{story.drawing.id}-0.png"]]
    assert not await story.waits_for_delivery()


async def test_an_ending_that_is_refused_with_pictures_says_where_they_are(story: Story) -> None:
    story.messages.refusals = [EditRefused("too large")] * 2
    await story.complete()
    assert f"/history, number {story.drawing.id}" in story.messages.shown[0]
    assert story.messages.files == [[]]
    assert story.told_elsewhere == []


async def test_the_owner_of_an_ending_that_is_refused_in_every_form_is_told(story: Story) -> None:
    story.messages.refusals = [EditRefused("no")] * 3
    await story.complete()
    assert story.messages.shown == []
    assert story.told_elsewhere == [story.drawing.id]
    assert not await story.waits_for_delivery()


async def test_a_channel_that_is_forbidden_for_a_while_gets_the_ending(story: Story) -> None:
    story.messages.refusals = [EditForbidden("403")]
    await story.complete()
    assert await story.waits_for_delivery()
    await story.time.pass_(RETRY_SECONDS[0])
    assert len(story.messages.shown) == 1
    assert story.told_elsewhere == []


async def test_the_owner_is_told_of_an_ending_in_a_channel_that_stays_forbidden(story: Story) -> None:
    story.messages.refusals = [EditForbidden("403")] * 10
    await story.complete()
    for pause in RETRY_SECONDS:
        await story.time.pass_(pause)
    assert story.told_elsewhere == [story.drawing.id]
    assert not await story.waits_for_delivery()


async def test_what_nobody_can_be_told_of_is_tried_ever_more_seldom(story: Story) -> None:
    """Minute by minute, as the reconciler does."""
    story.messages.refusals = [MessageUnreachable("expired")] * 10**4
    story.closed = True
    await story.complete()
    [due] = await story.generations.lease(alone=True)
    tried: list[int] = []
    for minute in range(60):
        story.time.now += 60
        story.delivery.finish(due)
        await story.delivery.settle()
        tried += [minute] * (len(story.told_elsewhere) > len(tried) + 1)
    assert tried[:3] == [0, 1, 3]
    assert len(tried) == 9
    assert await story.waits_for_delivery()
    story.closed = False
    story.time.now += LONGEST_PAUSE
    story.delivery.finish(due)
    await story.delivery.settle()
    assert not await story.waits_for_delivery()


async def test_the_ending_of_a_message_that_takes_no_more_edits_is_a_reply(story: Story) -> None:
    story.messages.refusals = [EditsUsedUp("30046")]
    await story.complete()
    assert len(story.messages.shown) == 1
    now = await story.generations.get(story.drawing.id)
    assert now is not None
    assert now.origin.message_id == REPLY
    assert not await story.waits_for_delivery()


async def test_the_edits_of_an_old_message_are_kept_for_its_ending(story: Story) -> None:
    story.messages.is_old = True
    story.progress(1)
    await settled()
    assert story.messages.shown == []
    await story.complete()
    assert len(story.messages.shown) == 1


async def test_news_that_come_after_the_end_are_left_to_the_next_start(story: Story) -> None:
    await story.delivery.close()
    story.progress(1)
    await story.complete()
    assert story.messages.shown == []
    assert not story.delivery.sends_soon(story.drawing)
    assert await story.waits_for_delivery()
