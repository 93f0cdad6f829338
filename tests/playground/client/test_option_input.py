"""Command options, checked before the bot gets them."""

from typing import Any

import discord
import pytest
from discord import app_commands

from playground import Playground
from playground.client.person import File, Person, Refused
from playground.state.world import MEMBER_TWO_ID
from tests.playground.conftest import Client, Connect, picture


async def test_options_are_checked_as_by_the_client(playground: Playground, client: Client, connect: Connect) -> None:
    @client.tree.command()
    @app_commands.choices(size=[app_commands.Choice(name="small", value="s")])
    async def imagine(
        interaction: discord.Interaction,
        prompt: app_commands.Range[str, 2, 10],
        steps: app_commands.Range[int, 1, 50] = 20,
        scale: app_commands.Range[float, 0.0, 9.5] = 7.0,
        tiled: bool = False,
        size: app_commands.Choice[str] | None = None,
        start: discord.Attachment | None = None,
        whose: discord.Member | None = None,
    ) -> None:
        """Draws."""
        data = await start.read() if start else b""
        await interaction.response.send_message(f"{steps} {scale} {tiled} {len(data)} {whose and whose.name}")

    async with connect(client), Person(playground.url, "member one") as person:
        given = {"prompt": "fox", "steps": 3, "scale": 1.5, "tiled": True, "size": "s", "whose": str(MEMBER_TWO_ID)}
        outcome = await person.slash("imagine", given | {"start": File("fox.png", picture())})
        assert outcome.message is not None
        assert outcome.message["content"] == f"3 1.5 True {len(picture())} member two"
        wrong: list[tuple[dict[str, Any], str]] = [
            ({}, "prompt is required"),
            ({"prompt": "x"}, "2 to 10 characters"),
            ({"prompt": "fox", "steps": 51}, "at most 50"),
            ({"prompt": "fox", "steps": 0}, "at least 1"),
            ({"prompt": "fox", "steps": 1.5}, "a whole number"),
            ({"prompt": "fox", "steps": True}, "a whole number"),
            ({"prompt": "fox", "scale": 9.6}, "at most 9.5"),
            ({"prompt": "fox", "scale": "7"}, "a number"),
            ({"prompt": "fox", "tiled": "yes"}, "true or false"),
            ({"prompt": "fox", "size": "xl"}, "one of small"),
            ({"prompt": "fox", "whose": "1"}, "no such user"),
            ({"prompt": "fox", "start": "nothing"}, "needs a file"),
            ({"prompt": "fox", "colour": "red"}, "no option colour"),
        ]
        for options, sentence in wrong:
            with pytest.raises(Refused, match=sentence):
                await person.slash("imagine", options)
        with pytest.raises(Refused, match="no command /paint"):
            await person.slash("paint")
