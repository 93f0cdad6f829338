"""Log in to Discord and stay connected; a refusal is one sentence that says what to do."""

import ssl
from html.parser import HTMLParser

import aiohttp
import discord

from bot.interactions.client import Client
from generation.errors import NoisefoxError

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


class ConnectionRefused(NoisefoxError):
    """Discord cannot be reached or lets the bot in no more; the message is one sentence for the host."""


async def log_in(client: Client, token: str) -> None:
    """Log in. Raises `ConnectionRefused`."""
    try:
        await client.login(token)
    except discord.LoginFailure:
        raise ConnectionRefused(_CLOSED[4004]) from None
    except discord.HTTPException as refusal:
        raise ConnectionRefused(_refused(refusal)) from refusal
    except _NO_CONNECTION as reason:
        raise ConnectionRefused(
            f"Discord cannot be reached: {_first_line(str(reason)) or type(reason).__name__}. "
            "Check the network and `discord.api_base`."
        ) from reason
    except aiohttp.ClientError as reason:
        raise ConnectionRefused(f"Discord's answer cannot be read: {_first_line(str(reason))}.") from reason


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
