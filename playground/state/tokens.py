"""Tokens in the form of Discord's, so that a program that hides those hides these too."""

import base64
import secrets

from playground.state.world import BOT_ID


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


BOT_TOKEN = f"{_encoded(str(BOT_ID))}.Gplayg.{_encoded('the playground takes this token')[:38]}"
"""The token that the bot logs in with: its id, a time and a signature."""


def interaction_token(id: int) -> str:
    """A new token for an interaction, which is also that of its webhook."""
    return _encoded(f"interaction:{id}:{secrets.token_urlsafe(64)}")
