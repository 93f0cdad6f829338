"""What a prompt can say beside its words."""

import pytest

from bot import app
from generation import infotext
from tests.journeys.conftest import Member


@pytest.mark.real_worker
async def test_a_prompt_switches_takes_turns_adds_and_has_regions(bot: app.Bot, member: Member) -> None:
    async def drawn(prompt: str) -> bytes:
        return (await member.image(await member.imagine(prompt, seed=7, steps=2))).tobytes()

    apple = await drawn("a red apple")
    assert await drawn("a [red apple:blue boat:1.0]") == apple
    said = "a [red apple|blue boat]", "a red apple AND a blue boat :0.5", "<left: a red apple> <right: a blue boat>"
    assert len({apple, *[await drawn(prompt) for prompt in said]}) == 4


async def test_the_metadata_has_the_prompt_as_it_was_drawn(bot: app.Bot, member: Member) -> None:
    prompt = "a [red|green] apple AND (snow:1.2) :0.5, <top: sky>"
    done = await member.imagine(prompt)
    text = (await member.image(done)).info["parameters"]
    assert infotext.from_infotext(text).prompt == prompt
    assert (
        infotext.from_infotext((await member.image(await member.press(done, "Re-roll"))).info["parameters"]).prompt
        == prompt
    )


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("a [fox:wolf:1.5]", "switches after a share from 0 to 1, or after a whole number of steps"),
        ("<0,0,3,1: a fox>", "A region has four fractions from 0 to 1"),
        (" AND ".join(["a fox"] * 9), "The prompt has 9 parts and regions. The maximum is 8."),
        ("[a|b] [a|b|c] [a|b|c|d|e] [a|b|c|d|e|f|g]", "The square brackets make"),
    ],
)
async def test_what_is_wrong_is_said_in_one_sentence(bot: app.Bot, member: Member, prompt: str, sentence: str) -> None:
    outcome = await member.slash("imagine", {"prompt": prompt, "steps": 60})
    assert outcome.acknowledged == 4
    assert outcome.message is not None
    assert sentence in outcome.message["content"]
