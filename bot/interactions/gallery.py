"""The gallery of a server: what enough people star is posted there, once."""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import replace

import aiohttp
import discord

from bot.attachments.finished import FinishedFiles
from bot.delivery.cleanup import Cleanup
from bot.delivery.messages import NOT_SHOWN, EditFailed, EditForbidden, Messages
from bot.errors import Refusal
from bot.interactions.blocked_members import BlockedMembers
from bot.interactions.drawing_places import Place, place_of, with_permissions
from bot.interactions.requester import is_age_restricted
from bot.interactions.visibility import Visibility
from bot.locales import addressing
from bot.policy import blocked_words
from bot.views import gallery as views
from generation.jobs import JobState
from storage.database import StorageError
from storage.gallery import GalleryPosts
from storage.generations import Generations
from storage.people import People
from storage.records import GalleryPost, Generation, Origin
from storage.server_rules import ServerRules

log = logging.getLogger(__name__)

STAR = "⭐"

LOOKED_AT = 100
"""People who starred a picture, of whom its owner and bots don't count."""

MOST_STARS = 50
"""The most that a server may ask for; those who don't count have room beside them in `LOOKED_AT`."""


class Gallery:
    """Posts starred pictures. Nobody is told of what fails: that is for the log.

    A post is noted before it is made. What Discord didn't take, or what a crash came between, is looked for in the
    channel and made again by `resume`; Discord itself takes it once within a few minutes, for its nonce.
    """

    def __init__(
        self,
        *,
        client: discord.Client,
        rules: ServerRules,
        blocked: BlockedMembers,
        generations: Generations,
        people: People,
        posts: GalleryPosts,
        visibility: Visibility,
        finished_files: FinishedFiles,
        messages: Messages,
        cleanup: Cleanup,
    ) -> None:
        self._client = client
        self._rules = rules
        self._blocked = blocked
        self._generations = generations
        self._people = people
        self._posts = posts
        self._visibility = visibility
        self._finished_files = finished_files
        self._messages = messages
        self._cleanup = cleanup
        self._counting: dict[int, bool] = {}
        """Requests whose stars are being counted, and whether another star came meanwhile."""
        self._at_work: set[int] = set()
        """Requests that are being posted here."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False

    def starred(self, generation: Generation) -> None:
        """Post a request soon, if enough people have starred its message. Stars of one message are counted one after
        the other; many at once are counted together."""
        if generation.id in self._counting:
            self._counting[generation.id] = True
        elif not self._is_closed:
            self._counting[generation.id] = True
            self._start(self._count(generation))

    async def _count(self, generation: Generation) -> None:
        try:
            while self._counting[generation.id]:
                self._counting[generation.id] = False
                await self._post_if_due(generation)
        except (discord.HTTPException, aiohttp.ClientError, OSError, StorageError) as failure:
            log.info("the stars of request %s were not counted: %s", generation.id, failure)
        finally:
            del self._counting[generation.id]

    async def resume(self) -> None:
        """Go on with what is noted and not known to be posted, in the background, once the bot knows its servers."""
        if not self._tasks and not self._is_closed:
            self._start(self._resume())

    async def close(self) -> None:
        """Leave what is not posted to the next start."""
        self._is_closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work, name="post in galleries")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _resume(self) -> None:
        await self._client.wait_until_ready()
        try:
            for post in await self._posts.unposted():
                if post.generation_id not in self._at_work:
                    await self._make(post, may_be_there=True)
        except StorageError as failure:
            log.warning("posts in galleries are made later: %s", failure)

    async def _post_if_due(self, generation: Generation) -> None:
        guild_id = generation.origin.guild_id
        book = await self._rules.of(guild_id) if guild_id else None
        if book is None or book.gallery_channel_id is None or await self._posts.knows(generation.id):
            return
        if await self._as_shown(generation, book.gallery_channel_id) is None:
            return
        if await self._stars(generation.origin, book.gallery_stars) < book.gallery_stars:
            return
        self._at_work.add(generation.id)
        try:
            if await self._posts.claim(generation.id, book.gallery_channel_id):
                await self._make(GalleryPost(generation.id, book.gallery_channel_id))
        finally:
            self._at_work.discard(generation.id)

    async def _stars(self, origin: Origin, enough: int) -> int:
        """How many people have starred a message, without its owner and bots; not counted on where all stars together
        are fewer than `enough`. Discord is asked, for stars come and go while the bot is away."""
        channel = self._client.get_partial_messageable(origin.channel_id, guild_id=origin.guild_id)
        message = await channel.fetch_message(origin.message_id)
        stars = next((each for each in message.reactions if is_star(str(each.emoji))), None)
        if stars is None or stars.count < enough:
            return 0
        people = {each.id async for each in stars.users(limit=LOOKED_AT) if not each.bot}
        return len(people - {origin.user_id})

    async def _make(self, post: GalleryPost, *, may_be_there: bool = False) -> None:
        """Make a post that is noted, unless it `may_be_there` and is found."""
        try:
            message_id = await self._message(post, may_be_there=may_be_there)
            if message_id is None:
                await self._posts.drop(post)
            else:
                self._cleanup.remove_soon(await self._posts.posted(post, message_id))
        except EditFailed as failure:
            log.info("request %s is posted in the gallery later: %s", post.generation_id, failure)

    async def _message(self, post: GalleryPost, *, may_be_there: bool) -> int | None:
        """The message of a post, found or made; None where it may not be made. Raises `EditFailed` where that is not
        known, or may work later."""
        place = Origin(key="", user_id=0, channel_id=post.channel_id)
        try:
            if may_be_there and (found := await self._messages.showing(place, views.mark(post.generation_id))):
                return found
            generation = await self._generations.get(post.generation_id)
            shown = await self._as_shown(generation, post.channel_id) if generation else None
            if shown is None:
                return None
            place = replace(place, guild_id=shown.origin.guild_id)
            pictures = await self._finished_files.of(shown, self._messages.room(place))
            if not pictures:
                return None
            guild = self._client.get_guild(shown.origin.guild_id or 0)
            with addressing(guild.preferred_locale if guild else None):
                content = views.starred(shown, pictures)
            return await self._messages.post(place, content, f"gallery:{shown.id}", reply_to=0)
        except EditForbidden as refusal:
            log.info("request %s may not be posted in its gallery: %s", post.generation_id, refusal)
        except EditFailed:
            raise
        except NOT_SHOWN as refusal:
            log.info("request %s is not posted in its gallery: %s", post.generation_id, refusal)
        return None

    async def _as_shown(self, generation: Generation, channel_id: int) -> Generation | None:
        """A request as it may be shown in a gallery channel; None where it may not be."""
        origin = generation.origin
        if generation.state is not JobState.COMPLETED or origin.needs_token or await self._is_blocked(generation):
            return None
        if origin.channel_id == channel_id or not (await self._people.personal_settings(origin.user_id)).gallery:
            return None
        drawn_in = place_of(self._client, origin.guild_id, origin.channel_id)
        gallery = place_of(self._client, origin.guild_id, channel_id)
        if drawn_in is None or gallery is None or not _may_follow(drawn_in, gallery):
            return None
        try:
            shown = await self._visibility.in_place(generation, origin.guild_id, is_age_restricted(gallery))
        except Refusal:
            return None
        return shown if shown.shown else None

    async def _is_blocked(self, generation: Generation) -> bool:
        """True where the server has blocked the member meanwhile, or a word or a person of the prompt."""
        guild_id = generation.origin.guild_id or 0
        if (guild_id, generation.origin.user_id) in self._blocked:
            return True
        book = await self._rules.of(guild_id)
        return any(
            blocked_words.asked_for(book.blocked_words, each)
            or blocked_words.person_asked_for(book.blocked_people, each)
            for each in (generation.settings, *generation.cells)
        )


def is_star(emoji: str) -> bool:
    """True for a star, with or without its variation selector."""
    return emoji.removesuffix("\N{VARIATION SELECTOR-16}") == STAR


def _may_follow(drawn_in: Place, gallery: Place) -> bool:
    """True where a gallery shows nobody what they could not see where it was drawn: neither age-restricted pictures,
    nor those of a channel that one of its roles can't view."""
    if is_age_restricted(drawn_in) and not is_age_restricted(gallery):
        return False
    if isinstance(drawn_in, discord.Thread) and drawn_in.is_private():
        return False
    source, target = with_permissions(drawn_in), with_permissions(gallery)
    if source is None or target is None:
        return False
    return all(_views(source, role) for role in gallery.guild.roles if _views(target, role))


def _views(place: Place, role: discord.Role) -> bool:
    channel = place.parent if isinstance(place, discord.Thread) else place
    return channel is not None and channel.permissions_for(role).view_channel
