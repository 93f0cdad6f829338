"""LoRAs that only certain roles may use. Member one is an artist; member two is not."""

from generation.loras import LoraSpec
from playground import Playground
from playground.state.world import ART_ID, ARTISTS_ROLE_ID, GUILD_ID
from tests.journeys.conftest import Member, Start
from tests.journeys.test_blend import WEIGHTS
from tests.journeys.test_rules import refused, reset_everything, said

LORAS = (LoraSpec("Ink", WEIGHTS), LoraSpec("watercolour", WEIGHTS))
REFUSAL = f"You need one of these roles to use the LoRA ink: <@&{ARTISTS_ROLE_ID}>."


async def suggested(member: Member) -> list[str]:
    choices = await member.autocomplete("imagine", {"prompt": "a fox <lora:"}, focused="prompt")
    return [choice["value"] for choice in choices]


async def test_a_lora_of_a_role(start: Start, admin: Member, member: Member, other: Member) -> None:
    async with start(loras=LORAS):
        drawn = await other.imagine("a fox <lora:ink>")
        assert "Everybody can use every LoRA." in await said(admin, "server lora")
        await admin.slash("server log", {"channel": ART_ID})
        ink = {"name": "INK", "role": ARTISTS_ROLE_ID}
        assert f"LoRA ink: <@&{ARTISTS_ROLE_ID}>" in await said(admin, "server lora", ink)
        await admin.wait_for(lambda each: f"allowed the LoRA ink for <@&{ARTISTS_ROLE_ID}>" in each["content"])
        for prompt in ("a fox <lora:ink>", "a fox <LORA: Ink :0.5>", "a fox --lora ink:1", "a {fox <lora:ink>, hen}"):
            assert REFUSAL in await refused(other, prompt=prompt)
        outcome = await other.click(drawn, "Re-roll")
        assert REFUSAL in (outcome.message or {})["content"]
        await other.imagine("a fox <lora:watercolour>")
        await member.imagine("a fox <lora:ink>")
        await other.imagine("a fox <lora:ink>", channel="dm")
        assert await suggested(member) == ["a fox <lora:Ink:1>", "a fox <lora:watercolour:1>"]
        assert await suggested(other) == ["a fox <lora:watercolour:1>"]
        for command, options in (("lora", {}), ("lora", {"name": "ink"}), ("show", {})):
            assert f"LoRA ink: <@&{ARTISTS_ROLE_ID}>" in await said(admin, f"server {command}", options)
        assert "LoRA ink: all" in await said(admin, "server lora", {**ink, "allowed": False})
        await other.imagine("a fox <lora:ink>")


async def test_names_that_are_not_there(start: Start, admin: Member) -> None:
    async with start(loras=LORAS):
        assert "There's no LoRA called “oil”." in await said(admin, "server lora", {"name": "oil"})
        assert "Choose at least one option." in await said(admin, "server lora", {"role": ARTISTS_ROLE_ID})
        choices = await admin.autocomplete("server lora", {"name": "i"}, focused="name")
        assert [choice["value"] for choice in choices] == ["ink"]


async def test_everyone_is_a_role_too(start: Start, admin: Member, other: Member) -> None:
    async with start(loras=LORAS):
        for role in (ARTISTS_ROLE_ID, GUILD_ID):
            await admin.slash("server lora", {"name": "ink", "role": role})
        await other.imagine("a fox <lora:ink>")


async def test_it_stays_closed_when_its_role_is_deleted_and_can_be_opened(
    start: Start, playground: Playground, admin: Member, other: Member
) -> None:
    async with start(loras=LORAS):
        await admin.slash("server lora", {"name": "ink", "role": ARTISTS_ROLE_ID})
        playground.delete_role(ARTISTS_ROLE_ID)
    async with start(loras=LORAS):
        assert REFUSAL in await refused(other, prompt="a fox <lora:ink>")
        [listed] = await admin.autocomplete("server remove", {"listed": ""}, focused="listed")
        assert listed["name"] == f"LoRA ink: unknown, {ARTISTS_ROLE_ID}"
        assert "Removed: LoRA ink" in await said(admin, "server remove", {"listed": listed["value"]})
        await other.imagine("a fox <lora:ink>")
        await admin.slash("server lora", {"name": "ink", "role": GUILD_ID})
        await reset_everything(admin)
        assert "Everybody can use every LoRA." in await said(admin, "server lora")
