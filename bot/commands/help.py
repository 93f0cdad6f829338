"""/help"""

import discord
from discord import app_commands
from discord.ext import commands

TEXT = """\
**/imagine** draws what you describe. Only the prompt is needed; every setting is optional.

In the prompt you can also type `--ar 3:2` `--no hands` `--seed 7` `--steps 30` `--cfg 6` `--repeat 3`.

Under a picture, or as a reaction to it:
🔁 the same again with another seed
🔎 enlarge it (the first, by reaction)
❌ delete your own

The same seed, settings and size draw the same picture again.
**/settings** keeps your own defaults.
-# Whoever manages the server has /server."""


class Help(commands.Cog):
    """What the bot can do, short enough for a phone."""

    @app_commands.command()
    async def help(self, interaction: discord.Interaction) -> None:
        """How to draw with Noisefox."""
        await interaction.response.send_message(TEXT, ephemeral=True)
