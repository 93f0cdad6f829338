"""/me: all data of one person."""

import re
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.interactions.respond import answer, defer
from bot.locales import say, say_many
from bot.privacy import PersonalData
from bot.views.message import QUIET, MessageContent, framed

DECISION = re.compile("noisefox-forget:(?P<decision>yes|no)")

ROOM = 2**16
"""Bytes that a request needs beside its file."""


class Me(commands.GroupCog, group_name="me", group_description="The data stored about you"):
    """Exports and deletes a person's data."""

    def __init__(self, personal_data: PersonalData) -> None:
        self._personal_data = personal_data

    @app_commands.command()
    async def export(self, interaction: discord.Interaction) -> None:
        """Download all data stored about you."""
        await defer(interaction, thinking=True)
        data, left_out = await self._personal_data.export(interaction.user.id, interaction.filesize_limit - ROOM)
        sentences = [say("Here is all data stored about you.")]
        if left_out:
            sentences.append(
                say_many(
                    left_out,
                    "{n} older picture didn't fit; see /history.",
                    "{n} older pictures didn't fit; see /history.",
                )
            )
        file = discord.File(BytesIO(data), filename="noisefox-data.zip")
        await interaction.edit_original_response(content=" ".join(sentences), attachments=[file])

    @app_commands.command()
    async def forget(self, interaction: discord.Interaction) -> None:
        """Delete all data stored about you for good."""
        yes: ui.Button[Any] = ui.Button(
            label=say("Delete everything"), style=discord.ButtonStyle.danger, custom_id="noisefox-forget:yes"
        )
        no: ui.Button[Any] = ui.Button(label=say("Keep everything"), custom_id="noisefox-forget:no")
        question = say("Delete all your requests, pictures, favourites, styles, looks and settings?")
        more = say("Their messages are deleted too. You can't undo this. Use /me export first to keep a copy.")
        await answer(
            interaction, MessageContent(framed([ui.TextDisplay(f"**{question}**\n{more}"), ui.ActionRow(yes, no)]))
        )

    async def decide(self, interaction: discord.Interaction, match: "re.Match[str]", _: Sequence[str]) -> None:
        """Delete everything, or nothing."""
        if match["decision"] == "yes":
            await defer(interaction)
            count = await self._personal_data.forget(interaction.user.id)
            gone = say_many(
                count,
                "Deleted {n} request and all other data stored about you.",
                "Deleted {n} requests and all other data stored about you.",
            )
            kept = say(
                "For one day the bot still stores how many steps you used and when, for daily limits. Nothing else."
            )
            sentence = f"{gone}\n-# {kept}"
        else:
            await defer(interaction)
            sentence = say("Nothing was deleted.")
        view = framed([ui.TextDisplay(sentence)], QUIET)
        view.stop()
        await interaction.edit_original_response(view=view)
