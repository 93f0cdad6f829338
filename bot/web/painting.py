"""What a page may show, and a request from what it sends: under the same rules as a press on a button."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import discord

from bot.attachments.finished import FinishedFiles, PictureFile
from bot.delivery.audit_log import AuditLog
from bot.errors import Refusal
from bot.interactions.bans import Bans
from bot.interactions.client import Client, Closing
from bot.interactions.drawing_places import check_may_draw, place_of
from bot.interactions.requester import requester_in
from bot.interactions.visibility import Visibility
from bot.policy.blocked_content import BlockedContent
from bot.policy.request_context import ContextLoader
from bot.policy.requester import Requester
from bot.requests.canvas_room import CanvasRoom
from bot.requests.derived_plans import GONE
from bot.requests.edits import Edits
from bot.requests.inputs import PictureReader
from bot.requests.plan import Plan
from bot.requests.submission import Submission
from bot.web.grants import Grant
from bot.web.submitted import Submitted
from generation.painted import PaintedCanvas
from generation.sentences import Sentence
from storage.generations import AlreadyAsked, Generations
from storage.images import Images
from storage.records import Generation, Origin

SHOWN_BYTES = 4 * 2**20
"""The most that the picture on a page may have; a larger one is compressed."""

USED = Sentence("This was drawn already: look in the chat. Press “Vary region” again to draw something else.")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a page is made of: the prompt of the picture, and how far it can be extended."""

    prompt: str
    room: CanvasRoom


class Painting:
    """Shows pictures to whom a grant names, and draws parts of them anew. It raises `UserError` for what is refused."""

    def __init__(
        self,
        *,
        client: Client,
        banned: Bans,
        contexts: ContextLoader,
        edits: Edits,
        submission: Submission,
        pictures: PictureReader,
        images: Images,
        generations: Generations,
        finished_files: FinishedFiles,
        visibility: Visibility,
        audit_log: AuditLog,
        now: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._banned = banned
        self._contexts = contexts
        self._edits = edits
        self._submission = submission
        self._pictures = pictures
        self._images = images
        self._generations = generations
        self._finished_files = finished_files
        self._visibility = visibility
        self._audit_log = audit_log
        self._now = now

    async def sheet(self, grant: Grant) -> Sheet:
        """The page of a grant that was not used yet."""
        generation = await self._granted(grant, grant.requester)
        context = await self._contexts.load(grant.requester)
        room = self._edits.room(context, generation, grant.picture)
        return Sheet(generation.settings.of_picture(grant.picture).prompt, room)

    async def picture(self, grant: Grant) -> PictureFile:
        """The picture of a grant, as it may be shown to its person."""
        generation = await self._granted(grant, grant.requester)
        file = await self._finished_files.one(generation, grant.picture, SHOWN_BYTES)
        if file is None:
            raise Refusal(GONE)
        return file

    async def take(self, grant: Grant, submitted: Submitted) -> None:
        """Save a request, then go on with it in the background; its message follows the one with the link."""
        if not self._client.takes_requests:
            raise Closing
        try:
            saved = await self._save(grant, submitted)
        except AlreadyAsked:
            raise Refusal(USED) from None
        except BlockedContent as refusal:
            origin = grant.origin
            self._audit_log.refused(origin.guild_id, origin.channel_id, origin.user_id, refusal)
            raise
        self._submission.go_on(saved)

    async def _save(self, grant: Grant, submitted: Submitted) -> list[Generation]:
        requester = await self._requester(grant)
        generation = await self._granted(grant, requester)
        context = await self._contexts.load(requester)
        plan, canvas = self._edits.painted(context, generation, grant.picture, submitted.margins, submitted.words)
        origin = grant.origin
        origin = replace(origin, private=origin.private or plan.private, spoiler=origin.spoiler or plan.spoiler)
        self._check_time(origin, plan)
        await self._submission.check([plan])
        async with self._pictures.turn_of(origin.user_id), self._images.together() as images:
            plan = await self._with_inputs(plan, canvas, submitted.mask, images)
            return await self._submission.save([plan], [origin])

    async def _with_inputs(self, plan: Plan, canvas: PaintedCanvas, mask: bytes, images: Images) -> Plan:
        try:
            picture = await self._images.read(plan.files.image or "")
        except FileNotFoundError:
            raise Refusal(GONE) from None
        inputs = await self._pictures.painted(picture, mask, canvas)
        files = plan.files
        for role, png in inputs.given():
            files = files.with_file(role, await images.keep(png, plan.context.requester.user_id))
        return replace(plan, files=files)

    async def _granted(self, grant: Grant, requester: Requester) -> Generation:
        """The request of a grant, as it may be shown now. Raises `UserError`."""
        origin = grant.origin
        self._banned.check(origin.user_id, origin.guild_id)
        if await self._generations.knows(origin.key):
            raise Refusal(USED)
        generation = await self._generations.get(grant.generation_id)
        if generation is None or not generation.is_open_to(origin.user_id):
            raise Refusal(GONE)
        shown = await self._visibility.in_place(generation, origin.guild_id, requester.age_restricted)
        if not any(each.index == grant.picture and each.file for each in shown.shown):
            raise Refusal(GONE)
        return shown

    async def _requester(self, grant: Grant) -> Requester:
        """The person as they are now; as they were where the bot is no member. Raises `Refusal` for whoever may not
        draw there any more."""
        origin = grant.origin
        guild = self._client.get_guild(origin.guild_id) if origin.guild_id else None
        place = place_of(self._client, origin.guild_id, origin.channel_id)
        if guild is None or place is None:
            return grant.requester
        try:
            member = await guild.fetch_member(origin.user_id)
        except discord.NotFound:
            raise Refusal("You are no longer a member of {server}.", server=guild.name) from None
        except discord.HTTPException:
            return grant.requester
        if not origin.needs_token:
            check_may_draw(place, member)
        return requester_in(member, origin.guild_id, place)

    def _check_time(self, origin: Origin, plan: Plan) -> None:
        """Raise `Refusal` where only the link's own token can show the picture, and it would come too late."""
        seconds = self._submission.seconds_until([plan]) or 0.0
        end = self._now() + timedelta(seconds=seconds)
        if origin.needs_token and origin.token_expires is not None and end > origin.token_expires:
            raise Refusal("There's too little time left to show the picture. Press “Vary region” under it again.")
