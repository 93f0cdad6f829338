"""Translates command names and descriptions when discord.py syncs them with Discord."""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import TranslationContextLocation as Location

from bot.locales.languages import LANGUAGES

_NAMES = (Location.command_name, Location.group_name, Location.parameter_name, Location.choice_name)


class Translator(app_commands.Translator):
    """Looks names and descriptions up in the catalogues; English is the source."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContext[Any, Any],
    ) -> str | None:
        language = LANGUAGES.get(locale.value)
        if language is None:
            return None
        if context.location in _NAMES:
            return language.catalogue.names.get(string.message)
        translation = language.catalogue.sentences.get(string.message)
        return translation if isinstance(translation, str) else None
