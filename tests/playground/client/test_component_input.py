"""Buttons, selects and modals."""

import io
from typing import Any

import discord
import pytest

from playground import Playground
from playground.client.person import File, Person, Refused
from playground.state.world import MEMBER_TWO_ID
from tests.playground.conftest import Client, Connect, picture


async def test_click_edits_the_message(playground: Playground, client: Client, connect: Connect) -> None:
    class Buttons(discord.ui.View):
        @discord.ui.button(label="Again", custom_id="again")
        async def again(self, interaction: discord.Interaction, button: discord.ui.Button[Any]) -> None:
            button.disabled = True
            await interaction.response.edit_message(content=f"by {interaction.user.name}", view=self)

    @client.tree.command()
    async def show(interaction: discord.Interaction) -> None:
        """Shows a button."""
        await interaction.response.send_message("press", view=Buttons())

    async with (
        connect(client),
        Person(playground.url, "member one") as one,
        Person(playground.url, "member two") as two,
    ):
        shown = (await one.slash("show")).message
        assert shown is not None
        seen = await two.wait_for(lambda message: message["content"] == "press")
        outcome = await two.click(seen, "Again")
        assert outcome.acknowledged == 7
        await one.wait_for(lambda message: message["content"] == "by member two")
        with pytest.raises(Refused, match="disabled"):
            await one.click(shown, "Again")
        with pytest.raises(Refused, match="no button"):
            await one.click(shown, "Nothing")


async def test_layout_with_pictures_and_select(playground: Playground, client: Client, connect: Connect) -> None:
    class Layout(discord.ui.LayoutView):
        def __init__(self) -> None:
            super().__init__()
            gallery = discord.ui.MediaGallery[Any](
                discord.MediaGalleryItem("attachment://fox.png", description="a fox"),
                discord.MediaGalleryItem("attachment://SPOILER_owl.png", spoiler=True),
            )
            select: discord.ui.UserSelect[Any] = discord.ui.UserSelect(custom_id="whose")
            select.callback = self.chosen  # type: ignore[method-assign]
            self.add_item(discord.ui.Container(discord.ui.TextDisplay("# Foxes"), gallery))
            self.add_item(discord.ui.ActionRow(select))
            self.whose = select

        async def chosen(self, interaction: discord.Interaction) -> None:
            await interaction.response.defer()
            await interaction.followup.send(f"for {self.whose.values[0].name}")

    @client.tree.command()
    async def show(interaction: discord.Interaction) -> None:
        """Shows a layout."""
        files = [discord.File(io.BytesIO(picture()), name) for name in ("fox.png", "SPOILER_owl.png")]
        await interaction.response.send_message(view=Layout(), files=files)

    async with connect(client), Person(playground.url, "member one") as person:
        shown = (await person.slash("show")).message
        assert shown is not None
        assert shown["flags"] == 1 << 15
        assert shown["attachments"] == []
        fox, owl = shown["components"][0]["components"][1]["items"]
        assert (fox["media"]["width"], fox["description"], owl["spoiler"]) == (8, "a fox", True)
        assert await person.download(owl["media"]["url"]) == picture()
        outcome = await person.select(shown, "whose", [str(MEMBER_TWO_ID)])
        assert outcome.acknowledged == 6
        answer = await person.wait_for(lambda message: message["content"] == "for member two")
        assert answer["referenced_message"]["id"] == shown["id"]
        with pytest.raises(Refused):
            await person.select(shown, "whose", [])


async def test_modal(playground: Playground, client: Client, connect: Connect) -> None:
    class Form(discord.ui.Modal, title="Again, but"):
        prompt: discord.ui.Label[Any] = discord.ui.Label(
            text="Prompt", component=discord.ui.TextInput(custom_id="prompt", max_length=20)
        )
        size: discord.ui.Label[Any] = discord.ui.Label(
            text="Size",
            component=discord.ui.Select(
                custom_id="size", options=[discord.SelectOption(label="small"), discord.SelectOption(label="large")]
            ),
        )
        start: discord.ui.Label[Any] = discord.ui.Label(
            text="Start", component=discord.ui.FileUpload(custom_id="start", required=False)
        )

        async def on_submit(self, interaction: discord.Interaction) -> None:
            prompt, size, start = (label.component for label in (self.prompt, self.size, self.start))
            data = await start.values[0].read()  # type: ignore[attr-defined]
            text = f"{prompt.value} {size.values[0]} {len(data)}"  # type: ignore[attr-defined]
            await interaction.response.send_message(text)

    @client.tree.command()
    async def edit(interaction: discord.Interaction) -> None:
        """Asks."""
        await interaction.response.send_modal(Form())

    async with connect(client), Person(playground.url, "member one") as person:
        opened = await person.slash("edit")
        assert opened.acknowledged == 9
        assert opened.modal is not None
        assert opened.modal["title"] == "Again, but"
        with pytest.raises(Refused, match="Prompt is required"):
            await person.submit(opened.modal, {"size": ["small"]})
        with pytest.raises(Refused, match="0 to 20 characters"):
            await person.submit(opened.modal, {"prompt": "x" * 21, "size": ["small"]})
        with pytest.raises(Refused, match="isn't one of the choices"):
            await person.submit(opened.modal, {"prompt": "x", "size": ["huge"]})
        file = File("fox.png", b"1234")
        outcome = await person.submit(opened.modal, {"prompt": "owl", "size": ["large"], "start": [file]})
        assert outcome.message is not None
        assert outcome.message["content"] == "owl large 4"
