"""The message with all settings of a request."""

from collections.abc import Sequence

from discord import ui

from bot.attachments.finished import controls_for
from bot.locales import say
from bot.locales.plain import plain
from bot.prompts import flags
from bot.views.buttons import button, originals
from bot.views.circumstances import in_words
from bot.views.custom_ids import Press, PressKind
from bot.views.ignored import sentence_of
from bot.views.message import ATTACHED, QUIET, MessageContent, Part, framed
from bot.views.text import lineage_line, link_to
from generation.found_settings import FoundSettings
from generation.settings import GenerationSettings
from storage.records import Generation, Ignored, IgnoredPart

ROOM = 2800
"""Characters that the prompts may take together, of the 4,000 that Discord takes."""

CUT = 1300
"""Characters that are shown of each of two prompts where they do not fit whole; then all is attached as a file."""

FILE = "settings.txt"


def details(generation: Generation, parent: Generation | None, user_id: int) -> MessageContent:
    """The settings of a request, where and when it was asked for, and what it was derived from, for one person."""
    time = f"<t:{int(generation.created.timestamp())}:f>"
    facts = [say("number {number}", number=generation.id), say("requested {time}", time=time)]
    if generation.inputs.style_image:
        facts.append(say("style taken from a picture"))
    seeds = [str(picture.seed) for picture in generation.pictures]
    lines = [f"-# {' · '.join(facts)}", lineage_line(generation.lineage, parent)]
    if len(generation.pictures) > 1:
        lines.append(f"-# {say('seeds {seeds}', seeds=seeds)}")
    if not generation.origin.private:
        lines.append(f"-# [{say('jump to message')}]({link_to(generation)})")
    files = originals(generation)
    rows: list[Part] = [files] if files else []
    kinds = [PressKind.TECHNICAL] if generation.seconds is not None or generation.circumstances else []
    kinds += [PressKind.CONTROLS] if controls_for(generation, user_id) else []
    if kinds:
        rows.append(ui.ActionRow(*(button(Press(kind, generation.id)) for kind in kinds)))
    return _settings(generation.settings.prompt, generation.settings, lines, rows, generation.typed or "")


def technical(generation: Generation) -> MessageContent:
    """What drew a request: the device, its number format and batch, and how long that took."""
    facts = []
    if generation.seconds is not None:
        facts.append(say("drawn in {seconds:.1f}\N{NO-BREAK SPACE}s", seconds=generation.seconds))
    if generation.circumstances:
        facts.append(say("on {device}", device=in_words(generation.circumstances)))
    if generation.upscaler:
        facts.append(say("enlarged ×{factor} ({upscaler})", factor=generation.factor, upscaler=generation.upscaler))
    facts.append(say("{steps:,} steps counted", steps=generation.charged))
    head = say("Picture number {number}", number=generation.id)
    return MessageContent(framed([ui.TextDisplay(f"**{head}**\n{' · '.join(facts)}")], QUIET))


def of_posted(posted: FoundSettings) -> MessageContent:
    """The settings in the metadata of a picture that somebody posted."""
    lines = [say("read from the picture's metadata")]
    if posted.changed:
        lines.append(say(sentence_of(Ignored(IgnoredPart.FOREIGN, posted.changed))))
    return _settings(posted.prompt, posted.complete("a picture"), [f"-# {line}" for line in lines])


def _settings(
    prompt: str, settings: GenerationSettings, lines: list[str], rows: Sequence[Part] = (), typed: str = ""
) -> MessageContent:
    """Settings in words and as flags to copy, followed by `lines` and rows of buttons. `typed` is the prompt before its
    random choices were made."""
    texts = {say("Prompt"): prompt, say("Typed as"): typed, say("Negative prompt"): settings.negative_prompt}
    command = f"{prompt} {flags.write(settings)}"
    if settings.negative_prompt:
        command += f" --no {settings.negative_prompt}"
    is_whole = sum(len(plain(text)) for text in texts.values()) <= ROOM
    most = 2 * CUT // max(2, sum(map(bool, texts.values())))
    parts: list[Part] = [
        ui.TextDisplay(f"**{name}**\n{plain(text) if is_whole else _cut(text, most)}")
        for name, text in texts.items()
        if text
    ]
    model = say("model {name}", name=plain(settings.model)) if settings.model else ""
    head = [f"**{say('Settings')}**", f"`{flags.write(settings)}`", model]
    parts.append(ui.TextDisplay("\n".join(filter(None, head))))
    files = {}
    if not is_whole:
        files[FILE] = command.encode()
        parts.append(ui.File(f"{ATTACHED}{FILE}"))
    parts.append(ui.TextDisplay("\n".join(filter(None, lines))))
    parts += rows
    return MessageContent(framed(parts, QUIET), files)


def _cut(text: str, most: int) -> str:
    shown = text if len(text) <= most else text[:most].rstrip() + "…"
    return plain(shown, most + 100)
