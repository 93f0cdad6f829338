import pytest

from bot import app
from generation import infotext
from generation.settings import GenerationSettings
from playground.client.person import Refused
from playground.state.world import ART_ID
from tests.journeys.conftest import Member, Start, finished, text_of
from tests.journeys.test_bans import uses_of
from tests.journeys.test_rules import reset_everything


async def drawn_with(member: Member, **options: object) -> GenerationSettings:
    outcome = await member.slash("imagine", {"prompt": "a fox", **options})
    assert outcome.message is not None
    done = await member.see(outcome.message, finished)
    return infotext.from_infotext((await member.image(done)).info["parameters"])


async def test_admin_defaults_take_effect_until_reset(bot: app.Bot, admin: Member, member: Member) -> None:
    answer = await admin.slash("server defaults", {"steps": 6, "guidance": 3, "sampler": "DDIM", "negative": "red"})
    assert answer.message is not None
    assert "steps **6**" in text_of(answer.message)
    assert answer.message["ephemeral_for"]
    drawn = await drawn_with(member)
    assert (drawn.steps, drawn.guidance_scale, drawn.sampler, drawn.negative_prompt) == (6, 3, "DDIM", "red")
    assert (await drawn_with(member, steps=3)).steps == 3
    await reset_everything(admin)
    assert (await drawn_with(member, steps=3)).guidance_scale == 5


async def test_own_defaults_weigh_more_than_the_servers_and_last(
    start: Start, admin: Member, member: Member, other: Member
) -> None:
    async with start():
        await admin.slash("server defaults", {"steps": 6, "guidance": 3})
        await member.slash("settings defaults", {"steps": 2})
    async with start():
        mine, theirs = await drawn_with(member), await drawn_with(other)
        shown = await member.slash("settings show")
        await member.click(await member.asks("settings reset"), "Reset everything")
        after = await drawn_with(member)
    assert (mine.steps, mine.guidance_scale) == (2, 3)
    assert (theirs.steps, theirs.guidance_scale) == (6, 3)
    assert after.steps == 6
    assert shown.message is not None
    assert "steps 2" in shown.message["content"]


async def test_a_default_for_one_model_weighs_more_than_one_for_all(bot: app.Bot, admin: Member) -> None:
    await admin.slash("server defaults", {"steps": 6, "model": "pocket"})
    await admin.slash("server defaults", {"steps": 9, "guidance": 3})
    drawn = await drawn_with(admin)
    assert (drawn.steps, drawn.guidance_scale) == (6, 3)


async def test_limits_refuse_what_is_asked_and_lower_what_is_not(bot: app.Bot, admin: Member, member: Member) -> None:
    await admin.slash("server limits", {"steps": 5, "count": 1})
    for options, sentence in (
        ({"steps": 6}, "At most 5 steps are allowed here, not 6"),
        ({"count": 2}, "2 pictures at once are too many. The maximum here is 1"),
    ):
        outcome = await member.slash("imagine", {"prompt": "a fox", **options})
        assert outcome.message is not None
        assert sentence in outcome.message["content"]
    assert (await drawn_with(member)).steps == 5


async def test_a_server_cannot_exceed_the_hosts_limits(bot: app.Bot, admin: Member) -> None:
    await admin.slash("server limits", {"waiting": 100, "steps": 5})
    shown = await admin.slash("server show")
    assert shown.message is not None
    assert "5 steps · from this server" in text_of(shown.message)
    assert "10 unfinished requests · counting all servers and direct messages · from the host" in text_of(shown.message)
    assert "100 unfinished" not in text_of(shown.message)


async def test_nothing_named_is_nothing_saved(bot: app.Bot, admin: Member) -> None:
    for path, options in (
        ("limits", {}),
        ("limits", {"channel": ART_ID}),
        ("allow", {}),
        ("rule", {"setting": "steps"}),
    ):
        outcome = await admin.slash(f"server {path}", options)
        assert outcome.message is not None
        assert "Saved." not in outcome.message["content"]
    assert "no rules" in (await admin.asks("server rule", setting="steps"))["content"]


async def test_members_neither_see_nor_use_it(bot: app.Bot, member: Member, admin: Member) -> None:
    assert "server" in [command["name"] for command in admin.commands]
    assert "server" not in [command["name"] for command in member.commands]
    with pytest.raises(Refused):
        await member.slash("server defaults", {"steps": 150})


async def test_a_member_to_whom_it_was_unhidden_is_refused_by_us(bot: app.Bot, member: Member) -> None:
    """Server admins can unhide a command; our own check stays."""
    [server] = [each for each in bot.client.tree.get_commands() if each.name == "server"]
    server.default_permissions = None
    await bot.client.tree.sync()
    await member.wait_until(lambda: "server" in [command["name"] for command in member.commands])
    [unhidden] = [command for command in member.commands if command["name"] == "server"]
    paths = dict(uses_of(unhidden))
    assert len(paths) > 12
    for path, options in paths.items():
        outcome = await member.slash(path, options)
        assert outcome.message is not None
        assert outcome.message["ephemeral_for"] == member.id
        assert "You need the Manage Server permission to do that." in outcome.message["content"], path


async def test_it_is_not_offered_in_direct_messages(bot: app.Bot, admin: Member) -> None:
    with pytest.raises(Refused):
        await admin.slash("server show", channel="dm")


async def test_help_fits_a_phone_and_names_the_reactions(bot: app.Bot, member: Member) -> None:
    outcome = await member.slash("help")
    assert outcome.message is not None
    content = outcome.message["content"]
    assert len(content) < 1100
    assert all(emoji in content for emoji in "🔁🎲🔎✏️⭐❌✉️")
    assert all(syntax in content for syntax in ("`{red|blue}`", "`__list__`", "`[fox:wolf:0.4]`"))
    commands = {command["name"] for command in member.commands if command["type"] == 1}
    assert all(f"/{name}" in content for name in commands - {"help"})
    assert outcome.message["ephemeral_for"]
