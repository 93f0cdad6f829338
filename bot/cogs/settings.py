"""/settings: the defaults of one person."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import discord
from discord import app_commands, ui

from bot.cogs import option_types
from bot.cogs.defaults_cog import DefaultsCog
from bot.cogs.saved import BOTH, say_saved
from bot.errors import Refusal
from bot.interactions.error_handler import MESSAGE_LENGTH
from bot.interactions.respond import answer, change, tell
from bot.locales import say
from bot.locales.plain import plain
from bot.prompts import flags
from bot.views.message import QUIET, MessageContent, framed
from bot.views.text import fitting, shown, written
from generation.catalogue import Catalogue
from generation.sentences import Sentence
from generation.settings import PartialSettings, label
from storage.people import People
from storage.preferences import Preferences
from storage.records import ANY_MODEL, Defaults, PersonalSettings

Suffix = app_commands.Range[str, 0, 500]

DECISION = re.compile("noisefox-settings:(?P<decision>yes|no)")

HINTS_OFF, GALLERY_OFF = Sentence("hints off"), Sentence("in galleries: no")
POSTED_STAYS = Sentence("Pictures that are posted already stay. Delete removes them.")

ROOM = 3500
"""Characters of the list in the question before a reset."""

SHOWN = 60
"""The most characters of a value that are shown."""


class Settings(DefaultsCog, group_name="settings", group_description="Your defaults for /imagine"):
    """A person's own defaults, which outweigh the server's."""

    def __init__(self, *, preferences: Preferences, people: People, catalogue: Catalogue) -> None:
        super().__init__(catalogue)
        self._preferences = preferences
        self._people = people

    async def prefer(self, interaction: discord.Interaction, model: str, changes: PartialSettings) -> Iterable[str]:
        await self._preferences.prefer_for_user(interaction.user.id, model, changes)
        return [listed(changes)]

    async def show_defaults(self, interaction: discord.Interaction, model: str | None) -> None:
        await self._show(interaction)

    async def _show(self, interaction: discord.Interaction) -> None:
        defaults = await self._preferences.of_user(interaction.user.id)
        own = await self._people.personal_settings(interaction.user.id)
        off = [say(switch) for switch, on in ((HINTS_OFF, own.hints), (GALLERY_OFF, own.gallery)) if not on]
        lines = [*_lines(own, defaults), *off]
        text = fitting([say("Your settings:"), *(f"- {line}" for line in lines)], MESSAGE_LENGTH)
        await tell(interaction, text)

    @app_commands.command()
    async def show(self, interaction: discord.Interaction) -> None:
        """Show your defaults."""
        await self._show(interaction)

    @app_commands.command()
    async def suffix(self, interaction: discord.Interaction, text: Suffix = "", remove: bool = False) -> None:
        """Add words and flags to the end of each of your prompts.

        Args:
            text: For example: soft light --cfg 6; leave empty to see the current ones
            remove: True removes them
        """
        if not text.strip() and not remove:
            current = (await self._people.personal_settings(interaction.user.id)).suffix
            await tell(interaction, _suffix(current))
            return
        if text and remove:
            raise Refusal(BOTH)
        flags.read(f"prompt {text}")
        changed = await self._people.change_personal_settings(interaction.user.id, suffix=text.strip())
        await say_saved(interaction, [_suffix(changed.suffix)])

    @app_commands.command()
    async def model(self, interaction: discord.Interaction, name: str = "", remove: bool = False) -> None:
        """Choose your default model.

        Args:
            name: Model to use; leave empty to see the current one
            remove: True goes back to the server's default
        """
        if not name and not remove:
            current = (await self._people.personal_settings(interaction.user.id)).model
            await tell(interaction, _model(current))
            return
        if name and remove:
            raise Refusal(BOTH)
        model = self._catalogue.get(name).name if name else ""
        changed = await self._people.change_personal_settings(interaction.user.id, model=model)
        await say_saved(interaction, [_model(changed.model)])

    @model.autocomplete("name")
    async def _own_models(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return option_types.matching_models(self._catalogue, typed)

    @app_commands.command()
    async def notify(self, interaction: discord.Interaction, by: Literal["message", "reply", "nothing"]) -> None:
        """Choose how you are told that your picture is done.

        Args:
            by: A direct message, a reply that mentions you, or nothing
        """
        changed = await self._people.change_personal_settings(
            interaction.user.id, tell_when_done=by == "message", reply_when_done=by == "reply"
        )
        await say_saved(interaction, [_notice(changed)])

    @app_commands.command()
    async def hints(self, interaction: discord.Interaction, on: bool) -> None:
        """Turn hints about unusual settings on or off; you get at most one a day.

        Args:
            on: True turns hints on, False turns them off
        """
        await self._people.change_personal_settings(interaction.user.id, hints=on)
        await say_saved(interaction, [say("hints on") if on else say(HINTS_OFF)])

    @app_commands.command()
    async def gallery(self, interaction: discord.Interaction, on: bool) -> None:
        """Choose whether servers may show your pictures in their galleries.

        Args:
            on: True lets them, False keeps your pictures out from now on
        """
        await self._people.change_personal_settings(interaction.user.id, gallery=on)
        await say_saved(interaction, [say("in galleries: yes")] if on else [say(GALLERY_OFF), say(POSTED_STAYS)])

    @app_commands.command()
    async def reset(self, interaction: discord.Interaction) -> None:
        """Reset your defaults, model, suffix and notifications."""
        defaults = await self._preferences.of_user(interaction.user.id)
        own = await self._people.personal_settings(interaction.user.id)
        if not defaults.by_model and own == PersonalSettings(hints=own.hints, gallery=own.gallery):
            await tell(interaction, say("There's nothing to reset."))
            return
        yes: ui.Button[Any] = ui.Button(
            label=say("Reset everything"), style=discord.ButtonStyle.danger, custom_id="noisefox-settings:yes"
        )
        no: ui.Button[Any] = ui.Button(label=say("Keep everything"), custom_id="noisefox-settings:no")
        question = say("Reset all your settings? You can't undo this. You would lose:")
        text = fitting([f"**{question}**", *(f"- {line}" for line in _lines(own, defaults))], ROOM)
        await answer(interaction, MessageContent(framed([ui.TextDisplay(text), ui.ActionRow(yes, no)])))

    async def decide_reset(self, interaction: discord.Interaction, match: "re.Match[str]", _: Sequence[str]) -> None:
        """Reset a person's settings, or leave them."""
        if match["decision"] == "yes":
            await self._forget(interaction)
        sentence = say("Reset.") if match["decision"] == "yes" else say("Nothing was changed.")
        await change(interaction, MessageContent(framed([ui.TextDisplay(sentence)], QUIET)))

    async def _forget(self, interaction: discord.Interaction) -> None:
        await self._preferences.forget_user(interaction.user.id)
        await self._people.change_personal_settings(
            interaction.user.id, suffix="", tell_when_done=False, reply_when_done=False, model=""
        )


def _lines(own: PersonalSettings, defaults: Defaults) -> list[str]:
    """One line for each setting that a reset takes away."""
    lines = [_model(own.model)] if own.model else []
    lines += [_suffix(own.suffix)] if own.suffix else []
    lines += [_notice(own)] if own.tell_when_done or own.reply_when_done else []
    return [*lines, *defaults_lines(defaults)]


def defaults_lines(defaults: Defaults) -> list[str]:
    """One line for each model that has defaults."""
    lines = [
        f"{say('every model') if model == ANY_MODEL else shown(model, SHOWN)}: {listed(partial)}"
        for model, partial in sorted(defaults.by_model.items())
        if partial.given()
    ]
    return lines or [say("no defaults set")]


def _model(name: str) -> str:
    return say("default model: {name}", name=plain(name) if name else Sentence("the server's"))


def _suffix(suffix: str) -> str:
    return say("after each prompt: {suffix}", suffix=shown(suffix, 500) if suffix else Sentence("nothing"))


def _notice(own: PersonalSettings) -> str:
    if own.reply_when_done:
        return say("a reply that mentions you when a picture is done")
    return say("a direct message when a picture is done") if own.tell_when_done else say("no notice")


def listed(partial: PartialSettings) -> str:
    """Settings and their values on one line."""
    return ", ".join(f"{say(label(name))} {written(value, SHOWN) or '—'}" for name, value in partial.given().items())
