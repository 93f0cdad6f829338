"""The models to start with."""

import re
from dataclasses import fields
from typing import Any

import pytest

from generation import starters
from generation.catalogue import ModelSpec, Prediction
from generation.settings import Sampler
from generation.starters import Starter

EVERY = starters.every()


def test_there_is_one_for_each_taste() -> None:
    keys = [each.key for each in EVERY]
    assert keys == ["photo", "anime", "sdxl", "sdxl-fast", "z-image-turbo", "flux2-klein", "qwen-image-gguf"]


@pytest.mark.parametrize("starter", EVERY, ids=lambda starter: starter.key)
def test_a_starter_makes_a_model(starter: Starter) -> None:
    settings: dict[str, Any] = {
        name: {"sampler": Sampler, "prediction": Prediction}.get(name, lambda value: value)(value)
        for name, value in starter.settings.items()
    }
    settings.pop("base", "")
    assert set(settings) <= {each.name for each in fields(ModelSpec)}
    ModelSpec(starter.key, starter.source, **settings)
    assert re.fullmatch(r"(https://huggingface\.co/[\w.-]+/[\w.-]+/resolve/main/)?[\w.-]+(/[\w.-]+)?", starter.source)
    assert starter.licence.name
    assert starter.gigabytes > 1
