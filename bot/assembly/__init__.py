"""Makes every part of a bot, from the database up to the commands."""

from bot.assembly.root import Bot, assembled

__all__ = ["Bot", "assembled"]
