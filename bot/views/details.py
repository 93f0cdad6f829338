"""The message with all settings of a request."""

from discord import ui

from bot.locales import say
from bot.prompts import flags
from bot.views.buttons import originals
from bot.views.message import ATTACHED, QUIET, MessageContent, Part, framed
from bot.views.plain import plain
from bot.views.text import lineage_line, link_to
from generation.settings import GenerationSettings
from storage.records import Generation

LONGEST = 1500
"""Characters of a prompt that are shown; a longer one is also attached as a file."""

FILE = "settings.txt"


def details(generation: Generation, parent: Generation | None) -> MessageContent:
    """The settings of a request, when and where it was drawn, and what it was derived from."""
    time = f"<t:{int(generation.created.timestamp())}:f>"
    facts = [say("number {number}", number=generation.id), say("requested {time}", time=time)]
    if generation.seconds is not None:
        facts.append(say("drawn in {seconds:.1f} s", seconds=generation.seconds))
    if generation.circumstances:
        facts.append(say("on {device}", device=plain(generation.circumstances)))
    seeds = [str(picture.seed) for picture in generation.pictures]
    lines = [f"-# {' · '.join(facts)}", lineage_line(generation.lineage, parent)]
    if len(generation.pictures) > 1:
        lines.append(f"-# {say('seeds {seeds}', seeds=seeds)}")
    if not generation.origin.private:
        lines.append(f"-# [{say('jump to message')}]({link_to(generation)})")
    return of_settings(generation.settings, lines, originals(generation))


def of_settings(settings: GenerationSettings, lines: list[str], row: Part | None = None) -> MessageContent:
    """Settings in words and as flags to copy, followed by `lines` and a row of buttons."""
    texts = {say("Prompt"): settings.prompt, say("Negative prompt"): settings.negative_prompt}
    command = f"{settings.prompt} {flags.write(settings)}"
    if settings.negative_prompt:
        command += f" --no {settings.negative_prompt}"
    parts: list[Part] = [ui.TextDisplay(f"**{name}**\n{_cut(text)}") for name, text in texts.items() if text]
    model = say("model {name}", name=plain(settings.model))
    parts.append(ui.TextDisplay(f"**{say('Settings')}**\n`{flags.write(settings)}`\n{model}"))
    files = {}
    if any(len(text) > LONGEST for text in texts.values()):
        files[FILE] = command.encode()
        parts.append(ui.File(f"{ATTACHED}{FILE}"))
    source = say("read from the picture's metadata")
    parts.append(ui.TextDisplay("\n".join(filter(None, lines)) or f"-# {source}"))
    parts += [row] if row else []
    return MessageContent(framed(parts, QUIET), files)


def _cut(text: str) -> str:
    shown = text if len(text) <= LONGEST else text[:LONGEST].rstrip() + "…"
    return plain(shown, LONGEST + 200)
