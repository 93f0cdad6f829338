"""The link that brings the bot to a server, with no more permissions than it needs."""

import base64

import discord

from bot.interactions.permissions import NEEDED


def link(token: str) -> str | None:
    """The invitation of the application a token belongs to; None where the token has not the form of Discord's.

    The first part of a token is its application's id, in base64.
    """
    first = token.partition(".")[0]
    try:
        application = base64.b64decode(first + "=" * (-len(first) % 4), validate=True).decode("ascii")
    except ValueError:
        return None
    if not application.isdecimal():
        return None
    return discord.utils.oauth_url(application, permissions=NEEDED, scopes=("bot", "applications.commands"))
