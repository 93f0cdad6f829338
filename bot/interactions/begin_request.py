"""From a Discord interaction to a saved request: check that its answer can be posted, acknowledge, save."""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import discord

from bot import views
from bot.errors import Refusal
from bot.interactions import permissions
from bot.locales.durations import about
from bot.requests.plan import Plan
from bot.requests.submission import Submission
from generation.errors import UserError
from generation.sentences import Sentence
from storage.database import StorageError
from storage.records import Origin

TOKEN_LIFE = timedelta(minutes=14, seconds=30)
"""How long an interaction's token is used. Discord gives 15 minutes; half a minute is left for the way there."""

MOST_BY_TOKEN = 5
"""The most requests of one interaction where the bot is no member. Discord takes an answer and five follow-ups; one of
these is kept for an error."""

FAILURES = (UserError, StorageError, discord.HTTPException)
"""Errors between the acknowledgement and the saved row; the message that waits is removed then."""

Complete = Callable[[], Awaitable[Sequence[Plan]]]


def check_may_post(held: discord.Permissions, channel: object, where: Sentence, *, reply: bool = False) -> None:
    """Raise `Refusal`, naming what is missing, unless the bot can post a picture (as a `reply`) in a channel."""
    if missing := permissions.missing(held, permissions.speaking(channel, files=True, reply=reply)):
        raise Refusal(
            "I can't post pictures {where}. Ask an admin to give me: {missing}.", where=where, missing=missing
        )
    if isinstance(channel, discord.Thread) and channel.locked and not held.manage_threads:
        raise Refusal(
            "I can't post pictures {where}: this thread is locked. Unlock it, or use another channel.", where=where
        )


def is_outside(interaction: discord.Interaction) -> bool:
    """True where the bot is no member and somebody uses their own installation of it: only the interaction's token
    reaches its answers there."""
    if interaction.guild_id is not None:
        return interaction.client.get_guild(interaction.guild_id) is None
    return interaction.context.private_channel


def check_reach(interaction: discord.Interaction, submission: Submission, plans: Sequence[Plan]) -> None:
    """Raise `Refusal` where the bot is no member and could not show all pictures while the token lives."""
    if not is_outside(interaction):
        return
    if len(plans) > MOST_BY_TOKEN:
        raise Refusal(
            "This makes {n} requests. Where I'm not a member I can answer only {most} at once. Ask for fewer, or "
            "send me a direct message.",
            n=len(plans),
            most=MOST_BY_TOKEN,
        )
    seconds = submission.seconds_until(plans)
    if seconds is not None and seconds > TOKEN_LIFE.total_seconds():
        raise Refusal(
            "This would take {time}. Where I'm not a member I can show pictures for 15 minutes only. Ask for less, "
            "or send me a direct message.",
            time=about(seconds),
        )


async def check(
    interaction: discord.Interaction, submission: Submission, plans: Sequence[Plan], *, private: bool
) -> None:
    """Raise `UserError` where budgets do not allow the plans, or their pictures cannot be posted here."""
    await submission.check(plans)
    check_reach(interaction, submission, plans)
    if interaction.guild_id is not None and not is_private(plans, private) and not is_outside(interaction):
        check_may_post(interaction.app_permissions, interaction.channel, Sentence("here"))


def is_private(plans: Sequence[Plan], private: bool) -> bool:
    """True where the command's own option or a flag says so."""
    return private or any(plan.private for plan in plans)


async def begin(
    interaction: discord.Interaction,
    submission: Submission,
    plans: Sequence[Plan],
    *,
    private: bool,
    spoiler: bool = False,
    complete: Complete | None = None,
) -> None:
    """Acknowledge a request, then save and queue it. Its answer is the acknowledgement's message.

    `complete` does what takes time, such as reading given pictures; its plans take the place of these then. Of several
    plans, all but the first answer in messages that follow. Raises `UserError`.
    """
    await check(interaction, submission, plans, private=private)
    private = is_private(plans, private)
    origin = await _acknowledged(interaction, private)
    try:
        if complete is not None:
            plans = await complete()
        origins = [covered(origin, plan, spoiler or any(plan.spoiler for plan in plans)) for plan in plans]
        if len(plans) > 1:
            await _show_start(interaction, plans[0])
        await submission.accept(plans[0], origins[0], with_others=sum(plan.charged for plan in plans[1:]))
    except FAILURES:
        with contextlib.suppress(discord.HTTPException):
            await interaction.delete_original_response()
        raise
    for number, plan in enumerate(plans[1:], start=1):
        content = views.starting(plan.settings, plan.lineage, origin.user_id)
        content.view.stop()
        message = await interaction.followup.send(view=content.view, ephemeral=private, wait=True)
        own = replace(origins[number], key=f"{origin.key}:{number}", message_id=message.id)
        try:
            await submission.accept(plan, own, first=False)
        except FAILURES:
            with contextlib.suppress(discord.HTTPException):
                await message.delete()
            raise


async def _acknowledged(interaction: discord.Interaction, private: bool) -> Origin:
    """Acknowledge an interaction; the origin of its request, with the message that will answer it."""
    acknowledged = await interaction.response.defer(ephemeral=private, thinking=True)
    assert acknowledged is not None
    assert acknowledged.message_id is not None
    assert interaction.channel_id is not None
    return Origin(
        key=f"interaction:{interaction.id}",
        user_id=interaction.user.id,
        channel_id=interaction.channel_id,
        message_id=acknowledged.message_id,
        guild_id=interaction.guild_id,
        private=private,
        token=interaction.token,
        token_expires=interaction.created_at + TOKEN_LIFE,
        file_limit=interaction.filesize_limit,
        token_only=is_outside(interaction),
        locale=interaction.locale.value,
    )


def covered(origin: Origin, plan: Plan, spoiler: bool) -> Origin:
    """The origin with how the plan's pictures are covered."""
    nsfw = plan.nsfw
    return replace(origin, spoiler=spoiler or nsfw.spoiler, guard=nsfw.guard)


async def _show_start(interaction: discord.Interaction, plan: Plan) -> None:
    """Fill the acknowledgement's message, for Discord turns the first follow-up into one that is still empty."""
    content = views.starting(plan.settings, plan.lineage, interaction.user.id)
    content.view.stop()
    await interaction.edit_original_response(view=content.view)
