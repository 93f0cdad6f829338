"""A chat that is kept over a restart."""

import io
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import discord
import pytest

from playground import Playground
from playground.client.person import Person
from playground.state.store import Store
from tests.playground.conftest import Client, Clock, Redirect, connected, general, picture


class Again(discord.ui.DynamicItem[discord.ui.Button[Any]], template="again:(?P<id>[0-9]+)"):
    """A button that outlives its view."""

    def __init__(self, id: int) -> None:
        super().__init__(discord.ui.Button(label="Again", custom_id=f"again:{id}"))

    @classmethod
    async def from_custom_id(cls, interaction: Any, item: Any, match: Any) -> "Again":
        return cls(int(match["id"]))

    async def callback(self, interaction: Any) -> None:
        await interaction.response.send_message("again")


def drawing(kept: list[discord.Interaction]) -> Client:
    client = Client()
    client.add_dynamic_items(Again)

    @client.tree.command()
    async def imagine(interaction: discord.Interaction) -> None:
        """Draws."""
        view = discord.ui.View()
        view.add_item(Again(1))
        await interaction.response.send_message(
            "drawn", view=view, file=discord.File(io.BytesIO(picture()), "SPOILER_fox.png")
        )
        kept.append(interaction)

    return client


async def test_the_chat_survives_a_restart(tmp_path: Path, redirected: Redirect, clock: Clock) -> None:
    kept: list[discord.Interaction] = []
    async with Playground(folder=tmp_path, clock=clock) as before:
        redirected(before)
        async with connected(drawing(kept), before.token), Person(before.url, "member one") as person:
            drawn = (await person.slash("imagine")).message
            assert drawn is not None
            await person.react(drawn, "🔁")
            await person.say("in private", channel="dm")
            await person.wait_until(lambda: "reactions" in person.messages()[0])
            seen, commands = person.messages(), person.commands

    async with Playground(folder=tmp_path, clock=clock) as after, Person(after.url, "member one") as person:
        assert not person.bot_online
        assert [message["content"] for message in person.messages("dm")] == ["in private"]
        assert person.commands == commands
        (message,) = person.messages()
        attachment = message["attachments"][0]
        assert attachment["filename"] == "SPOILER_fox.png"
        assert await person.download(attachment["url"]) == picture()
        assert message["reactions"] == seen[0]["reactions"]
        assert message["id"] == drawn["id"]

        redirected(after)
        async with connected(drawing([]), after.token) as client:
            assert (await person.click(message, "Again")).acknowledged == 4
            webhook = discord.Webhook.partial(
                kept[0].application_id,
                kept[0].token,
                client=client,
            )
            await webhook.edit_message(int(message["id"]), content="by the old token")
            await person.wait_for(lambda item: item["content"] == "by the old token")
            clock.ahead += 15 * 60
            with pytest.raises(discord.HTTPException) as refused:
                await webhook.edit_message(int(message["id"]), content="too late")
            assert refused.value.code == 50027
            newer = await general(client).send("newer")
            assert newer.id > int(message["id"])


async def test_ids_grow_though_the_clock_stands_still(tmp_path: Path) -> None:
    ids = []
    for _ in range(2):
        async with (
            Playground(folder=tmp_path, clock=lambda: 1.8e9) as playground,
            Person(playground.url, "member one") as person,
        ):
            ids += [int((await person.say("hello"))["id"]) for _ in range(3)]
    assert ids == sorted(set(ids))


def half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def no_database(file: Path) -> None:
    file.write_bytes(b"not a database " * 400)


def overwritten(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))


def half_a_document(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database:
        database.execute("UPDATE documents SET body = '{' WHERE id = 1")
        database.commit()


def another_table(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database:
        database.execute("DROP TABLE documents")
        database.execute("CREATE TABLE documents (other TEXT)")
        database.commit()


@pytest.mark.parametrize("damage", [half, no_database, overwritten, half_a_document, another_table])
def test_a_damaged_chat_is_set_aside(
    tmp_path: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "world.sqlite"
    for time in (1, 2):
        store = Store(tmp_path)
        for id in range(1, 40):
            store.put("message", id, {"content": "kept" * 200})
        store.close()
        damage(file)
        damaged = file.read_bytes()
        anew = Store(tmp_path)
        assert anew.all("message") == {}
        anew.put("message", 1, {"content": "new"})
        anew.close()
        assert file.with_name(f"world.sqlite.damaged-{time}").read_bytes() == damaged
    assert "is damaged" in caplog.text
    sound = Store(tmp_path)
    assert sound.all("message") == {1: {"content": "new"}}
    sound.close()
