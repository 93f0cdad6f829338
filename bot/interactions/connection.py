"""Log in to Discord and stay connected; a refusal is one sentence that says what to do."""

import asyncio
import json
import logging
import ssl
from collections.abc import Awaitable, Callable
from html.parser import HTMLParser

import aiohttp
import discord
from discord.http import Route

from bot.config import DISCORD_API
from bot.interactions.client import Client
from generation.errors import NoisefoxError

log = logging.getLogger(__name__)

LOGIN_SECONDS = (1.0, 5.0, 15.0, 60.0)
"""Pauses before a login is tried again while Discord is down; the last one is repeated."""

REFUSAL_LENGTH = 200
"""Characters of Discord's own words that are shown."""

_NO_CONNECTION = (aiohttp.ClientConnectionError, ssl.SSLError, TimeoutError, OSError, discord.GatewayNotFound)
"""Errors where no answer came: no such host, refused, cut, no secure connection, too late."""

_ADVICE = {
    403: "This network may be blocked; wait an hour, or run the bot from another one.",
    429: "Too many logins came from this network; wait an hour before you start the bot again.",
}
"""Advice by HTTP status."""

_OUTDATED = "Discord no longer speaks the language of this version. Update Noisefox."

_CLOSED = {
    4004: "Discord rejected this token. Copy it again from the Bot page of your app.",
    4010: _OUTDATED,
    4011: "The bot is in too many servers for one connection, which serves 2,500. Remove it from some of them.",
    4012: _OUTDATED,
    4013: _OUTDATED,
    4014: "Discord refused an intent that the bot needs. Turn on the intents on the Bot page of your app.",
}
"""The gateway's close codes after which connecting again is of no use."""


_PATIENCE = aiohttp.ClientTimeout(total=30.0)
"""How long the first answer may take."""

_NOT_DISCORD = f"What answers at `discord.api_base` isn't Discord's API. Remove that line, or set it to {DISCORD_API}."


class ConnectionRefused(NoisefoxError):
    """Discord cannot be reached or lets the bot in no more; the message is one sentence for the host."""


class DiscordDown(ConnectionRefused):
    """Discord does not answer, or has an error of its own; it may let the bot in later."""


async def wait_to_log_in(
    client: Client, token: str, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
) -> None:
    """Log in, and try again for as long as Discord is down. Raises `ConnectionRefused` where that is of no use."""
    tries = 0
    while True:
        try:
            await log_in(client, token)
        except DiscordDown as reason:
            pause = LOGIN_SECONDS[min(tries, len(LOGIN_SECONDS) - 1)]
            tries += 1
            log.warning("%s Trying again in %.0f s.", reason, pause)
            await client.http.close()
            await sleep(pause)
        else:
            return


async def log_in(client: Client, token: str) -> None:
    """Log in. Raises `ConnectionRefused`, or `DiscordDown` where trying again later may help."""
    client.http.connector = aiohttp.TCPConnector(limit=0)  # that of a login before is closed
    try:
        await _look_at_address()
        await client.login(token)
    except discord.LoginFailure:
        raise ConnectionRefused(_CLOSED[4004]) from None
    except discord.HTTPException as refusal:
        kind = DiscordDown if refusal.status >= 500 else ConnectionRefused
        raise kind(_refused(refusal)) from refusal
    except _NO_CONNECTION as reason:
        raise DiscordDown(
            f"Discord cannot be reached: {_first_line(str(reason)) or type(reason).__name__}. "
            "Check the network and `discord.api_base`."
        ) from reason
    except aiohttp.ClientError as reason:
        raise ConnectionRefused(f"Discord's answer cannot be read: {_first_line(str(reason))}.") from reason


async def _look_at_address() -> None:
    """Ask for the gateway's address, which needs no token. Raises `ConnectionRefused` for what Discord never answers,
    and leaves refusals to the login; discord.py would take anything for an answer."""
    async with (
        aiohttp.ClientSession(timeout=_PATIENCE) as session,
        session.get(f"{Route.BASE}/gateway", allow_redirects=False) as answer,
    ):
        if answer.status >= 400:
            return
        text = await answer.text(errors="replace")
    try:
        address = json.loads(text)["url"] if answer.status == 200 else None
    except (ValueError, LookupError, TypeError, RecursionError):
        address = None
    if not isinstance(address, str) or not address.startswith(("ws://", "wss://")):
        raise ConnectionRefused(_NOT_DISCORD)


async def stay_connected(client: Client) -> None:
    """Receive events until the client is closed. Raises `ConnectionRefused` where connecting again is of no use."""
    try:
        await client.connect()
    except discord.PrivilegedIntentsRequired:
        raise ConnectionRefused(_CLOSED[4014]) from None
    except discord.ConnectionClosed as closed:
        raise ConnectionRefused(_CLOSED.get(closed.code) or f"Discord closed the connection ({closed.code}).") from None


def _refused(refusal: discord.HTTPException) -> str:
    """The sentence for an answer that is no success."""
    said = _first_line(refusal.text)
    words = f"{refusal.status} {refusal.response.reason or ''}".strip() + (f", “{said}”" if said else "")
    advice = _ADVICE.get(refusal.status, "")
    if refusal.status >= 500:
        advice = "Try again in some minutes; https://discordstatus.com says how Discord is."
    return f"Discord refused the login: {words}. {advice}".strip()


def _first_line(text: str) -> str:
    """The first line that a person would see of a text or an HTML page, at most `REFUSAL_LENGTH` characters."""
    page = _Words()
    page.feed(text)
    page.close()
    return next((line.strip() for line in page.text.splitlines() if line.strip()), "")[:REFUSAL_LENGTH].rstrip(".")


class _Words(HTMLParser):
    """Collects the text between tags; that of scripts and styles is left out."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self._unseen = 0

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in ("script", "style")
        self.text += "\n"

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in ("script", "style")
        self.text += "\n"

    def handle_data(self, data: str) -> None:
        if self._unseen <= 0:
            self.text += data
