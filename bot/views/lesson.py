"""The message of a lesson."""

import re
from collections.abc import Mapping
from typing import Any

import discord
from discord import ui

from bot.lessons.examples import EXAMPLES, Example, file_name
from bot.lessons.topics import LESSONS, Topic
from bot.locales import say
from bot.locales.plain import plain
from bot.views.buttons import comparing
from bot.views.message import ATTACHED, MessageContent, Part, framed
from generation.comparison import Parameter

TRIED = {
    Topic.STEPS: Parameter.STEPS,
    Topic.SEED: Parameter.SEED,
    Topic.SIZE: Parameter.SIZE,
    Topic.CLIP_SKIP: Parameter.CLIP_SKIP,
    Topic.GUIDANCE: Parameter.GUIDANCE,
    Topic.SAMPLER: Parameter.SAMPLER,
}
"""Settings that can be compared on any prompt; strength is missing because it needs a start picture."""

ANOTHER = re.compile("noisefox-what")


def of_lesson(topic: Topic, picture: bytes | None) -> MessageContent:
    """Two sentences, an example picture, a rule of thumb, and a select of the other lessons."""
    lesson = LESSONS[topic]
    title = say(lesson.title)
    parts: list[Part] = [ui.TextDisplay(f"### {lesson.emoji} {title}\n{say(lesson.what)}\n{say(lesson.but)}")]
    files: Mapping[str, bytes] = {}
    if picture:
        name, example = file_name(topic), EXAMPLES[topic]
        files = {name: picture}
        described = f"{title}: {', '.join(head for head, _ in example.cells)}"
        parts.append(ui.MediaGallery(discord.MediaGalleryItem(f"{ATTACHED}{name}", description=described)))
        parts.append(ui.TextDisplay(f"-# {_caption(example)}"))
    parts.append(ui.TextDisplay(f"**{say('Rule of thumb')}** · {say(lesson.rule)}"))
    if topic in TRIED:
        parts.append(ui.ActionRow(comparing(say("Compare on my last prompt"), TRIED[topic])))
    parts.append(ui.ActionRow(_others(topic)))
    return MessageContent(framed(parts), dict(files))


def _caption(example: Example) -> str:
    settings = example.settings()
    prompt, seed, model = example.prompt, str(example.seed), settings.model
    if example.starts_from:
        first = example.starts_from
        return plain(
            say(
                "“{prompt}” from “{first}”, seed {seed}, drawn by {model}",
                prompt=prompt,
                first=first,
                seed=seed,
                model=model,
            )
        )
    return plain(say("“{prompt}”, seed {seed}, drawn by {model}", prompt=prompt, seed=seed, model=model))


def _others(topic: Topic) -> ui.Select[Any]:
    options = [
        discord.SelectOption(label=say(lesson.title), value=each.value, emoji=lesson.emoji)
        for each, lesson in LESSONS.items()
        if each is not topic
    ]
    return ui.Select(custom_id=ANOTHER.pattern, placeholder=say("Another lesson…"), options=options)
