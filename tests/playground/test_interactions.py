"""Commands, components, modals and suggestions: from a person's hand to the bot and back."""

import asyncio
import io
from typing import Any

import discord
import pytest
from discord import app_commands

from playground import Playground
from playground.client.person import File, Person, Refused
from playground.state.world import ADMIN_ID, ART_ID, GENERAL_ID, MEMBER_TWO_ID, Permission
from tests.playground.conftest import Client, Clock, Connect, picture


async def test_answers_at_once(playground: Playground, client: Client, connect: Connect) -> None:
    @client.tree.command()
    async def imagine(interaction: discord.Interaction, prompt: str, steps: int = 20) -> None:
        """Draws."""
        answered = await interaction.response.send_message(f"{prompt} in {steps}")
        assert answered.message_id is not None

    async with connect(client), Person(playground.url, "member one") as person:
        outcome = await person.slash("imagine", {"prompt": "a fox"})
        assert outcome.acknowledged == 4
        assert outcome.message is not None
        assert outcome.message["content"] == "a fox in 20"
        assert outcome.message["interaction_metadata"]["name"] == "imagine"
        assert outcome.message["interaction_metadata"]["user"]["id"] == person.id


async def test_deferred_answer_then_edit_with_file(playground: Playground, client: Client, connect: Connect) -> None:
    @client.tree.command()
    async def imagine(interaction: discord.Interaction) -> None:
        """Draws."""
        await interaction.response.defer()
        file = discord.File(io.BytesIO(picture()), "fox 1.png", description="a fox")
        edited = await interaction.edit_original_response(content="done", attachments=[file])
        assert edited.attachments[0].width == 8

    async with connect(client), Person(playground.url, "member one") as person:
        outcome = await person.slash("imagine")
        assert outcome.acknowledged == 5
        assert outcome.message is not None
        assert outcome.message["flags"] == 128
        message = await person.wait_for(lambda message: message["content"] == "done", timeout=5)
        assert message["id"] == outcome.message["id"]
        assert message["flags"] == 0
        attachment = message["attachments"][0]
        assert (attachment["filename"], attachment["content_type"]) == ("fox_1.png", "image/png")
        assert (attachment["width"], attachment["height"], attachment["description"]) == (8, 6, "a fox")
        assert await person.download(attachment["url"]) == picture()


async def test_ephemeral_is_seen_by_one_only(playground: Playground, client: Client, connect: Connect) -> None:
    @client.tree.command()
    async def secret(interaction: discord.Interaction) -> None:
        """Whispers."""
        await interaction.response.send_message("psst", ephemeral=True)
        await interaction.followup.send("more", ephemeral=True)

    async with (
        connect(client),
        Person(playground.url, "member one") as one,
        Person(playground.url, "member two") as two,
    ):
        outcome = await one.slash("secret")
        assert outcome.message is not None
        assert outcome.message["ephemeral_for"] == one.id
        assert outcome.message["flags"] & 64
        await one.wait_for(lambda message: message["content"] == "more", timeout=5)
        await two.say("anything there?")
        await one.wait_for(lambda message: message["content"] == "anything there?", timeout=5)
        assert [message["content"] for message in one.messages()] == ["psst", "more", "anything there?"]
        assert [message["content"] for message in two.messages()] == ["anything there?"]
        with pytest.raises(discord.NotFound):
            await client.playground_guild.get_channel(GENERAL_ID).fetch_message(int(outcome.message["id"]))  # type: ignore[union-attr]
        await one.delete(outcome.message)
        await one.wait_until(lambda: len(one.messages()) == 2, timeout=5)


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
        seen = await two.wait_for(lambda message: message["content"] == "press", timeout=5)
        outcome = await two.click(seen, "Again")
        assert outcome.acknowledged == 7
        await one.wait_for(lambda message: message["content"] == "by member two", timeout=5)
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
        answer = await person.wait_for(lambda message: message["content"] == "for member two", timeout=5)
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


async def test_autocomplete(playground: Playground, client: Client, connect: Connect) -> None:
    async def complete(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        prefix = f"{interaction.namespace.steps}-{current}"
        return [app_commands.Choice(name=f"{prefix}{number}", value=str(number)) for number in range(2)]

    @client.tree.command()
    @app_commands.autocomplete(sampler=complete)
    async def imagine(interaction: discord.Interaction, steps: int, sampler: str) -> None:
        """Draws."""

    async with connect(client), Person(playground.url, "member one") as person:
        choices = await person.autocomplete("imagine", {"steps": 7, "sampler": "eu"}, focused="sampler")
        assert choices == [{"name": "7-eu0", "value": "0"}, {"name": "7-eu1", "value": "1"}]
        with pytest.raises(Refused, match="no suggestions"):
            await person.autocomplete("imagine", {}, focused="steps")


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


async def test_commands_are_hidden_from_whom_they_are_not_for(
    playground: Playground, client: Client, connect: Connect
) -> None:
    server = app_commands.Group(
        name="server", description="-", guild_only=True, default_permissions=discord.Permissions(manage_guild=True)
    )

    @server.command()
    async def defaults(interaction: discord.Interaction, steps: int) -> None:
        """Sets defaults."""
        await interaction.response.send_message(f"{steps} {interaction.permissions.manage_guild}")

    @client.tree.command(nsfw=True)
    async def nude(interaction: discord.Interaction) -> None:
        """Draws."""
        await interaction.response.send_message("ok")

    client.tree.add_command(server)
    async with (
        connect(client),
        Person(playground.url, "admin") as admin,
        Person(playground.url, "member one") as member,
    ):
        assert {command["name"] for command in admin.commands} == {"server", "nude"}
        assert {command["name"] for command in member.commands} == {"nude"}
        outcome = await admin.slash("server defaults", {"steps": 9})
        assert outcome.message is not None
        assert outcome.message["content"] == "9 True"
        with pytest.raises(Refused, match="subcommands"):
            await admin.slash("server")
        with pytest.raises(Refused, match="no command /server"):
            await member.slash("server defaults", {"steps": 9})
        with pytest.raises(Refused, match="can't be used in this channel"):
            await member.slash("nude", channel="general")
        assert (await member.slash("nude", channel="nsfw-art")).acknowledged == 4
        with pytest.raises(Refused, match="can't be used in this channel"):
            await admin.slash("server defaults", {"steps": 9}, channel="dm")


async def test_message_menu(playground: Playground, client: Client, connect: Connect) -> None:
    @client.tree.context_menu(name="Read settings")
    async def read(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_message(message.content, ephemeral=True)

    @client.tree.context_menu(name="Pictures of")
    async def pictures(interaction: discord.Interaction, member: discord.Member) -> None:
        await interaction.response.send_message(member.name)

    async with connect(client), Person(playground.url, "member one") as person:
        said = await person.say("20 steps")
        outcome = await person.menu("Read settings", said)
        assert outcome.message is not None
        assert outcome.message["content"] == "20 steps"
        outcome = await person.menu("Pictures of", str(MEMBER_TWO_ID))
        assert outcome.message is not None
        assert outcome.message["content"] == "member two"


async def test_in_a_dm(playground: Playground, client: Client, connect: Connect) -> None:
    @client.tree.command()
    async def imagine(interaction: discord.Interaction) -> None:
        """Draws."""
        await interaction.response.send_message(f"{interaction.guild} {type(interaction.channel).__name__}")
        await interaction.user.send("and here")

    async with (
        connect(client),
        Person(playground.url, "member one") as one,
        Person(playground.url, "member two") as two,
    ):
        outcome = await one.slash("imagine", channel="dm")
        assert outcome.message is not None
        assert outcome.message["content"] == "None DMChannel"
        await one.wait_for(lambda message: message["content"] == "and here", timeout=5)
        assert [message["content"] for message in one.messages("dm")] == ["None DMChannel", "and here"]
        await one.say("thanks", channel="dm")
        heard = await client.hears("message")
        while heard.content != "thanks":
            client.heard.remove(("message", heard))
            heard = await client.hears("message")
        with pytest.raises(Refused):
            two.messages("dm")
        playground.world.closed_dms.add(int(two.id))
        user = await client.fetch_user(int(two.id))
        with pytest.raises(discord.Forbidden) as refused:
            await user.send("no")
        assert refused.value.code == 50007


async def test_hidden_channels_and_private_threads(playground: Playground, client: Client, connect: Connect) -> None:
    async with connect(client), Person(playground.url, "member two") as person:
        playground.hide(ART_ID, MEMBER_TWO_ID)
        thread = str(playground.open_thread("whispers", GENERAL_ID, MEMBER_TWO_ID))
        await person.wait_until(lambda: person.sees(thread) and not person.sees(str(ART_ID)))
        await person.say("hello", thread)
        await client.hears("message")
        guild = client.playground_guild
        art, whispers = guild.get_channel(ART_ID), guild.get_thread(int(thread))
        assert isinstance(art, discord.TextChannel)
        assert whispers is not None
        assert whispers.is_private()
        two, admin = await guild.fetch_member(MEMBER_TWO_ID), await guild.fetch_member(ADMIN_ID)
        assert not art.permissions_for(two).view_channel
        assert (await whispers.fetch_member(two.id)).id == two.id
        with pytest.raises(discord.NotFound):
            await whispers.fetch_member(admin.id)


async def test_app_permissions(playground: Playground, client: Client, connect: Connect) -> None:
    @client.tree.command()
    async def imagine(interaction: discord.Interaction) -> None:
        """Draws."""
        await interaction.response.send_message(str(interaction.app_permissions.send_messages))

    async with connect(client), Person(playground.url, "member one") as person:
        playground.set_bot_permissions(ART_ID, int(Permission.VIEW_CHANNEL))
        outcome = await person.slash("imagine", channel="art")
        assert outcome.message is not None
        assert outcome.message["content"] == "False"
        art = client.playground_guild.get_channel(ART_ID)
        assert isinstance(art, discord.TextChannel)
        assert not art.permissions_for(client.playground_guild.me).send_messages
        with pytest.raises(discord.Forbidden) as refused:
            await art.send("hello")
        assert refused.value.code == 50013
        playground.world.bot_permissions[ART_ID] = 0
        with pytest.raises(discord.Forbidden) as refused:
            await art.send("hello")
        assert refused.value.code == 50001


async def test_double_acknowledgement(playground: Playground, client: Client, connect: Connect) -> None:
    refusals: list[discord.HTTPException] = []

    @client.tree.command()
    async def twice(interaction: discord.Interaction) -> None:
        """Answers twice."""
        await interaction.response.send_message("one")
        interaction.response._response_type = None
        with pytest.raises(discord.HTTPException) as refused:
            await interaction.response.send_message("two")
        refusals.append(refused.value)
        await interaction.followup.send("done")

    async with connect(client), Person(playground.url, "member one") as person:
        await person.slash("twice")
        await person.wait_for(lambda message: message["content"] == "done", timeout=5)
        assert [(refusal.status, refusal.code) for refusal in refusals] == [(400, 40060)]
        assert [message["content"] for message in person.messages()] == ["one", "done"]


async def test_late_acknowledgement(playground: Playground, client: Client, connect: Connect, clock: Clock) -> None:
    refusals: list[discord.HTTPException] = []
    refused_late = asyncio.Event()

    @client.tree.command()
    async def late(interaction: discord.Interaction) -> None:
        """Answers after 3.1 s."""
        clock.ahead += 3.1
        try:
            await interaction.response.send_message("too late")
        except discord.HTTPException as refused:
            refusals.append(refused)
        refused_late.set()

    async with connect(client), Person(playground.url, "member one") as person:
        outcome = await person.slash("late")
        assert outcome.failed
        await refused_late.wait()
        assert [(refusal.status, refusal.code) for refusal in refusals] == [(404, 10062)]
        assert person.messages() == []


async def test_token_expires(playground: Playground, client: Client, connect: Connect, clock: Clock) -> None:
    kept: list[discord.Interaction] = []

    @client.tree.command()
    async def keep(interaction: discord.Interaction) -> None:
        """Keeps the interaction."""
        await interaction.response.defer()
        kept.append(interaction)

    async with connect(client), Person(playground.url, "member one") as person:
        outcome = await person.slash("keep")
        assert outcome.message is not None
        clock.ahead += 14.9 * 60
        await kept[0].edit_original_response(content="just in time")
        clock.ahead += 0.2 * 60
        with pytest.raises(discord.HTTPException) as refused:
            await kept[0].edit_original_response(content="too late")
        assert (refused.value.status, refused.value.code) == (401, 50027)
        general = client.playground_guild.get_channel(GENERAL_ID)
        assert isinstance(general, discord.TextChannel)
        message = await general.fetch_message(int(outcome.message["id"]))
        await message.edit(content="by the channel")
        await person.wait_for(lambda message: message["content"] == "by the channel", timeout=5)


async def test_first_follow_up_takes_the_place_of_the_deferred_answer(
    playground: Playground, client: Client, connect: Connect
) -> None:
    @client.tree.command()
    async def think(interaction: discord.Interaction) -> None:
        """Thinks."""
        await interaction.response.defer(ephemeral=True)
        await interaction.followup.send("first")
        await interaction.followup.send("second")
        await interaction.delete_original_response()
        await interaction.followup.send("third")

    async with connect(client), Person(playground.url, "member one") as person:
        outcome = await person.slash("think")
        second = await person.wait_for(lambda message: message["content"] == "second", timeout=5)
        assert second["ephemeral_for"] is None
        assert outcome.message is not None
        assert outcome.message["ephemeral_for"] == person.id
        await person.wait_for(lambda message: message["content"] == "third", timeout=5)
        assert [message["content"] for message in person.messages()] == ["second", "third"]


async def test_a_bot_that_is_offline(playground: Playground, client: Client, connect: Connect, clock: Clock) -> None:
    @client.tree.command()
    async def imagine(interaction: discord.Interaction) -> None:
        """Draws."""

    async with connect(client):
        assert playground.bot_online
    async with Person(playground.url, "member one") as person:
        assert not person.bot_online
        running = asyncio.create_task(person.slash("imagine"))
        async with asyncio.timeout(5):
            while not playground.waiting:
                await asyncio.sleep(0.005)
        clock.ahead += 3.1
        assert (await running).failed
