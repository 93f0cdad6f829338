"""The bot's token, and the link that invites the bot."""

import base64

import discord

from bot.cli.doctor.findings import Finding
from bot.config import Config, ConfigError
from bot.interactions.permissions import NEEDED


def token_finding(config: Config) -> Finding:
    """Whether a token is set, with the link."""
    try:
        link = invite_link(config.token())
    except ConfigError as error:
        return False, f"{error} (`noisefox try` needs no token.)"
    if link is None:
        return False, "the bot token does not look like one of Discord's: copy it again from the Bot page of your app"
    return True, f"a bot token is set; invite the bot to a server with {link}"


def invite_link(token: str) -> str | None:
    """The link that invites a token's application with the permissions it needs; None if it is no Discord token.

    The first part of a token is the id of its application, in base64.
    """
    first = token.partition(".")[0]
    try:
        application = base64.b64decode(first + "=" * (-len(first) % 4), validate=True).decode("ascii")
    except ValueError:
        return None
    if not application.isdecimal():
        return None
    return discord.utils.oauth_url(application, permissions=NEEDED, scopes=("bot", "applications.commands"))
