"""What a message looks like: a record or an event in, a Components V2 view with its files out. Nothing is sent here."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import discord
from discord import ui

from bot.buttons import Press, PressKind
from generation.events import Event, Loading, Progress, Queued
from generation.jobs import JobState
from generation.settings import GenerationSettings
from generation.upscaling import FACTOR
from storage.records import Action, Generation, Lineage

ACCENT = discord.Colour(0xF2913D)
QUIET = discord.Colour(0x80848E)
BAR_LENGTH = 12
SHOWN_PROMPT = 700
"""Characters of a prompt that a message shows; the record has all of it."""
ALT_TEXT = 1024
"""Discord's limit for the description of a picture."""


@dataclass(frozen=True, slots=True)
class Look:
    """A message: its view, and the files that the view names."""

    view: ui.LayoutView
    files: dict[str, bytes] = field(default_factory=dict)


def starting(settings: GenerationSettings, lineage: Lineage, user_id: int) -> Look:
    """A request that is about to be queued."""
    return Look(_view([ui.TextDisplay(_headline(settings, lineage, user_id)), ui.TextDisplay("Starting…")], ACCENT))


def underway(generation: Generation, event: Event, preview: bytes | None) -> Look:
    """A request that waits or is being drawn; `preview` is a JPEG."""
    match event:
        case Queued(position=position):
            line = "Next in line…" if position == 1 else f"Waiting: number {position} in line…"
        case Loading(model=model):
            line = f"Loading the model {_plain(model)}…"
        case Progress(step=step, steps=steps):
            unit = "part" if generation.lineage.action.enlarges else "step"
            line = f"{_bar(step, steps)}  {unit} {step} of {steps}"
        case _:
            line = "Starting…"
    parts: list[ui.Item[ui.LayoutView]] = [_title(generation)]
    files = {}
    if preview:
        files["preview.jpg"] = preview
        parts.append(_gallery(generation, ["preview.jpg"]))
    parts.append(ui.TextDisplay(line))
    parts.append(ui.ActionRow(_button(Press(PressKind.CANCEL, generation.id))))
    return Look(_view(parts, ACCENT), files)


def ended(generation: Generation, pictures: Sequence[tuple[bytes, str]]) -> Look:
    """A request that has ended; `pictures` are its files, each with its ending, where it has any."""
    match generation.state:
        case JobState.COMPLETED:
            return _completed(generation, pictures)
        case JobState.CANCELLED:
            return _without_pictures(generation, "Cancelled.")
        case JobState.DELETED:
            return _without_pictures(generation, "Deleted.")
    return _without_pictures(generation, generation.failure or "It did not work out.")


def _completed(generation: Generation, pictures: Sequence[tuple[bytes, str]]) -> Look:
    files = {f"noisefox-{generation.id}-{i}.{ending}": data for i, (data, ending) in enumerate(pictures)}
    parts: list[ui.Item[ui.LayoutView]] = [_title(generation)]
    if files:
        parts.append(_gallery(generation, list(files)))
    parts.append(ui.TextDisplay(f"-# {_small_print(generation)}"))
    parts += [ui.ActionRow(*row) for row in _rows(generation)]
    return Look(_view(parts, ACCENT), files)


def _without_pictures(generation: Generation, sentence: str) -> Look:
    parts: list[ui.Item[ui.LayoutView]] = [_title(generation), ui.TextDisplay(sentence)]
    if not generation.lineage.action.enlarges:
        parts.append(ui.ActionRow(_button(Press(PressKind.REROLL, generation.id))))
    return Look(_view(parts, QUIET))


def _rows(generation: Generation) -> list[list[ui.Button[ui.LayoutView]]]:
    upscales = [Press(PressKind.UPSCALE, generation.id, picture.index) for picture in generation.pictures]
    others = [Press(PressKind.REROLL, generation.id), Press(PressKind.DELETE, generation.id)]
    if len(upscales) == 1:
        return [[_button(others[0]), _button(upscales[0]), _button(others[1])]]
    numbered = [_button(press, f"Upscale {number}") for number, press in enumerate(upscales, start=1)]
    return [numbered, [_button(press) for press in others]]


_FACES = {
    PressKind.REROLL: ("Re-roll", "🔁", discord.ButtonStyle.secondary),
    PressKind.UPSCALE: (f"Upscale ×{FACTOR}", "🔎", discord.ButtonStyle.secondary),
    PressKind.DELETE: ("Delete", "❌", discord.ButtonStyle.secondary),
    PressKind.CANCEL: ("Cancel", None, discord.ButtonStyle.secondary),
}


_WAYS = {
    Action.IMAGINE: "",
    Action.REROLL: "Re-roll: ",
    Action.UPSCALE: "Upscaled: ",
    Action.CREATIVE_UPSCALE: "Upscaled creatively: ",
    Action.VARY: "Variation: ",
    Action.REDRAW: "Redrawn: ",
    Action.HIRES: "Refined: ",
    Action.ZOOM_OUT: "Zoomed out: ",
    Action.PAN: "Panned: ",
}


def _button(press: Press, label: str | None = None) -> ui.Button[ui.LayoutView]:
    usual, emoji, style = _FACES[press.kind]
    return ui.Button(label=label or usual, emoji=emoji, style=style, custom_id=press.custom_id)


def _gallery(generation: Generation, names: Sequence[str]) -> ui.MediaGallery[ui.LayoutView]:
    described = generation.settings.prompt[:ALT_TEXT]
    return ui.MediaGallery(*(discord.MediaGalleryItem(f"attachment://{name}", description=described) for name in names))


def _title(generation: Generation) -> ui.TextDisplay[ui.LayoutView]:
    return ui.TextDisplay(_headline(generation.settings, generation.lineage, generation.origin.user_id))


def _headline(settings: GenerationSettings, lineage: Lineage, user_id: int) -> str:
    prompt = settings.prompt
    shown = prompt if len(prompt) <= SHOWN_PROMPT else prompt[:SHOWN_PROMPT].rstrip() + "…"
    return f"{_WAYS[lineage.action]}**{_plain(' '.join(shown.split()))}** · <@{user_id}>"


def _small_print(generation: Generation) -> str:
    settings = generation.settings
    seeds = [str(picture.seed) for picture in generation.pictures]
    first = generation.pictures[0]
    words = [
        f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {', '.join(seeds)}",
        f"{first.width}×{first.height}",
        f"{settings.steps} steps",
        f"guidance {settings.guidance_scale:g}",
        settings.sampler.value,
    ]
    if settings.clip_skip != 1:
        words.append(f"clip skip {settings.clip_skip}")
    if settings.variation_strength:
        words.append(f"varied by {settings.variation_strength:g} towards seed {settings.variation_seed}")
    if settings.seed_width:
        words.append(f"noise of {settings.seed_width}×{settings.seed_height}")
    words.append(settings.model)
    if settings.negative_prompt:
        words.append(f"without: {settings.negative_prompt[:100]}")
    if generation.factor > 1:
        words.append(f"enlarged ×{generation.factor} ({generation.upscaler})")
    if generation.seconds is not None:
        words.append(f"{generation.seconds:.1f} s")
    return _plain(" · ".join(words))


def _bar(step: int, steps: int) -> str:
    done = round(BAR_LENGTH * step / steps)
    return "▰" * done + "▱" * (BAR_LENGTH - done)


def _plain(text: str) -> str:
    """Text as typed: no formatting, no mentions."""
    return discord.utils.escape_mentions(discord.utils.escape_markdown(text))


def _view(parts: Sequence[ui.Item[ui.LayoutView]], colour: discord.Colour) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(*parts, accent_colour=colour))
    return view
