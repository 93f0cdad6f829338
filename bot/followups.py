"""What people do with a picture that is there: re-roll, upscale, delete, cancel; by button or by reaction."""

import contextlib
import logging

import discord

from bot import layouts
from bot.asker import Asker
from bot.asking import asker_in, asker_of, begin, check_may_post, sending_in
from bot.buttons import Press, PressKind
from bot.errors import Refusal, sentence_for
from bot.intake import Intake, Plan
from bot.posts import Posts
from bot.studio import Studio
from generation.errors import UserError
from storage.generations import AlreadyAsked, Generations
from storage.records import Generation, Origin

log = logging.getLogger(__name__)

REACTIONS = {"🔁": PressKind.REROLL, "🔎": PressKind.UPSCALE, "🔍": PressKind.UPSCALE, "❌": PressKind.DELETE}

_FORGOTTEN = "I do not know this picture any more. Ask for a new one with /imagine."


class Followups:
    """Presses and reactions. Anyone may re-roll and upscale, as a request of their own; cancel and delete are for the
    owner and for moderators."""

    def __init__(
        self, *, client: discord.Client, intake: Intake, studio: Studio, generations: Generations, posts: Posts
    ) -> None:
        self._client = client
        self._intake = intake
        self._studio = studio
        self._generations = generations
        self._posts = posts

    async def press(self, interaction: discord.Interaction, press: Press) -> None:
        """Answer a press on one of our buttons, however old. Raises `UserError` for what is refused."""
        generation = await self._generations.get(press.generation_id)
        if generation is None:
            raise Refusal(_FORGOTTEN)
        moderates = interaction.permissions.manage_messages and interaction.guild_id is not None
        match press.kind:
            case PressKind.CANCEL:
                _check_owner(generation, interaction.user.id, moderates, "cancel")
                await interaction.response.defer()
                await self._studio.cancel(generation)
            case PressKind.DELETE:
                _check_owner(generation, interaction.user.id, moderates, "delete")
                await interaction.response.defer()
                await self._studio.delete(generation)
                with contextlib.suppress(discord.NotFound):
                    await interaction.delete_original_response()
            case _:
                plan = await self._plan(asker_of(interaction), generation, press)
                await begin(interaction, self._intake, plan, private=generation.origin.private)

    async def react(self, payload: discord.RawReactionActionEvent) -> None:
        """Act on a reaction to one of our messages. A refusal goes to the person, by direct message."""
        kind = REACTIONS.get(payload.emoji.name.removesuffix("\N{VARIATION SELECTOR-16}"))
        if kind is None or self._client.user is None or payload.user_id == self._client.user.id:
            return
        generation = await self._generations.by_message(payload.message_id)
        if generation is None or (payload.member is not None and payload.member.bot):
            return
        try:
            await self._act(payload, generation, Press(kind, generation.id))
        except (UserError, discord.HTTPException) as failure:
            log.info("a reaction to message %s had no effect: %s", payload.message_id, failure)
            await self._whisper(payload.user_id, sentence_for(failure))

    async def _act(self, payload: discord.RawReactionActionEvent, generation: Generation, press: Press) -> None:
        if press.kind is PressKind.DELETE:
            permissions = self._permissions(payload)
            _check_owner(generation, payload.user_id, bool(permissions and permissions.manage_messages), "delete")
            if generation.state.unfinished:
                raise Refusal("It is still being drawn. Press Cancel on it instead.")
            await self._studio.delete(generation)
            await self._posts.remove(generation.origin)
            return
        key = f"reaction:{payload.message_id}:{payload.user_id}:{press.kind}"
        if await self._generations.knows(key):
            return
        self._check_channel(payload)
        person = payload.member or discord.Object(payload.user_id)
        asker = asker_in(person, payload.guild_id, self._channel(payload) or discord.Object(payload.channel_id))
        plan = await self._plan(asker, generation, press)
        await self._begin_by_reply(payload, plan, key)

    async def _plan(self, asker: Asker, generation: Generation, press: Press) -> Plan:
        if press.kind is PressKind.UPSCALE:
            return await self._intake.upscale(asker, generation, press.picture)
        return await self._intake.reroll(asker, generation)

    async def _begin_by_reply(self, payload: discord.RawReactionActionEvent, plan: Plan, key: str) -> None:
        """There is no interaction to answer: a reply becomes the request's message."""
        starting = layouts.starting(plan.settings, plan.lineage, payload.user_id)
        message = await self._posts.reply(payload.channel_id, payload.message_id, starting)
        origin = Origin(key, payload.user_id, payload.channel_id, message.id, payload.guild_id)
        try:
            await self._intake.accept(plan, origin)
        except (AlreadyAsked, UserError) as reason:
            await self._posts.remove(origin)
            if isinstance(reason, UserError):
                raise

    def _check_channel(self, payload: discord.RawReactionActionEvent) -> None:
        """A reaction makes the bot speak: both it and the person must be allowed to, in that channel."""
        channel, permissions = self._channel(payload), self._permissions(payload)
        if channel is None:
            return
        check_may_post(channel.permissions_for(channel.guild.me), channel, f"in #{channel.name}", reply=True)
        if permissions and not (permissions.use_application_commands and getattr(permissions, sending_in(channel))):
            raise Refusal(f"You cannot ask for pictures in #{channel.name}.")

    def _permissions(self, payload: discord.RawReactionActionEvent) -> discord.Permissions | None:
        """What the person may do where they reacted; None outside of servers."""
        channel = self._channel(payload)
        return channel.permissions_for(payload.member) if channel and payload.member else None

    def _channel(self, payload: discord.RawReactionActionEvent) -> discord.abc.GuildChannel | discord.Thread | None:
        guild = self._client.get_guild(payload.guild_id) if payload.guild_id else None
        channel = guild.get_channel_or_thread(payload.channel_id) if guild else None
        return None if isinstance(channel, discord.Thread) and channel.parent is None else channel

    async def _whisper(self, user_id: int, sentence: str) -> None:
        try:
            user = await self._client.fetch_user(user_id)
            await user.send(sentence)
        except (discord.Forbidden, discord.NotFound):
            log.info("user %s takes no direct messages", user_id)


def _check_owner(generation: Generation, user_id: int, moderates: bool, verb: str) -> None:
    if user_id != generation.origin.user_id and not moderates:
        raise Refusal(f"Only the person who asked for it, or a moderator, can {verb} it.")
