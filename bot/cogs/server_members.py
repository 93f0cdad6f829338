"""/server block, unblock and clear: single members."""

from typing import Any

import discord
from discord import app_commands

from bot.cogs.saved import say_saved
from bot.cogs.server_group import ServerGroup, guild_of
from bot.errors import Refusal
from bot.interactions.blocked_members import BlockedMembers
from bot.interactions.error_handler import MESSAGE_LENGTH
from bot.interactions.respond import tell
from bot.locales import say, say_many
from bot.views.text import fitting
from generation.sentences import Counted, Markup, Sentence

LARGEST_ID = 2**63 - 1

UserId = app_commands.Range[str, 1, 25]


class ServerMembers(ServerGroup):
    """Blocks members, also those who have left, and cancels their requests."""

    def __init__(self, *, blocked: BlockedMembers, **others: Any) -> None:
        super().__init__(**others)
        self._blocked = blocked

    @app_commands.command()
    async def block(
        self, interaction: discord.Interaction, member: discord.User | None = None, user_id: UserId | None = None
    ) -> None:
        """Stop a member from using me on this server, or show who is blocked.

        Args:
            member: Member to block
            user_id: Id of somebody who has left
        """
        guild_id, blocked = guild_of(interaction), _chosen(member, user_id)
        if blocked is None:
            await self._list_blocked(interaction)
            return
        if blocked == interaction.user.id:
            raise Refusal("You can't block yourself.")
        if blocked == interaction.application_id:
            raise Refusal("I can't block myself. To stop me for a while, use /server pause.")
        if _manages(interaction, member, blocked):
            raise Refusal("Members who can manage the server can't be blocked.")
        await self._blocked.block(guild_id, blocked)
        self._audit_log.decided(interaction, Sentence("{person} blocked {member}", member=Markup(f"<@{blocked}>")))
        lines = [say("Blocked: {member}", member=f"<@{blocked}>")]
        if unfinished := len(await self._generations.unfinished_in(guild_id, blocked)):
            lines.append(
                say_many(
                    unfinished,
                    "{n} request is still drawn. /server clear cancels it.",
                    "{n} requests are still drawn. /server clear cancels them.",
                )
            )
        await say_saved(interaction, lines)

    @app_commands.command()
    async def unblock(
        self, interaction: discord.Interaction, member: discord.User | None = None, user_id: UserId | None = None
    ) -> None:
        """Let a blocked member use me again, or show who is blocked.

        Args:
            member: Member to unblock
            user_id: Id of somebody who has left; choose from the list
        """
        guild_id, unblocked = guild_of(interaction), _chosen(member, user_id)
        if unblocked is None:
            await self._list_blocked(interaction)
            return
        if (guild_id, unblocked) not in self._blocked:
            raise Refusal("{member} isn't blocked here.", member=Markup(f"<@{unblocked}>"))
        await self._blocked.unblock(guild_id, unblocked)
        self._audit_log.decided(interaction, Sentence("{person} unblocked {member}", member=Markup(f"<@{unblocked}>")))
        await say_saved(interaction, [say("No longer blocked: {member}", member=f"<@{unblocked}>")])

    @unblock.autocomplete("user_id")
    async def _blocked_ids(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        named = ((_name(interaction, each), str(each)) for each in self._blocked.of(guild_of(interaction)))
        return self.suggested(interaction, named, typed)

    @app_commands.command()
    async def clear(self, interaction: discord.Interaction, member: discord.User) -> None:
        """Cancel all unfinished requests of a member on this server.

        Args:
            member: Member whose requests to cancel
        """
        unfinished = await self._generations.unfinished_in(guild_of(interaction), member.id)
        sentence = say_many(
            len(unfinished),
            "Cancelling {n} request of {member}.",
            "Cancelling {n} requests of {member}.",
            member=Markup(member.mention),
        )
        await tell(interaction, sentence)
        for generation in unfinished:
            await self._dispatcher.cancel(generation)
        cancelled = Counted(
            len(unfinished),
            "{person} cancelled {n} request of {member}",
            "{person} cancelled {n} requests of {member}",
            member=Markup(member.mention),
        )
        self._audit_log.decided(interaction, cancelled)

    async def _list_blocked(self, interaction: discord.Interaction) -> None:
        blocked = self._blocked.of(guild_of(interaction))
        lines = [say("Blocked members:"), *(f"- <@{each}> · {each}" for each in blocked)]
        text = fitting(lines if blocked else [say("No members are blocked.")], MESSAGE_LENGTH)
        await tell(interaction, text)


def _chosen(member: discord.User | None, user_id: str | None) -> int | None:
    """The id of whoever is named; None where nobody is. Raises `Refusal` for what is no id."""
    if member and user_id:
        raise Refusal("Choose a member or type an id, not both.")
    if user_id is None:
        return member.id if member else None
    digits = user_id.strip("<@!> ")
    if not (digits.isascii() and digits.isdigit() and 0 < int(digits) <= LARGEST_ID):
        raise Refusal("“{value}” isn't the id of a member. Use digits only.", value=user_id)
    return int(digits)


def _manages(interaction: discord.Interaction, member: discord.User | None, user_id: int) -> bool:
    """True where it is known that somebody may manage the server."""
    known = member if isinstance(member, discord.Member) else None
    if known is None and interaction.guild is not None:
        known = interaction.guild.get_member(user_id)
    owner = interaction.guild is not None and interaction.guild.owner_id == user_id
    return owner or (known is not None and (known.resolved_permissions or known.guild_permissions).manage_guild)


def _name(interaction: discord.Interaction, user_id: int) -> str:
    known = interaction.guild.get_member(user_id) if interaction.guild else None
    return f"{known.display_name} ({user_id})" if known else str(user_id)
