"""/server lora: which roles may use a LoRA."""

import discord
from discord import app_commands

from bot.cogs.saved import say_saved
from bot.cogs.server_group import ServerGroup, check_named, guild_of
from bot.errors import Refusal
from bot.interactions.error_handler import MESSAGE_LENGTH
from bot.interactions.respond import tell
from bot.locales import say
from bot.views.server_rules import lora_roles
from bot.views.text import fitting, shown
from generation import names
from generation.sentences import Markup, Sentence
from storage.rulebook import Rulebook


class ServerLoras(ServerGroup):
    """Restricts LoRAs to roles."""

    @app_commands.command()
    async def lora(
        self,
        interaction: discord.Interaction,
        name: app_commands.Range[str, 1, 100] | None = None,
        role: discord.Role | None = None,
        allowed: bool = True,
    ) -> None:
        """Let only certain roles use a LoRA, or show which are restricted.

        Args:
            name: LoRA to restrict; everybody can use it until you choose a role
            role: Role that can use it
            allowed: False removes the role from those that can
        """
        book = await self._rules.of(guild_of(interaction))
        if role is None:
            await self._show_loras(interaction, book, name)
            return
        check_named(name)
        assert name is not None
        lora = self._known(book, name)
        await self._rules.allow_lora(guild_of(interaction), lora, role.id, allowed)
        said = Sentence(
            "{person} allowed the LoRA {name} for {role}"
            if allowed
            else "{person} no longer allows the LoRA {name} for {role}",
            name=shown(lora, 60),
            role=Markup(role.mention),
        )
        self._audit_log.decided(interaction, said)
        book = await self._rules.of(guild_of(interaction))
        await say_saved(interaction, [lora_roles(lora, book.lora_roles.get(lora, frozenset()))])

    @lora.autocomplete("name")
    async def _loras(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        restricted = (await self._rules.of(guild_of(interaction))).lora_roles
        known = dict.fromkeys((*(names.key(each.name) for each in self._catalogue.loras), *restricted))
        return self.suggested(interaction, ((each, each) for each in known), typed)

    async def _show_loras(self, interaction: discord.Interaction, book: Rulebook, name: str | None) -> None:
        named = [self._known(book, name)] if name else sorted(book.lora_roles)
        lines = [lora_roles(each, book.lora_roles.get(each, frozenset())) for each in named]
        text = fitting(lines or [say("Everybody can use every LoRA.")], MESSAGE_LENGTH)
        await tell(interaction, text)

    def _known(self, book: Rulebook, name: str) -> str:
        """The name of a LoRA as the rules have it. Raises `Refusal`."""
        lora = names.key(name)
        if lora not in book.lora_roles and lora not in {names.key(each.name) for each in self._catalogue.loras}:
            raise Refusal("There's no LoRA called “{name}”. Choose from the list.", name=shown(name, 60))
        return lora
