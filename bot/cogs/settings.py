"""/settings: the defaults of one person."""

from typing import Literal

import discord
from discord import app_commands

from bot.cogs import option_types
from bot.cogs.defaults_cog import DefaultsCog
from bot.interactions.error_handler import MESSAGE_LENGTH
from bot.locales import say
from bot.prompts import flags
from bot.views.plain import plain
from bot.views.text import fitting, shown
from generation.catalogue import Catalogue
from generation.sentences import Sentence
from generation.settings import PartialSettings, label
from storage.people import People
from storage.preferences import Preferences
from storage.records import ANY_MODEL, Defaults

Suffix = app_commands.Range[str, 0, 500]

SHOWN = 60
"""The most characters of a value that are shown."""


class Settings(DefaultsCog, group_name="settings", group_description="Your defaults for /imagine"):
    """A person's own defaults, which outweigh the server's."""

    def __init__(self, *, preferences: Preferences, people: People, catalogue: Catalogue) -> None:
        super().__init__(catalogue)
        self._preferences = preferences
        self._people = people

    async def prefer(self, interaction: discord.Interaction, model: str, changes: PartialSettings) -> None:
        await self._preferences.prefer_for_user(interaction.user.id, model, changes)

    async def answer(self, interaction: discord.Interaction, first: str = "") -> None:
        defaults = await self._preferences.of_user(interaction.user.id)
        personal_settings = await self._people.personal_settings(interaction.user.id)
        lines = (
            [f"- {say('default model: {name}', name=plain(personal_settings.model))}"]
            if personal_settings.model
            else []
        )
        lines += (
            [f"- {say('after each prompt: {suffix}', suffix=shown(personal_settings.suffix, 500))}"]
            if personal_settings.suffix
            else []
        )
        lines += [f"- {say('a direct message when a picture is done')}"] if personal_settings.tell_when_done else []
        lines += [] if personal_settings.hints else [f"- {say('hints off')}"]
        if personal_settings.reply_when_done:
            lines.append(f"- {say('a reply that mentions you when a picture is done')}")
        text = fitting([f"{first} {say('Your settings:')}".strip(), *lines, *defaults_lines(defaults)], MESSAGE_LENGTH)
        await interaction.response.send_message(text, ephemeral=True, suppress_embeds=True)

    @app_commands.command()
    async def show(self, interaction: discord.Interaction) -> None:
        """Show your defaults."""
        await self.answer(interaction)

    @app_commands.command()
    async def suffix(self, interaction: discord.Interaction, text: Suffix = "") -> None:
        """Add words and flags to the end of each of your prompts.

        Args:
            text: For example: soft light --cfg 6; leave empty to remove it
        """
        flags.read(f"prompt {text}")
        await self._people.change_personal_settings(interaction.user.id, suffix=text.strip())
        await self.answer(interaction, say("Saved."))

    @app_commands.command()
    async def model(self, interaction: discord.Interaction, name: str = "") -> None:
        """Choose your default model.

        Args:
            name: Model to use; leave empty for the server's default
        """
        await self._people.change_personal_settings(
            interaction.user.id, model=self._catalogue.get(name).name if name else ""
        )
        await self.answer(interaction, say("Saved."))

    @model.autocomplete("name")
    async def _own_models(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return option_types.matching_models(self._catalogue, typed)

    @app_commands.command()
    async def notify(self, interaction: discord.Interaction, by: Literal["message", "reply", "nothing"]) -> None:
        """Choose how you are told that your picture is done.

        Args:
            by: A direct message, a reply that mentions you, or nothing
        """
        await self._people.change_personal_settings(
            interaction.user.id, tell_when_done=by == "message", reply_when_done=by == "reply"
        )
        await self.answer(interaction, say("Saved."))

    @app_commands.command()
    async def hints(self, interaction: discord.Interaction, on: bool) -> None:
        """Turn hints about unusual settings on or off; you get at most one a day.

        Args:
            on: True turns hints on, False turns them off
        """
        await self._people.change_personal_settings(interaction.user.id, hints=on)
        await self.answer(interaction, say("Saved."))

    @app_commands.command()
    async def reset(self, interaction: discord.Interaction) -> None:
        """Reset your defaults, model, suffix and notifications."""
        await self._preferences.forget_user(interaction.user.id)
        await self._people.change_personal_settings(
            interaction.user.id, suffix="", tell_when_done=False, reply_when_done=False, model=""
        )
        await self.answer(interaction, say("Reset."))


def defaults_lines(defaults: Defaults) -> list[str]:
    """One line for each model that has defaults."""
    lines = [
        f"- {say('every model') if model == ANY_MODEL else shown(model, SHOWN)}: {_listed(partial)}"
        for model, partial in sorted(defaults.by_model.items())
        if partial.given()
    ]
    return lines or [f"- {say('no defaults set')}"]


def _listed(partial: PartialSettings) -> str:
    return ", ".join(f"{say(label(name))} {_written(value)}" for name, value in partial.given().items())


def _written(value: object) -> str:
    if isinstance(value, float):
        return say(Sentence("{value:g}", value=value))
    return shown(str(value), SHOWN) or "—"
