"""/help"""

import discord
from discord import app_commands
from discord.ext import commands

from bot.interactions.respond import tell
from bot.locales import say
from generation.sentences import Sentence

PARTS = (
    Sentence("**/imagine** draws what you describe. Only the prompt is needed."),
    Sentence(
        "\n**Flags:** `--ar 3:2` `--no hands` `--seed 7` `--repeat 3` `--style NAME` "
        "`--private` `--spoiler`. `{red, blue} fox` draws both, `{red|blue}` one of them, `__list__` a word of a list; "
        "`[fox:wolf:0.4]` switches midway."
    ),
    Sentence(
        "\n**Under a picture:** 🔁 Re-roll · 🎲 Vary · 🔎 Upscale · ✏️ Remix: change it · ⭐ Favourite · "
        "❌ Delete your own · 🚩 Report. **More…** has shapes, zoom, pan and comparisons."
    ),
    Sentence("**/edit** a picture, **/blend** several, **/describe** one to get prompts."),
    Sentence("**As a reaction:** 🔁 re-rolls, 🔎 enlarges, ⭐ keeps, ❌ deletes, ✉️ sends you the picture."),
    Sentence("**Right-click or long-press → Apps:** see the settings of any picture, or start from it."),
    Sentence(
        "\n**/history** **/favourites** **/show** find pictures · **/queue** what is waiting · **/styles** **/look** "
        "styles, looks"
    ),
    Sentence("**/settings** your defaults · **/models** the models · **/me** your data"),
    Sentence(
        "\n**To learn:** **/what** a setting does · **/explain** how a picture is drawn · **/compare** values · "
        "**/seed** noise"
    ),
    Sentence("-# Same prompt, seed and settings: same picture. Server managers use /server."),
)


class Help(commands.Cog):
    """Lists what the bot can do, short enough for a phone."""

    @app_commands.command()
    async def help(self, interaction: discord.Interaction) -> None:
        """Learn how to draw with Noisefox."""
        await tell(interaction, "\n".join(map(say, PARTS)))
