"""Translates command names and descriptions when discord.py syncs them with Discord."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from bot.locales.languages import LANGUAGES, NAME

_NAMES = (Location.command_name, Location.group_name, Location.parameter_name, Location.choice_name)


class Translator(app_commands.Translator):
    """Looks names and descriptions up in the catalogues; English is the source."""

    async def load(self) -> None:
        """Read the catalogues, before anybody waits for them."""
        _ = LANGUAGES.translated

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContext[Any, Any],
    ) -> str | None:
        language = LANGUAGES.translated.get(locale.value)
        if language is None:  # of most of Discord's locales, and each start asks for thousands of texts in all of them
            return None
        return language.found(string.message, NAME if context.location in _NAMES else None)
