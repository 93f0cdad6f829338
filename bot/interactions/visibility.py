"""Which requests somebody may see from here, and how pictures of one place are shown in another."""

from dataclasses import replace

import discord

from bot.errors import Refusal
from bot.interactions.requester import is_age_restricted
from generation.catalogue import Catalogue
from storage.records import Generation, NsfwPolicy, Origin
from storage.server_rules import ServerRules


async def is_visible(interaction: discord.Interaction, origin: Origin) -> bool:
    """True for a public request of this channel, or of another channel of this server that the person can view."""
    if origin.private:
        return False
    if origin.channel_id == interaction.channel_id:
        return True
    guild, person = interaction.guild, interaction.user
    if guild is None or guild.id != origin.guild_id or not isinstance(person, discord.Member):
        return False
    channel = guild.get_channel_or_thread(origin.channel_id)
    return channel is not None and await can_view(channel, person)


async def can_view(channel: discord.abc.GuildChannel | discord.Thread, member: discord.Member) -> bool:
    """True where a member can look into a channel."""
    if isinstance(channel, discord.Thread) and channel.parent is None:
        return False
    permissions = channel.permissions_for(member)
    if isinstance(channel, discord.Thread) and channel.is_private() and not permissions.manage_threads:
        return permissions.view_channel and await _is_invited(channel, member)
    return permissions.view_channel


async def _is_invited(thread: discord.Thread, member: discord.Member) -> bool:
    try:
        await thread.fetch_member(member.id)
    except discord.HTTPException:
        return False
    return True


class Visibility:
    """Decides how a picture is shown here, wherever it was drawn."""

    def __init__(self, *, rules: ServerRules, catalogue: Catalogue) -> None:
        self._rules = rules
        self._catalogue = catalogue

    async def of(self, interaction: discord.Interaction, generation: Generation) -> Generation:
        """A request as it may be shown where somebody asks. Raises `Refusal` where none of it may be seen."""
        return await self.in_place(generation, interaction.guild_id, is_age_restricted(interaction.channel))

    async def in_place(self, generation: Generation, guild_id: int | None, age_restricted: bool) -> Generation:
        """A request as it may be shown in a channel. Raises `Refusal` where none of it may be seen.

        An age-restricted channel shows all of it. Elsewhere the stricter of two policies applies: this server's,
        and the one of the place where it was drawn.
        """
        origin = generation.origin
        if not generation.pictures:
            return generation
        if age_restricted:
            return _guarded(generation, NsfwPolicy.OFF)
        if guild_id is None or self._is_harmless(generation):
            return generation
        policy = (await self._rules.of(guild_id)).nsfw
        if origin.guard is not NsfwPolicy.OFF:
            return _guarded(generation, max(origin.guard, policy, key=list(NsfwPolicy).index))
        if policy is NsfwPolicy.BLOCK:
            raise Refusal("This picture wasn't checked. You can only see it in age-restricted channels.")
        return replace(generation, origin=replace(origin, spoiler=origin.spoiler or policy is NsfwPolicy.SPOILER))

    def _is_harmless(self, generation: Generation) -> bool:
        drawn = generation.cells or (generation.settings,)
        known = {each.model for each in drawn} & set(self._catalogue.names)
        return all(each.model in known and self._catalogue.get(each.model).harmless for each in drawn)


def _guarded(generation: Generation, guard: NsfwPolicy) -> Generation:
    return replace(generation, origin=replace(generation.origin, guard=guard))
