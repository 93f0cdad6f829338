"""What people type is shown as they typed it in whatever answers them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import app
from generation.loras import LoraSpec
from tests.journeys.conftest import Member, Start
from tests.journeys.test_rules import refused


@pytest.fixture
async def bot(start: Start) -> AsyncIterator[app.Bot]:
    async with start(loras=(LoraSpec("[x](y)", Path("any.safetensors")),)) as bot:
        yield bot


@pytest.mark.parametrize(
    ("prompt", "shown"),
    [
        ("a --model [x](https://evil.example)", r"no model called “\[x\](https\://evil.example)” here"),
        ("a --style **x**", r"no style “\*\*x\*\*”"),
        ("a --sampler _x_", r"no sampler “\_x\_”"),
        ("a --schedule ||x||", r"no schedule “\|\|x\|\|”"),
        ("a <lora:__x__:1>", r"no LoRA called “\_\_x\_\_” here"),
        ("a <lora:[x](y:1>", r"“\[x\](y” here. Did you mean one of these? \[x\](y)"),
        (
            "a <lora:**x**:y>",
            r"The strength in “\<lora\:\*\*x\*\*\:y>” must be a number, for example `<lora:**x**:0.8>`",
        ),
    ],
)
async def test_in_a_refusal(bot: app.Bot, member: Member, prompt: str, shown: str) -> None:
    assert shown in await refused(member, prompt=prompt)


async def test_a_backtick_does_not_end_a_code_span(bot: app.Bot, member: Member) -> None:
    said = await refused(member, prompt="a --x`[a](https://evil.example)`")
    assert said.count("`") == 2, said
