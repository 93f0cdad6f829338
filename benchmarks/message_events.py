"""What a message that isn't meant for the bot costs it: `python -m benchmarks.message_events`.

Discord sends an event for every message of a server, without its text.
"""

import asyncio
import json
import time
from typing import Any

import discord

from bot.cogs.replies import Replies
from bot.config import DISCORD_API
from bot.interactions.bans import Bans
from bot.interactions.client import Client
from bot.interactions.gate import Gate

MESSAGES = 20_000

BOT, GUILD, CHANNEL = 5, 1, 2

ROLE = {"id": str(GUILD), "name": "@everyone", "permissions": "0", "position": 0, "color": 0, "hoist": False}


def guild() -> dict[str, Any]:
    """A server with one channel, as the gateway describes it."""
    channel = {"id": str(CHANNEL), "type": 0, "name": "general", "position": 0, "permission_overwrites": []}
    colours = {"colors": {"primary_color": 0}, "managed": False, "mentionable": False}
    lists = ("members", "emojis", "stickers", "features", "threads", "voice_states", "presences")
    return {
        "id": str(GUILD),
        "name": "a server",
        "channels": [channel],
        "roles": [ROLE | colours],
        "owner_id": "9",
        "member_count": 500,
        **{name: [] for name in lists},
    }


def message(number: int) -> str:
    """The event of a message by one of 500 members, as the gateway sends it."""
    author = {"id": str(100 + number % 500), "username": "member", "discriminator": "0", "avatar": None}
    lists = ("mentions", "mention_roles", "attachments", "embeds", "components")
    return json.dumps(
        {
            "id": str(10**18 + number),
            "channel_id": str(CHANNEL),
            "guild_id": str(GUILD),
            "author": author,
            "member": {"roles": [], "joined_at": "2024-01-01T00:00:00+00:00", "deaf": False, "mute": False, "flags": 0},
            "content": "",
            "timestamp": "2026-01-01T00:00:00+00:00",
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "pinned": False,
            "type": 0,
            "flags": 0,
            **{name: [] for name in lists},
        }
    )


async def main() -> None:
    """Print the bytes of an event, and the microseconds of the processor that it takes."""
    client = Client(DISCORD_API, Bans(), Gate())
    client.loop = asyncio.get_running_loop()
    state: Any = client._connection
    bot: Any = {"id": str(BOT), "username": "Noisefox", "discriminator": "0", "avatar": None}
    state.user = discord.ClientUser(state=state, data=bot)
    state._add_guild_from_data(guild())
    unused: Any = None
    replies = Replies(
        client=client,
        banned=unused,
        contexts=unused,
        edits=unused,
        submission=unused,
        generations=unused,
        sight=unused,
        direct_messages=unused,
        audit_log=unused,
    )
    client._said = replies.said
    events = [message(number) for number in range(MESSAGES)]
    began = time.process_time()
    for event in events:
        state.parsers["MESSAGE_CREATE"](json.loads(event))
        await asyncio.sleep(0)
    seconds = time.process_time() - began
    print(f"{len(events[0])} bytes and {1e6 * seconds / MESSAGES:.0f} µs for each message")


if __name__ == "__main__":
    asyncio.run(main())
