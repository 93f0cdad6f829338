"""The message of a request, from its start to its end."""

from collections.abc import Sequence

import discord
from discord import ui

from bot.buttons import Press, PressKind
from bot.durations import about
from bot.layouts.controls import button, more, rows_of
from bot.layouts.hints import hint_line
from bot.layouts.lines import bar, headline, lineage_line, shown, small_print
from bot.layouts.look import QUIET, Look, Part, framed, plain
from bot.locales import say
from generation.events import Event, Loading, Progress, Queued
from generation.jobs import JobState
from generation.settings import GenerationSettings
from storage.records import Generation, Lineage

ALT_TEXT = 1024
"""Discord's limit for the description of a picture."""

SPOILER = "SPOILER_"
"""How the name of a file begins that is covered until it is pressed."""

Files = Sequence[tuple[bytes, str]]
"""Pictures as files, each with its ending."""


def starting(settings: GenerationSettings, lineage: Lineage, user_id: int, parent: Generation | None = None) -> Look:
    """A request that is about to be queued."""
    parts = [*_title(settings, lineage, user_id, parent), ui.TextDisplay("Starting…")]
    return Look(framed(parts))


def underway(
    generation: Generation,
    event: Event,
    preview: bytes | None,
    parent: Generation | None = None,
    left: float | None = None,
) -> Look:
    """A request that waits or is being drawn; `preview` is a JPEG, `left` how many seconds it may take yet."""
    match event:
        case Queued(position=position):
            line = "Next in line…" if position == 1 else f"Waiting: number {position} in line…"
        case Loading(model=model):
            line = f"Loading the model {plain(model)}…"
        case Progress(step=step, steps=steps):
            unit = "part" if generation.lineage.action.enlarges else "step"
            line = f"{bar(step, steps)}  {unit} {step} of {steps}"
        case _:
            line = "Starting…"
    parts = _title(generation.settings, generation.lineage, generation.origin.user_id, parent)
    files = {}
    if preview:
        name = _file_name(generation, "preview.jpg")
        files[name] = preview
        parts.append(gallery(generation, [name]))
    parts.append(ui.TextDisplay(line if left is None else f"{line} · {about(left)}"))
    parts.append(ui.ActionRow(button(Press(PressKind.CANCEL, generation.id))))
    return Look(framed(parts), files)


def ended(generation: Generation, pictures: Files, parent: Generation | None = None) -> Look:
    """A request that has ended, with the files it has."""
    match generation.state:
        case JobState.COMPLETED:
            return _completed(generation, pictures, parent)
        case JobState.CANCELLED:
            return _without_pictures(generation, "Cancelled.", parent)
        case JobState.DELETED:
            return _without_pictures(generation, "Deleted.", parent)
    return _without_pictures(generation, say(generation.failure or "It did not work out."), parent)


def of_one(generation: Generation, index: int, picture: tuple[bytes, str]) -> Look:
    """One of several pictures, and what can be done with it."""
    data, ending = picture
    name = _file_name(generation, f"noisefox-{generation.id}-{index}.{ending}")
    seed = generation.settings.of_picture(index).seed
    parts: list[Part] = [
        gallery(generation, [name]),
        ui.TextDisplay(f"-# Picture {index + 1} · seed {seed}"),
        ui.ActionRow(
            button(Press(PressKind.VARY, generation.id, index)),
            button(Press(PressKind.UPSCALE, generation.id, index)),
            button(Press(PressKind.REMIX, generation.id, index)),
        ),
        more(generation.id, index),
    ]
    return Look(framed(parts), {name: data})


def letter(generation: Generation, pictures: Files) -> Look:
    """The pictures of a request, to be sent to somebody."""
    files = named(generation, pictures)
    parts: list[Part] = [ui.TextDisplay(headline(generation.settings, generation.origin.user_id))]
    if files:
        parts.append(gallery(generation, list(files)))
    parts.append(ui.TextDisplay(f"-# {small_print(generation)} · number {generation.id}"))
    parts.append(ui.ActionRow(button(Press(PressKind.DETAILS, generation.id))))
    return Look(framed(parts), files)


def outcome(generation: Generation) -> str:
    """How a request ended, in a few words."""
    ways = {JobState.COMPLETED: "Your picture is done", JobState.CANCELLED: "Your picture was cancelled"}
    return (
        f"{ways.get(generation.state, 'Your picture could not be drawn')}, **{shown(generation.settings.prompt, 100)}**"
    )


def gallery(generation: Generation, names: Sequence[str]) -> ui.MediaGallery[ui.LayoutView]:
    """The files of these names, described by the prompt."""
    described = generation.settings.prompt[:ALT_TEXT]
    covered = generation.origin.spoiler
    items = [discord.MediaGalleryItem(f"attachment://{name}", description=described, spoiler=covered) for name in names]
    return ui.MediaGallery(*items)


def named(generation: Generation, pictures: Files) -> dict[str, bytes]:
    """The files of a request by the names they have in a message; a prompt is never part of one."""
    return {
        _file_name(generation, f"noisefox-{generation.id}-{index}.{ending}"): data
        for index, (data, ending) in enumerate(pictures)
    }


def _completed(generation: Generation, pictures: Files, parent: Generation | None) -> Look:
    files = named(generation, pictures)
    parts = _title(generation.settings, generation.lineage, generation.origin.user_id, parent)
    if files:
        parts.append(gallery(generation, list(files)))
    details = button(Press(PressKind.DETAILS, generation.id))
    parts.append(ui.Section(ui.TextDisplay(f"-# {small_print(generation)}"), accessory=details))
    if generation.hint:
        parts.append(ui.TextDisplay(hint_line(generation.hint, generation.settings)))
    parts += rows_of(generation)
    return Look(framed(parts), files)


def _without_pictures(generation: Generation, sentence: str, parent: Generation | None) -> Look:
    parts = _title(generation.settings, generation.lineage, generation.origin.user_id, parent)
    parts.append(ui.TextDisplay(sentence))
    if not generation.lineage.action.enlarges:
        parts.append(ui.ActionRow(button(Press(PressKind.REROLL, generation.id))))
    return Look(framed(parts, QUIET))


def _title(settings: GenerationSettings, lineage: Lineage, user_id: int, parent: Generation | None) -> list[Part]:
    lines = [headline(settings, user_id), lineage_line(lineage, parent)]
    return [ui.TextDisplay("\n".join(filter(None, lines)))]


def _file_name(generation: Generation, name: str) -> str:
    return f"{SPOILER}{name}" if generation.origin.spoiler else name
