"""/server pictures: pictures that nobody may start from."""

from pathlib import PurePosixPath
from typing import Any

import discord
from discord import app_commands

from bot.cogs.saved import say_saved
from bot.cogs.server_group import ServerGroup, check_named, guild_of
from bot.errors import Refusal
from bot.interactions.error_handler import MESSAGE_LENGTH
from bot.interactions.given_files import picture_url
from bot.interactions.respond import defer, tell
from bot.locales import say
from bot.requests.inputs import PictureReader
from bot.views.server_rules import blocked_pictures
from bot.views.text import fitting, shown
from generation import fingerprints
from generation.names import is_blank
from generation.sentences import Sentence

Name = app_commands.Range[str, 1, 60]


class ServerPictures(ServerGroup):
    """Blocked pictures. Their fingerprints are kept, the pictures are not."""

    def __init__(self, *, pictures: PictureReader, **others: Any) -> None:
        super().__init__(**others)
        self._pictures = pictures

    @app_commands.command()
    async def pictures(
        self,
        interaction: discord.Interaction,
        add: discord.Attachment | None = None,
        name: Name | None = None,
        remove: Name | None = None,
    ) -> None:
        """Block pictures as a start or as a prompt, or show the blocked ones.

        Args:
            add: Picture to block; it is found resized and saved again, too
            name: Name for it in the list; leave empty to use the name of the file
            remove: Name of the picture to unblock
        """
        if add and remove:
            raise Refusal("Add a picture or remove one, not both.")
        if add:
            await self._block_picture(interaction, add, name)
        elif remove:
            await self._unblock_picture(interaction, remove)
        else:
            check_named(not name)
            known = (await self._rules.of(guild_of(interaction))).blocked_pictures
            text = fitting([blocked_pictures(list(known))], MESSAGE_LENGTH)
            await tell(interaction, text)

    async def _block_picture(
        self, interaction: discord.Interaction, attachment: discord.Attachment, name: str | None
    ) -> None:
        url = picture_url(attachment)
        await defer(interaction, thinking=True)
        async with self._pictures.turn_of(interaction.user.id):
            [picture] = await self._pictures.read([url])
        if not fingerprints.has_detail(picture.fingerprint):
            raise Refusal("This picture is too plain to tell it from others. Choose one with more detail.")
        named = " ".join((name or PurePosixPath(attachment.filename).stem).split())[:60]
        named = named if not is_blank(named) else picture.fingerprint[:8]
        await self._rules.block_picture(guild_of(interaction), named, picture.fingerprint)
        self._audit_log.decided(interaction, Sentence("{person} blocked the picture {name}", name=shown(named, 60)))
        await say_saved(interaction, [say("Now blocked: {names}", names=shown(named, 60))])

    async def _unblock_picture(self, interaction: discord.Interaction, name: str) -> None:
        guild_id = guild_of(interaction)
        if name not in (await self._rules.of(guild_id)).blocked_pictures:
            raise Refusal("“{word}” isn't on the list. Choose from the list.", word=shown(name, 60))
        await self._rules.unblock_picture(guild_id, name)
        self._audit_log.decided(interaction, Sentence("{person} unblocked the picture {name}", name=shown(name, 60)))
        await say_saved(interaction, [say("No longer blocked: {names}", names=shown(name, 60))])

    @pictures.autocomplete("remove")
    async def _blocked_pictures(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        known = (await self._rules.of(guild_of(interaction))).blocked_pictures
        return self.suggested(interaction, ((each, each) for each in known), typed)
