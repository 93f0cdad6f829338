"""Answers to an interaction."""

import discord

from bot.views.message import MessageContent, files_of


async def answer(interaction: discord.Interaction, content: MessageContent) -> None:
    """Answer privately; where the answer was deferred, fill it."""
    content.view.stop()
    if interaction.response.is_done():
        await interaction.edit_original_response(view=content.view, attachments=files_of(content))
        return
    await interaction.response.send_message(view=content.view, files=files_of(content), ephemeral=True)
