"""/help"""

import discord
from discord import app_commands
from discord.ext import commands

from bot.locales import say
from generation.sentences import Sentence

PARTS = (
    Sentence("**/imagine** draws what you describe. Only the prompt is needed."),
    Sentence(
        "\nIn it you can type `--ar 3:2` `--no hands` `--seed 7` `--steps 30` `--cfg 6` `--repeat 3`, and "
        "`{red, blue} fox` for one of each; `--style NAME` for one of your presets, `--private`, `--spoiler`."
    ),
    Sentence(
        "\n**Under a picture:** 🔁 again with another seed · 🎲 much like it · 🔎 larger · ✏️ other words or settings · "
        "⭐ favourite · ❌ delete your own. **More…** has shapes, zoom, pan and trials."
    ),
    Sentence("**/blend** makes one picture of two to four."),
    Sentence("**As a reaction:** 🔁 🔎 ⭐ ❌, and ✉️ sends it to you."),
    Sentence("**Right click or long press → Apps:** settings of any picture, start from it."),
    Sentence(
        "\n**/history** **/favourites** **/show** find pictures · **/queue** what waits · **/styles** your presets"
    ),
    Sentence("**/settings** your defaults · **/models** what draws · **/me** your data"),
    Sentence(
        "\n**To learn:** **/what** a setting does · **/explain** how a picture is drawn · **/compare** values side by "
        "side · **/seed** the noise itself"
    ),
    Sentence(
        "-# The same seed, settings and size draw the same picture again. Whoever manages the server has /server."
    ),
)


class Help(commands.Cog):
    """What the bot can do, short enough for a phone."""

    @app_commands.command()
    async def help(self, interaction: discord.Interaction) -> None:
        """How to draw with Noisefox."""
        await interaction.response.send_message("\n".join(map(say, PARTS)), ephemeral=True)
