"""/server gallery: the channel for pictures that members star."""

import discord
from discord import app_commands

from bot.cogs.saved import BOTH
from bot.cogs.server_group import ServerGroup, guild_of
from bot.errors import Refusal
from bot.interactions import permissions
from bot.interactions.gallery import MOST_STARS
from bot.interactions.respond import tell
from bot.locales import say
from bot.views import server_rules
from generation.sentences import Counted, Markup, Sentence
from storage.records import GALLERY_STARS


class ServerGallery(ServerGroup):
    """The gallery channel."""

    @app_commands.command()
    async def gallery(
        self,
        interaction: discord.Interaction,
        channel: discord.TextChannel | None = None,
        stars: app_commands.Range[int, 1, MOST_STARS] | None = None,
        remove: bool = False,
    ) -> None:
        """Post pictures that members react to with ⭐ in a channel, once.

        Args:
            channel: Channel to post in; leave empty to see the current one
            stars: People who react before a picture is posted, without its owner; 3 unless you say otherwise
            remove: True turns the gallery off
        """
        guild_id = guild_of(interaction)
        book = await self._rules.of(guild_id)
        if remove and (channel or stars):
            raise Refusal(BOTH)
        if remove:
            await self._rules.show_starred(guild_id, None)
            self._audit_log.decided(interaction, Sentence("{person} turned the gallery off"))
            await self.saved(interaction, [server_rules.gallery(None)])
            return
        if channel is None and stars is None:
            await tell(interaction, server_rules.gallery(book.gallery_channel_id, book.gallery_stars))
            return
        channel_id = channel.id if channel else book.gallery_channel_id
        if channel_id is None:
            raise Refusal("This server has no gallery yet. Choose its channel, too.")
        if channel:
            _check_may_post(channel)
        wanted = stars or (book.gallery_stars if book.gallery_channel_id else GALLERY_STARS)
        await self._rules.show_starred(guild_id, channel_id, wanted)
        self._audit_log.decided(
            interaction,
            Sentence(
                "{person} made {channel} the gallery, from {stars}",
                channel=Markup(f"<#{channel_id}>"),
                stars=Counted(wanted, "{n} star", "{n} stars"),
            ),
        )
        lines = [server_rules.gallery(channel_id, wanted)]
        if channel and channel.nsfw:
            lines.append(say("This channel is age-restricted: it shows pictures without the NSFW filter."))
        await self.saved(interaction, lines)


def _check_may_post(channel: discord.TextChannel) -> None:
    """Raise `Refusal` unless the bot may post pictures in a channel, and find them again."""
    needed = permissions.speaking(channel, files=True, reply=True)
    if missing := permissions.missing(channel.permissions_for(channel.guild.me), needed):
        raise Refusal(
            "I can't post in {channel}. Give me these permissions there: {missing}.",
            channel=Markup(channel.mention),
            missing=missing,
        )
