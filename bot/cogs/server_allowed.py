"""/server allow and /server remove: which models, channels and roles the rules name."""

import discord
from discord import app_commands

from bot.cogs import listed_rules, option_types
from bot.cogs.listed_rules import ListedRule
from bot.cogs.server_group import Channel, ServerGroup, guild_of
from bot.errors import Refusal
from bot.interactions.error_handler import MESSAGE_LENGTH
from bot.interactions.respond import tell
from bot.locales import say
from bot.locales.plain import plain
from bot.views.server_rules import allowed as allowed_ones
from bot.views.server_rules import gallery, log_channel
from bot.views.text import fitting
from generation.sentences import Sentence
from storage.rulebook import Kind

SHOWN = {Kind.MODEL: "{}", Kind.CHANNEL: "<#{}>", Kind.ROLE: "<@&{}>", Kind.LOOK: "<@&{}>"}


class ServerAllowed(ServerGroup):
    """What is allowed, and what is listed."""

    @app_commands.command()
    async def allow(
        self,
        interaction: discord.Interaction,
        model: str | None = None,
        channel: Channel | None = None,
        role: discord.Role | None = None,
        looks: discord.Role | None = None,
        allowed: bool = True,
    ) -> None:
        """Allow only certain models, channels or roles (all until you choose one), or show the allowed ones.

        Args:
            model: Model that members can use
            channel: Channel that members can draw in
            role: Role that can draw
            looks: Role that can save looks; server managers always can
            allowed: False removes it from the allowed ones
        """
        chosen = {
            Kind.MODEL: model and (self.model_named(model) if allowed else model),
            Kind.CHANNEL: channel and str(channel.id),
            Kind.ROLE: role and str(role.id),
            Kind.LOOK: looks and str(looks.id),
        }
        if not any(chosen.values()):
            book = await self._rules.of(guild_of(interaction))
            shown = [allowed_ones(book, kind, self._catalogue.names) for kind in Kind]
            await tell(interaction, fitting([f"- {line}" for line in shown], MESSAGE_LENGTH))
            return
        for kind, name in chosen.items():
            if name:
                await self._rules.allow(guild_of(interaction), kind, name, allowed)
                said = Sentence(
                    "{person} allowed: {name}" if allowed else "{person} no longer allows: {name}",
                    name=SHOWN[kind].format(name),
                )
                self._audit_log.decided(interaction, said)
        book = await self._rules.of(guild_of(interaction))
        changed = [allowed_ones(book, kind, self._catalogue.names) for kind, name in chosen.items() if name]
        await self.saved(interaction, changed)

    @app_commands.command()
    async def remove(self, interaction: discord.Interaction, listed: app_commands.Range[str, 1, 100]) -> None:
        """Remove a model, channel or role from the rules, even one that was deleted.

        Args:
            listed: What to remove; choose from the list
        """
        guild_id = guild_of(interaction)
        log_before = await self._rules.log_channel_of(guild_id)
        chosen = [each for each in await self._listed(interaction) if each.is_meant_by(listed)]
        if not chosen:
            raise Refusal("The rules don't list that. Choose from the list.")
        for each in chosen:
            match each.matter:
                case listed_rules.RULES:
                    await self._rules.forget(guild_id, int(each.name))
                case listed_rules.LORA:
                    role, _, lora = each.name.partition(":")
                    await self._rules.allow_lora(guild_id, lora, int(role), False)
                case listed_rules.LOG:
                    await self._rules.log_to(guild_id, None)
                case listed_rules.GALLERY:
                    await self._rules.show_starred(guild_id, None)
                case kind:
                    await self._rules.allow(guild_id, Kind(kind), each.name, False)
            self._audit_log.decided(interaction, Sentence("{person} removed: {name}", name=each.label), log_before)
        book = await self._rules.of(guild_id)
        removed = say("Removed: {names}", names=[plain(each.label) for each in chosen])
        changed: dict[str, str] = {
            listed_rules.RULES: removed,
            listed_rules.LORA: removed,
            listed_rules.LOG: log_channel(book.log_channel_id),
            listed_rules.GALLERY: gallery(book.gallery_channel_id, book.gallery_stars),
            **{kind.value: allowed_ones(book, kind, self._catalogue.names) for kind in Kind},
        }
        await self.saved(interaction, [changed[each] for each in dict.fromkeys(each.matter for each in chosen)])

    @allow.autocomplete("model")
    async def _allowable(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return option_types.matching_models(self._catalogue, typed)

    @remove.autocomplete("listed")
    async def _removable(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        found = await self._listed(interaction)
        return self.suggested(interaction, ((each.label, each.value) for each in found), typed)

    async def _listed(self, interaction: discord.Interaction) -> list[ListedRule]:
        guild_id = guild_of(interaction)
        return list(listed_rules.listed_rules(await self._rules.of(guild_id), interaction.guild, guild_id))
