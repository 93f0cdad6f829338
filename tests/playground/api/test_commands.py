"""Creating, overwriting, editing and deleting single commands."""

from playground.state.world import BOT_ID, GUILD_ID
from tests.playground.builders import command
from tests.playground.conftest import Api


async def test_commands_one_by_one(api: Api) -> None:
    base = f"/applications/{BOT_ID}/guilds/{GUILD_ID}/commands"
    status, made, _ = await api("POST", base, command())
    assert status == 201
    status, again, _ = await api("POST", base, command(description="Draws more."))
    assert (status, again["id"]) == (200, made["id"])
    path = f"{base}/{made['id']}"
    _, edited, _ = await api("PATCH", path, {"description": "Draws less."})
    assert (edited["name"], edited["description"], edited["guild_id"]) == ("imagine", "Draws less.", str(GUILD_ID))
    assert (await api("DELETE", path))[0] == 204
    status, answer, _ = await api("GET", path)
    assert (status, answer["code"]) == (404, 10063)
