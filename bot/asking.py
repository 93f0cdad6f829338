"""From a Discord interaction to a request: who asks, whether the answer can be posted, and which message it is."""

from datetime import timedelta

import discord

from bot.intake import Asker, Intake, Plan, Refusal
from storage.generations import AlreadyAsked
from storage.records import Origin

TOKEN_LIFE = timedelta(minutes=14, seconds=30)
"""Discord gives 15 minutes; the rest is for the way there."""

_NEEDED = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "attach_files": "Attach Files",
}


def asker_of(interaction: discord.Interaction) -> Asker:
    return Asker(interaction.user.id, interaction.guild_id)


def check_may_post(permissions: discord.Permissions, where: str) -> None:
    """Raise `Refusal`, naming what is missing, unless a picture can be posted with these permissions."""
    missing = [label for name, label in _NEEDED.items() if not getattr(permissions, name)]
    if missing:
        raise Refusal(f"I cannot post pictures {where}: an admin must give me the permission {' and '.join(missing)}.")


async def begin(interaction: discord.Interaction, intake: Intake, plan: Plan, *, private: bool) -> None:
    """Acknowledge an accepted request, then save and queue it: its answer is the acknowledgement's message."""
    if interaction.guild_id is not None and not private:
        check_may_post(interaction.app_permissions, "here")
    acknowledged = await interaction.response.defer(ephemeral=private, thinking=True)
    assert acknowledged is not None
    assert acknowledged.message_id is not None
    assert interaction.channel_id is not None
    origin = Origin(
        key=f"interaction:{interaction.id}",
        user_id=interaction.user.id,
        channel_id=interaction.channel_id,
        message_id=acknowledged.message_id,
        guild_id=interaction.guild_id,
        private=private,
        token=interaction.token,
        token_expires=interaction.created_at + TOKEN_LIFE,
    )
    try:
        await intake.accept(plan, origin)
    except AlreadyAsked:
        return
