"""/server reset: back to the host's values, of one setting, one place, or everything."""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import discord
from discord import app_commands, ui

from bot.cogs.server_group import Channel, ServerGroup, check_manages, guild_of, mention_of, mentions_in, scope_of
from bot.cogs.server_limits import SETTINGS
from bot.interactions.respond import answer, change, tell
from bot.locales import addressing, say
from bot.views.message import QUIET, MessageContent, framed
from bot.views.server_reset import what_is_lost
from bot.views.text import fitting
from generation.sentences import Markup, Sentence
from generation.settings import label

DECISION = re.compile("noisefox-reset:(?P<decision>yes|no):(?P<listed>[0-9a-f]{16})")

ROOM = 3500
"""Characters of the list in the question."""


class ServerReset(ServerGroup):
    """Resets rules. Before all of them are reset, it lists what would be lost and asks."""

    @app_commands.command()
    @app_commands.choices(setting=SETTINGS)
    async def reset(
        self,
        interaction: discord.Interaction,
        channel: Channel | None = None,
        role: discord.Role | None = None,
        setting: app_commands.Choice[str] | None = None,
    ) -> None:
        """Reset rules to the host's values.

        Args:
            channel: Reset only the rules of this channel
            role: Reset only the rules of this role
            setting: Reset only this setting, for the channel or role, or else for the server
        """
        if not (channel or role or setting):
            await answer(interaction, await self._question(interaction))
            return
        scope, place = scope_of(interaction, channel, role), channel or role
        known = (await self._rules.of(guild_of(interaction))).rules
        if not any(key.scope == scope and (not setting or key.setting == setting.value) for key in known):
            await tell(interaction, say("There are no rules to reset."))
            return
        self._audit_log.decided(interaction, _reset(place, setting.value if setting else None))
        await self._rules.forget(guild_of(interaction), scope, setting.value if setting else None)
        parts = [say("Reset."), mention_of(place), say(label(setting.value)) if setting else None]
        await tell(interaction, " · ".join(filter(None, parts)))

    async def decide_reset(self, interaction: discord.Interaction, match: "re.Match[str]", _: Sequence[str]) -> None:
        """Reset everything, or nothing; ask again where the rules are no longer those that were listed."""
        check_manages(interaction)
        if match["decision"] == "no":
            await _say(interaction, say("Nothing was changed."))
            return
        if match["listed"] != await self._fingerprint(interaction):
            await change(interaction, await self._question(interaction))
            return
        log_channel = await self._rules.log_channel_of(guild_of(interaction))
        await self._rules.forget(guild_of(interaction))
        self._audit_log.decided(interaction, Sentence("{person} reset all rules to the host's values"), log_channel)
        await _say(interaction, say("Reset."))

    async def _question(self, interaction: discord.Interaction) -> MessageContent:
        lines = await self._lost(interaction)
        if not lines:
            return MessageContent(framed([ui.TextDisplay(say("There are no rules to reset."))], QUIET))
        listed = await self._fingerprint(interaction)
        yes: ui.Button[Any] = ui.Button(
            label=say("Reset everything"), style=discord.ButtonStyle.danger, custom_id=f"noisefox-reset:yes:{listed}"
        )
        no: ui.Button[Any] = ui.Button(label=say("Keep everything"), custom_id=f"noisefox-reset:no:{listed}")
        question = say("Reset all rules of this server? You can't undo this. You would lose:")
        text = fitting([f"**{question}**", *(f"- {line}" for line in lines)], ROOM)
        return MessageContent(framed([ui.TextDisplay(text), ui.ActionRow(yes, no)]))

    async def _fingerprint(self, interaction: discord.Interaction) -> str:
        """Short, and another one for other rules, whoever reads them."""
        with addressing("en-US"):
            lines = await self._lost(interaction)
        return sha256("\n".join(lines).encode()).hexdigest()[:16]

    async def _lost(self, interaction: discord.Interaction) -> list[str]:
        return list(what_is_lost(await self._rules.of(guild_of(interaction)), mentions_in(interaction)))


async def _say(interaction: discord.Interaction, sentence: str) -> None:
    await change(interaction, MessageContent(framed([ui.TextDisplay(sentence)], QUIET)))


def _reset(place: Channel | discord.Role | None, setting: str | None) -> Sentence:
    """The line of the audit log for the reset of a part."""
    if setting and place:
        return Sentence(
            "{person} removed a rule of {place} for: {setting}", place=Markup(place.mention), setting=label(setting)
        )
    if setting:
        return Sentence("{person} removed a rule of this server for: {setting}", setting=label(setting))
    return Sentence("{person} removed the rules of {place}", place=mention_of(place))
