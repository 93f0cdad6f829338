"""/look: characters and looks, saved as pictures and words under a name."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.attachments import encode
from bot.cogs import option_types
from bot.delivery.audit_log import AuditLog
from bot.delivery.cleanup import Cleanup
from bot.errors import Refusal
from bot.interactions.error_handler import MESSAGE_LENGTH
from bot.interactions.given_files import picture_url
from bot.interactions.requester import requester_of
from bot.interactions.respond import answer, defer, tell
from bot.locales import say
from bot.policy.look_book import find, includes, may_save
from bot.policy.request_context import ContextLoader, RequestContext
from bot.requests.inputs import PictureReader
from bot.requests.look_rules import NONE, check_room, check_text
from bot.views.look import card, listed
from bot.views.text import fitting, shown
from generation import names
from generation.catalogue import Catalogue
from generation.sentences import Sentence
from storage.images import Images
from storage.look_records import Audience, Look
from storage.looks import Looks

Name = app_commands.Range[str, 1, 32]
Words = app_commands.Range[str, 1, 500]


class LookCommands(commands.GroupCog, group_name="look", group_description="Characters and looks for your prompts"):
    """Saves looks, and shows them to those who may use them."""

    def __init__(
        self,
        *,
        looks: Looks,
        contexts: ContextLoader,
        images: Images,
        pictures: PictureReader,
        catalogue: Catalogue,
        cleanup: Cleanup,
        audit_log: AuditLog,
    ) -> None:
        self._looks = looks
        self._contexts = contexts
        self._images = images
        self._pictures = pictures
        self._catalogue = catalogue
        self._cleanup = cleanup
        self._audit_log = audit_log

    @app_commands.command()
    async def save(
        self,
        interaction: discord.Interaction,
        name: Name,
        picture: discord.Attachment | None = None,
        second_picture: discord.Attachment | None = None,
        third_picture: discord.Attachment | None = None,
        fourth_picture: discord.Attachment | None = None,
        words: Words | None = None,
        lora: str | None = None,
        visible_to: Literal["only-me", "server"] = "only-me",
        role: discord.Role | None = None,
    ) -> None:
        """Save or change a look, such as a character; --look NAME in a prompt draws with it.

        Args:
            name: Name of the look
            picture: Picture of it
            second_picture: Another picture of it (optional)
            third_picture: Another picture of it (optional)
            fourth_picture: Another picture of it (optional)
            words: Words that describe it; they are added to the prompt
            lora: LoRA of it, for models that can't look at pictures
            visible_to: Who can use it: only you, or everybody on this server
            role: Only members with this role can use it
        """
        given = [each for each in (picture, second_picture, third_picture, fourth_picture) if each is not None]
        urls = [picture_url(each) for each in given]
        context = await self._contexts.load(requester_of(interaction))
        look = Look(0, name, _audience(interaction, visible_to, role), (words or "").strip(), self._lora(lora, context))
        check_text(look, context)
        if not may_save(context.rulebook, context.requester) and not _manages(interaction):
            raise Refusal("You need another role to save looks on this server. A server manager can allow yours.")
        guild_id = look.audience.guild_id
        guild = [] if guild_id is None else await self._looks.of_guild(guild_id)
        own = await self._looks.of_user(look.audience.owner_id)
        is_change = check_room(context, replace(look, files=tuple(urls)), own, guild)
        await defer(interaction, thinking=True)
        saved = await self._keep(context, look, urls)
        await self._cleanup.remove_files()
        if saved.audience.guild_id is not None:
            said = Sentence("{person} saved the look {name}", name=shown(saved.name, 32))
            self._audit_log.decided(interaction, said)
        done = say("Changed.") if is_change else say("Saved.")
        await tell(interaction, f"{done} {listed(saved, interaction.user.id)}")

    @app_commands.command(name="list")
    async def list_(self, interaction: discord.Interaction) -> None:
        """Show the looks that you can use here."""
        requester = requester_of(interaction)
        around = await self._looks.around(interaction.user.id, interaction.guild_id)
        usable = [each for each in around if includes(each.audience, requester)]
        usable.sort(key=lambda each: each.audience.owner_id != interaction.user.id)
        here, others = interaction.guild_id, [each for each in around if each not in usable]
        lines = [f"- {listed(each, interaction.user.id)}" for each in usable]
        if not lines:
            context = await self._contexts.load(requester)
            saves_none = context.host_limits.looks == 0
            lines = [f"- {say(NONE) if saves_none else say('none yet: save one with /look save')}"]
        managed = [f"- {listed(each, interaction.user.id)}" for each in others if each.audience.guild_id == here]
        if managed and _manages(interaction):
            lines += [say("Looks of roles that you don't have, which you can delete as a manager:"), *managed]
        elsewhere = [f"- **{shown(each.name, 32)}**" for each in others if each.audience.guild_id != here]
        if elsewhere:
            lines += [say("Your looks that only work on other servers:"), *elsewhere]
        await tell(interaction, fitting([say("Looks that you can use here:"), *lines], MESSAGE_LENGTH))

    @app_commands.command()
    async def show(self, interaction: discord.Interaction, name: Name) -> None:
        """Show the pictures and words of a look.

        Args:
            name: Look to show
        """
        look = find(await self._visible(interaction), interaction.user.id, name)
        await defer(interaction, thinking=True)
        small = []
        for file in look.files:
            try:
                small.append(await asyncio.to_thread(encode.thumbnail, await self._images.read(file)))
            except FileNotFoundError:
                continue
        context = await self._contexts.load(requester_of(interaction))
        await answer(interaction, card(look, small, interaction.user.id, covered=context.covers_given))

    @app_commands.command()
    async def delete(self, interaction: discord.Interaction, name: Name) -> None:
        """Delete a look; pictures that were drawn with it stay as they are.

        Args:
            name: Look to delete
        """
        look = find(await self._deletable(interaction), interaction.user.id, name)
        await self._looks.delete(look.id)
        await self._cleanup.remove_files()
        if look.audience.guild_id is not None:
            said = Sentence("{person} deleted the look {name}", name=shown(look.name, 32))
            self._audit_log.decided(interaction, said)
        await tell(interaction, f"{say('Deleted:')} {listed(look, interaction.user.id)}")

    @save.autocomplete("lora")
    async def _loras(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        context = await self._contexts.load(requester_of(interaction))
        known = (each.name for each in self._catalogue.loras if context.may_use(each.name))
        return option_types.choices((each, each) for each in known if names.key(typed) in names.key(each))

    @show.autocomplete("name")
    async def _shown_names(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return option_types.matching_looks(await self._visible(interaction), typed)

    @delete.autocomplete("name")
    async def _deletable_names(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return option_types.matching_looks(await self._deletable(interaction), typed)

    async def _visible(self, interaction: discord.Interaction) -> list[Look]:
        """The looks that a person may use here; a server manager sees all of the server."""
        requester = requester_of(interaction)
        return await self._found(interaction, lambda audience: includes(audience, requester))

    async def _deletable(self, interaction: discord.Interaction) -> list[Look]:
        """A person's own looks, wherever they are for, and for a server manager those of the server."""
        return await self._found(interaction, lambda audience: audience.owner_id == interaction.user.id)

    async def _found(self, interaction: discord.Interaction, may: Callable[[Audience], bool]) -> list[Look]:
        around = await self._looks.around(interaction.user.id, interaction.guild_id)
        managed = interaction.guild_id if _manages(interaction) else None
        return [
            each for each in around if may(each.audience) or (managed is not None and each.audience.guild_id == managed)
        ]

    def _lora(self, name: str | None, context: RequestContext) -> str:
        """The name of a LoRA that a person may use. Raises `Refusal`."""
        if name is None:
            return ""
        known = (each.name for each in self._catalogue.loras if context.may_use(each.name))
        found = next((each for each in known if names.key(each) == names.key(name)), None)
        if found is None:
            raise Refusal("There's no LoRA called “{name}”. Choose from the list.", name=shown(name, 60))
        return found

    async def _keep(self, context: RequestContext, look: Look, urls: Sequence[str]) -> Look:
        """Read the pictures and save a look with them. Raises `UserError`."""
        user_id = context.requester.user_id
        async with self._pictures.turn_of(user_id):
            pictures = await self._pictures.read(urls)
            context.check_pictures(each.fingerprint for each in pictures)
            async with self._images.together() as images:
                files = [await images.keep(each.png, user_id) for each in pictures]
                fingerprints = tuple(each.fingerprint for each in pictures)
                look = replace(look, files=tuple(files), fingerprints=fingerprints)
                return await self._looks.save(look, partial(check_room, context, look))


def _audience(interaction: discord.Interaction, visible_to: str, role: discord.Role | None) -> Audience:
    """Who may use a look. Raises `Refusal` for a server's look outside of one."""
    if visible_to == "only-me" and role is None:
        return Audience(interaction.user.id)
    if interaction.guild_id is None:
        raise Refusal("There's no server here to share with. Save the look for yourself, or use /look save there.")
    is_everybody = role is None or role.id == interaction.guild_id
    return Audience(interaction.user.id, interaction.guild_id, None if is_everybody or role is None else role.id)


def _manages(interaction: discord.Interaction) -> bool:
    return interaction.guild_id is not None and interaction.permissions.manage_guild
