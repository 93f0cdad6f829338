"""Which requests somebody may know of: those that `/show` would show them, and on a message only its own."""

from datetime import datetime

import discord

from bot.errors import Refusal
from bot.interactions.visibility import can_view, is_visible
from bot.views.custom_ids import Press
from generation.sentences import Sentence
from storage.generations import Generations
from storage.people import People
from storage.records import Generation

FORGOTTEN = Sentence("This picture no longer exists. Draw a new one with /imagine.")

FROM_BEFORE = Sentence("This picture is from before my records begin, so I don't know it any more. Draw a new one.")


class Sight:
    """Finds requests by their numbers, as far as the person of an interaction may know of them.

    A custom id proves nothing: it may be of an older message, from before the database was replaced by a new one.
    """

    def __init__(self, *, generations: Generations, people: People) -> None:
        self._generations = generations
        self._people = people

    async def pressed(self, interaction: discord.Interaction, number: int) -> Generation:
        """The request with a number that a button or form names. Raises `Refusal` for one that is not of this message,
        or that the person may not know of."""
        generation = await self._generations.get(number)
        if generation is None or not generation.is_open_to(interaction.user.id):
            raise Refusal(FORGOTTEN)
        if interaction.message is not None and not may_show(interaction.message.id, generation):
            raise Refusal(FROM_BEFORE)
        if not await self.may_see(interaction, generation) and not await _may_view_from_afar(interaction, generation):
            raise Refusal(FORGOTTEN)
        return generation

    async def shown_in(self, message: discord.Message, press: Press | None) -> Generation | None:
        """The request of a message of ours, by its id or by the button on it; None where we know none."""
        generation = await self._generations.by_message(message.id)
        if generation is None and press is not None:
            named = await self._generations.get(press.generation_id)
            return named if named is not None and may_show(message.id, named) else None
        return generation

    async def may_see(self, interaction: discord.Interaction, generation: Generation) -> bool:
        """True for a person's own request, a favourite, and one of a channel that they can look into from here."""
        if generation.origin.user_id == interaction.user.id or await is_visible(interaction, generation.origin):
            return True
        return generation.id in await self._people.favourites(interaction.user.id)


def may_show(message_id: int, generation: Generation) -> bool:
    """False for a message that is older than a request: it was there before, and shows another one of that number.

    Discord's own clock decides where the request has a mark of it, for the host's may be wrong.
    """
    return message_id == generation.origin.message_id or message_id > _asked_at(generation)


def _asked_at(generation: Generation) -> int:
    """The id of the event that asked, or else one of the time when it was saved, or of its message if that is older."""
    kind, _, rest = generation.origin.key.partition(":")
    event = rest.partition(":")[0]
    if kind in ("interaction", "reaction", "reply") and event.isdecimal():
        return int(event)
    saved = _snowflake(generation.created)
    return min(saved, generation.origin.message_id or saved)


def _snowflake(time: datetime) -> int:
    return discord.utils.time_snowflake(time)


async def _may_view_from_afar(interaction: discord.Interaction, generation: Generation) -> bool:
    """True for a picture that the person was sent, and can view where it was drawn."""
    origin = generation.origin
    guild = interaction.client.get_guild(origin.guild_id) if origin.guild_id else None
    if interaction.guild_id is not None or guild is None:
        return False
    channel = guild.get_channel_or_thread(origin.channel_id)
    if channel is None:
        return False
    try:
        member = await guild.fetch_member(interaction.user.id)
    except discord.HTTPException:
        return False
    return await can_view(channel, member)
