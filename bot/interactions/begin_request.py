"""From a Discord interaction to a saved request: check that its answer can be posted, save, acknowledge."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import discord

from bot.errors import Refusal
from bot.interactions import permissions
from bot.interactions.respond import LOST, AnsweredElsewhere, sent_first
from bot.locales.durations import about
from bot.requests.plan import Plan
from bot.requests.submission import Submission
from generation.sentences import Sentence
from storage.records import Answer, Origin

log = logging.getLogger(__name__)

TOKEN_LIFE = timedelta(minutes=14, seconds=30)
"""How long an interaction's token is used. Discord gives 15 minutes; half a minute is left for the way there."""

MOST_BY_TOKEN = 5
"""The most requests of one interaction where the bot is no member. Discord takes an answer and five follow-ups; one of
these is kept for an error."""


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
    check_place(interaction, submission, plans, private=private)


def check_place(
    interaction: discord.Interaction, submission: Submission, plans: Sequence[Plan], *, private: bool
) -> None:
    """Raise `Refusal` where the pictures of the plans cannot be posted here."""
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
    key: str = "",
) -> None:
    """Save requests, acknowledge them, then go on with them in the background.

    The first answers in the acknowledgement's message, others in messages that follow. `key` names what is asked for,
    where that may be asked by more than one interaction. Raises `UserError`, `AlreadyAsked`
    and `AnsweredElsewhere`.
    """
    check_place(interaction, submission, plans, private=private)
    private = is_private(plans, private)
    spoiler = spoiler or any(plan.spoiler for plan in plans)
    origin = origin_of(interaction, key or f"interaction:{interaction.id}", private, spoiler)
    others = (replace(origin, key=f"{origin.key}:{n}", answer=Answer.FOLLOW_UP) for n in range(1, len(plans)))
    saved = await submission.save(plans, [origin, *others])
    try:
        acknowledged = await sent_first(lambda: interaction.response.defer(ephemeral=private, thinking=True))
    except (discord.NotFound, AnsweredElsewhere):
        await submission.withdraw(saved)
        raise
    except (discord.HTTPException, *LOST) as failure:
        log.warning(
            "it is not known whether interaction %s is acknowledged: %s", interaction.id, type(failure).__name__
        )
        submission.go_on(saved)
        return
    assert acknowledged is not None
    assert acknowledged.message_id is not None
    submission.acknowledged(saved, acknowledged.message_id)


def origin_of(interaction: discord.Interaction, key: str, private: bool, spoiler: bool) -> Origin:
    """The origin of a request that an interaction makes, answered by its acknowledgement."""
    assert interaction.channel_id is not None
    return Origin(
        key=key,
        user_id=interaction.user.id,
        channel_id=interaction.channel_id,
        guild_id=interaction.guild_id,
        private=private,
        spoiler=spoiler,
        token=interaction.token,
        token_expires=interaction.created_at + TOKEN_LIFE,
        file_limit=interaction.filesize_limit,
        token_only=is_outside(interaction),
        locale=interaction.locale.value,
    )
