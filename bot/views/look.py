"""A saved look as a line of a list, and as a message with its pictures."""

from collections.abc import Sequence

from discord import ui

from bot.locales import say
from bot.locales.plain import plain
from bot.views.message import QUIET, SPOILER, MessageContent, Part, framed, gallery
from bot.views.text import shown
from storage.look_records import Audience, Look


def listed(look: Look, user_id: int) -> str:
    """A look on one line, with who may use it."""
    words = shown(look.words, 40) if look.words else ""
    return " · ".join(filter(None, [f"**{shown(look.name, 32)}**", words, _who(look.audience, user_id)]))


def card(look: Look, pictures: Sequence[bytes], user_id: int, *, covered: bool) -> MessageContent:
    """A look with small copies of its pictures, which are JPEG files, and which are `covered` by spoilers or not."""
    files = {f"{SPOILER * covered}look-{number}.jpg": picture for number, picture in enumerate(pictures, 1)}
    lora = say("LoRA {name}", name=plain(look.lora)) if look.lora else ""
    lines = [f"**{shown(look.name, 32)}**", plain(look.words), lora, f"-# {_who(look.audience, user_id)}"]
    parts: list[Part] = [ui.TextDisplay("\n".join(filter(None, lines)))]
    if files:
        parts.append(gallery(list(files), say("A picture of {name}", name=look.name)))
    return MessageContent(framed(parts, QUIET), files)


def _who(audience: Audience, user_id: int) -> str:
    """Who may use a look, and whose it is where that is somebody else."""
    if audience.guild_id is None:
        return say("only you")
    who = say("everybody here") if audience.role_id is None else f"<@&{audience.role_id}>"
    return who if audience.owner_id == user_id else f"{who} · {say('by {person}', person=f'<@{audience.owner_id}>')}"
