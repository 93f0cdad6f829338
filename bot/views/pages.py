"""Lists with pages: a person's pictures, their favourites, and the queue."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import discord
from discord import ui

from bot.locales import say, say_many
from bot.locales.durations import about
from bot.views.message import ACCENT, ALT_TEXT, ATTACHED, QUIET, MessageContent, Part, framed
from bot.views.text import described, link_to, shown
from generation.jobs import JobState
from generation.names import is_blank
from generation.sentences import Sentence
from storage.records import Generation, Page

PAGE = 5
"""Requests on one page."""

SEARCH = 60
"""Characters of a search; the buttons that turn pages carry it in their custom id."""

TURN = re.compile(r"noisefox-list:(?P<kind>[a-z]+):(?P<page>[0-9]{1,6}):(?P<search>.{0,60})", re.DOTALL)
SHOW = re.compile("noisefox-show")
STOP = re.compile("noisefox-stop")

_NO_PAGE = 10**6

LINES = 15
"""Requests that the queue shows."""

_STATES = {
    JobState.QUEUED: Sentence("⏳ waiting"),
    JobState.DRAWING: Sentence("🖌️ drawing"),
    JobState.FAILED: Sentence("⚠️ failed"),
    JobState.CANCELLED: Sentence("🚫 cancelled"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A page of a list: which list, which page, and the words searched for."""

    kind: str
    page: int
    search: str = ""

    @property
    def custom_id(self) -> str:
        return f"noisefox-list:{self.kind}:{self.page}:{self.search}"

    @property
    def start(self) -> int:
        return self.page * PAGE


def of_pictures(place: Place, title: str, page: Page, thumbnails: Mapping[int, bytes]) -> MessageContent:
    """A page of requests, with `thumbnails` by request id."""
    last = max(0, -(-page.total // PAGE) - 1)
    found = say("{title} with “{words}”", title=title, words=shown(place.search, SEARCH)) if place.search else title
    parts: list[Part] = [ui.TextDisplay(f"### {found}\n-# {say('{total:,} in all', total=page.total)}")]
    files = {}
    for generation in page.generations:
        text: ui.TextDisplay[Any] = ui.TextDisplay(_entry(generation))
        if thumbnail := thumbnails.get(generation.id):
            name = f"{generation.id}.jpg"
            files[name] = thumbnail
            shown_as = described(generation)[:ALT_TEXT]
            parts.append(ui.Section(text, accessory=ui.Thumbnail(f"{ATTACHED}{name}", description=shown_as)))
        else:
            parts.append(text)
    if page.generations:
        parts.append(ui.ActionRow(_choice(SHOW.pattern, say("Show one…"), page.generations)))
    if last:
        parts.append(_turning(place, last))
    return MessageContent(framed(parts, ACCENT if page.generations else QUIET), files)


def of_queue(
    line: Sequence[Generation],
    user_id: int,
    guild_id: int | None,
    in_sight: Collection[int],
    drawing: int,
    ends: Mapping[int, float],
    seconds: float | None,
    workers: Mapping[str, Mapping[str, int]],
) -> MessageContent:
    """The unfinished requests; the first `drawing` of them are running. Prompts are shown only of requests whose ids
    are `in_sight`, and of the person's own public ones. `ends` are the seconds until each is drawn, by its id, and
    `seconds` those until all are, where they are known. `workers` are the pictures that each draws, by model; they are
    shown where there are several."""
    rows = []
    for number, generation in enumerate(line[:LINES], start=1):
        origin = generation.origin
        if origin.private:
            what = say("a private picture")
        elif origin.user_id == user_id or generation.id in in_sight:
            what = f"**{shown(generation.settings.prompt, 80)}** · <@{origin.user_id}>"
        elif origin.guild_id is not None and origin.guild_id == guild_id:
            what = say("a picture in another channel")
        else:
            what = say("a picture on another server or in a direct message")
        place = f"{say(_STATES[JobState.DRAWING])} ·" if number <= drawing else f"{number - drawing}."
        yours = origin.user_id == user_id and origin.private
        facts = [what, *([say("yours")] if yours else [])]
        if generation.id in ends:
            facts.append(about(ends[generation.id]))
        rows.append(f"{place} {' · '.join(facts)}")
    if len(line) > LINES:
        rows.append(f"-# {say('and {n} more', n=len(line) - LINES)}")
    nothing = say("The queue is empty. Draw something with /imagine.")
    head = f"### {say('Queue')}\n" + ("\n".join(rows) if line else nothing)
    if line and seconds is not None:
        head += f"\n-# {say('{time!c} until everything is drawn', time=about(seconds))}"
    if len(workers) > 1:
        head += "".join(f"\n-# 🖥️ {shown(name, 60)}: {_work(drawn)}" for name, drawn in workers.items())
    parts: list[Part] = [ui.TextDisplay(head)]
    if mine := [each for each in line if each.origin.user_id == user_id][:25]:
        parts.append(ui.ActionRow(_choice(STOP.pattern, say("Cancel one of your requests…"), mine)))
    return MessageContent(framed(parts, ACCENT if line else QUIET))


def _work(drawn: Mapping[str, int]) -> str:
    """What a worker does, whose pictures are given by model."""
    if not drawn:
        return say("free")
    return ", ".join(
        say_many(number, "{n} picture with {model}", "{n} pictures with {model}", model=model)
        for model, number in drawn.items()
    )


def _entry(generation: Generation) -> str:
    settings = generation.settings
    facts = [
        f"<t:{int(generation.created.timestamp())}:R>",
        say("number {number}", number=generation.id),
        say("seed {seed}", seed=settings.seed),
        say("private") if generation.origin.private else f"[{say('message')}]({link_to(generation)})",
    ]
    if len(generation.pictures) > 1:
        facts.append(say_many(len(generation.pictures), "{n} picture", "{n} pictures"))
    if generation.state in _STATES:
        facts.append(say(_STATES[generation.state]))
    return f"**{shown(settings.prompt, 150)}**\n-# {' · '.join(facts)}"


def _choice(custom_id: str, placeholder: str, generations: Sequence[Generation]) -> ui.Select[Any]:
    options = [
        discord.SelectOption(
            label=_label(each),
            value=str(each.id),
            description=say("number {number} · seed {seed}", number=each.id, seed=each.settings.seed),
        )
        for each in generations
    ]
    return ui.Select(custom_id=custom_id, placeholder=placeholder, options=options)


def _label(generation: Generation) -> str:
    """The prompt, cut to Discord's 100 characters; the number where that leaves nothing to see."""
    prompt = " ".join(generation.settings.prompt.split())[:100]
    return say("number {number}", number=generation.id) if is_blank(prompt) else prompt


def _turning(place: Place, last: int) -> ui.ActionRow[Any]:
    """Buttons for the previous and the next page. Disabled buttons need a unique custom_id too."""
    row: ui.ActionRow[Any] = ui.ActionRow()
    here = say("{page} of {pages}", page=place.page + 1, pages=last + 1)
    turns = (("◀️", say("Back"), place.page - 1), (None, here, place.page), ("▶️", say("Next"), place.page + 1))
    for emoji, label, page in turns:
        custom_id = Place(place.kind, page % _NO_PAGE, place.search).custom_id
        off = emoji is None or not 0 <= page <= last
        row.add_item(ui.Button(emoji=emoji, label=label, custom_id=custom_id, disabled=off))
    return row
