"""A server's list of blocked words or people: the first ones, and all of them as a text file where they do not fit."""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import discord
from discord import ui

from bot.locales import say, say_many
from bot.views.message import ATTACHED, QUIET, MessageContent, Part, framed
from bot.views.server_rules import BLOCKED, blocked

DECISION = re.compile("noisefox-words:(?P<decision>yes|no):(?P<listed>[0-9a-f]{16})")


def whole_list(sentence: str, names: Sequence[str], file: str) -> MessageContent:
    """A list, introduced by a sentence that shows its beginning."""
    parts: list[Part] = [ui.TextDisplay(sentence)]
    if len(", ".join(names)) <= BLOCKED:
        return MessageContent(framed(parts, QUIET))
    parts.append(ui.File(f"{ATTACHED}{file}"))
    return MessageContent(framed(parts, QUIET), {file: "\n".join(names).encode()})


def question(words: Sequence[str]) -> MessageContent:
    """Ask whether all words may be unblocked."""
    listed = fingerprint(words)
    yes: ui.Button[Any] = ui.Button(
        label=say("Unblock all"), style=discord.ButtonStyle.danger, custom_id=f"noisefox-words:yes:{listed}"
    )
    no: ui.Button[Any] = ui.Button(label=say("Keep everything"), custom_id=f"noisefox-words:no:{listed}")
    asked = say_many(
        len(words),
        "Unblock {n} word? You can't undo this.",
        "Unblock all {n} words? You can't undo this.",
    )
    return MessageContent(framed([ui.TextDisplay(f"**{asked}**\n{blocked(words)}"), ui.ActionRow(yes, no)]))


def fingerprint(words: Sequence[str]) -> str:
    """Short, and another one for another list."""
    return sha256("\n".join(words).encode()).hexdigest()[:16]
