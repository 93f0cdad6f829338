"""All settings of a request, as text."""

from discord import ui

from bot import flags
from bot.layouts.controls import originals
from bot.layouts.lines import lineage_line, link_to
from bot.layouts.look import QUIET, Look, Part, framed, plain
from generation.settings import GenerationSettings
from storage.records import Generation

LONGEST = 1500
"""Characters of a prompt that are shown; a longer one comes as a file too."""

FILE = "settings.txt"


def details(generation: Generation, parent: Generation | None) -> Look:
    """Everything that is known of a request."""
    facts = [f"number {generation.id}", f"asked for <t:{int(generation.created.timestamp())}:f>"]
    if generation.seconds is not None:
        facts.append(f"drawn in {generation.seconds:.1f} s")
    if generation.circumstances:
        facts.append(f"on {plain(generation.circumstances)}")
    seeds = ", ".join(str(picture.seed) for picture in generation.pictures)
    lines = [f"-# {' · '.join(facts)}", lineage_line(generation.lineage, parent)]
    if len(generation.pictures) > 1:
        lines.append(f"-# seeds {seeds}")
    if not generation.origin.private:
        lines.append(f"-# [where it was shown]({link_to(generation)})")
    return of_settings(generation.settings, lines, originals(generation))


def of_settings(settings: GenerationSettings, lines: list[str], row: Part | None = None) -> Look:
    """Settings in words and as the flags that bring them back, with lines and a row of buttons under them."""
    texts = {"Prompt": settings.prompt, "Without": settings.negative_prompt}
    command = f"{settings.prompt} {flags.write(settings)}"
    if settings.negative_prompt:
        command += f" --no {settings.negative_prompt}"
    parts: list[Part] = [ui.TextDisplay(f"**{name}**\n{_cut(text)}") for name, text in texts.items() if text]
    parts.append(ui.TextDisplay(f"**Settings**\n`{flags.write(settings)}`\nmodel {plain(settings.model)}"))
    files = {}
    if any(len(text) > LONGEST for text in texts.values()):
        files[FILE] = command.encode()
        parts.append(ui.File(f"attachment://{FILE}"))
    parts.append(ui.TextDisplay("\n".join(filter(None, lines)) or "-# read from the picture itself"))
    parts += [row] if row else []
    return Look(framed(parts, QUIET), files)


def _cut(text: str) -> str:
    shown = text if len(text) <= LONGEST else text[:LONGEST].rstrip() + "…"
    return plain(shown)[: LONGEST + 200]
