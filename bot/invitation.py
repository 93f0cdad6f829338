"""The link that brings the bot to a server, with no more permissions than it needs."""

import base64

import discord

PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    attach_files=True,
    read_message_history=True,
)
"""See and answer where it is asked, with pictures, and reply to the message that somebody reacted to."""


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
    return discord.utils.oauth_url(application, permissions=PERMISSIONS, scopes=("bot", "applications.commands"))
