"""/what: lessons about single settings."""

import asyncio
import re
from collections.abc import Sequence

import discord
from discord import app_commands
from discord.ext import commands

from bot.errors import Refusal
from bot.interactions.dynamic_items import chosen
from bot.interactions.respond import answer, change
from bot.lessons.examples import picture_of
from bot.lessons.topics import LESSONS, Topic
from bot.views.lesson import of_lesson
from bot.views.message import MessageContent

TOPICS = [app_commands.Choice(name=str(lesson.title), value=topic.value) for topic, lesson in LESSONS.items()]


class What(commands.Cog):
    """Shows lessons."""

    @app_commands.command()
    @app_commands.choices(parameter=TOPICS)
    async def what(self, interaction: discord.Interaction, parameter: app_commands.Choice[str]) -> None:
        """Learn what a setting does, with an example.

        Args:
            parameter: Setting to learn about
        """
        await answer(interaction, await _lesson(Topic(parameter.value)))

    async def turn(self, interaction: discord.Interaction, _: "re.Match[str]", values: Sequence[str]) -> None:
        """Show another lesson in the same message. Raises `Refusal` for one that is gone."""
        if (value := chosen(values)) not in list(Topic):
            raise Refusal("This lesson no longer exists. See /what.")
        await change(interaction, await _lesson(Topic(value)))


async def _lesson(topic: Topic) -> MessageContent:
    return of_lesson(topic, await asyncio.to_thread(picture_of, topic))
