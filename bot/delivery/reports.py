"""Reported pictures: posted in the log channel of their server, once for each person."""

from io import BytesIO

import aiohttp
import discord

from bot.attachments.finished import DISCORD_FILE_BYTES, FinishedFiles
from bot.errors import Refusal
from bot.locales import addressing, say
from bot.views.text import link_to
from generation.sentences import Sentence
from storage.records import Generation
from storage.reports import Reports
from storage.server_rules import ServerRules

ALREADY = Sentence("You have already reported this picture.")


class ReportPosts:
    """Posts reports. A report is saved once it is posted; until then, it can be made again."""

    def __init__(
        self, *, client: discord.Client, rules: ServerRules, reports: Reports, finished_files: FinishedFiles
    ) -> None:
        self._client = client
        self._rules = rules
        self._reports = reports
        self._finished_files = finished_files
        self._on_the_way: set[tuple[int, int]] = set()

    async def report(self, generation: Generation, user_id: int) -> None:
        """Show a picture to the moderators of its server. Raises `Refusal` where they cannot see it, or a second time.

        Only the picture of a public request can be reported: nobody else sees others.
        """
        key = (user_id, generation.id)
        guild_id = generation.origin.guild_id
        if guild_id is None or generation.origin.private:
            raise Refusal("Only public pictures on a server can be reported.")
        if key in self._on_the_way:
            raise Refusal(ALREADY)
        self._on_the_way.add(key)
        try:
            if await self._reports.knows(*key):
                raise Refusal(ALREADY)
            channel_id = await self._rules.log_channel_of(guild_id)
            if channel_id is None:
                raise Refusal("This server has no log channel for reports. Tell a moderator yourself.")
            await self._post(generation, guild_id, channel_id, user_id)
            await self._reports.add(*key)
        finally:
            self._on_the_way.discard(key)

    async def _post(self, generation: Generation, guild_id: int, channel_id: int, user_id: int) -> None:
        guild = self._client.get_guild(guild_id)
        with addressing(guild.preferred_locale if guild else None):
            text = say(
                "🚩 {person} reported a picture by {owner} in {channel}: {link}",
                person=f"<@{user_id}>",
                owner=f"<@{generation.origin.user_id}>",
                channel=f"<#{generation.origin.channel_id}>",
                link=link_to(generation),
            )
        pictures = await self._finished_files.of(generation, guild.filesize_limit if guild else DISCORD_FILE_BYTES)
        files = [
            discord.File(BytesIO(each.data), f"noisefox-{generation.id}-{each.index}.{each.ending}", spoiler=True)
            for each in pictures
        ]
        try:
            channel = self._client.get_partial_messageable(channel_id)
            await channel.send(text, files=files, suppress_embeds=True)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as failure:
            raise Refusal("I can't post in this server's log channel. Tell a moderator yourself.") from failure
