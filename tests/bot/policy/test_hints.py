import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.policy.hints import unusual
from bot.views.hints import hint_line
from generation.abilities import STABLE_DIFFUSION
from generation.catalogue import ModelSpec
from generation.settings import GenerationSettings, Sampler
from storage.records import Hint

CLASSIC = ModelSpec(name="classic", source="", width=512, height=512, steps=25, guidance_scale=7.0)
FAST = ModelSpec(name="fast", source="", width=512, height=512, steps=4, guidance_scale=1.0, sampler=Sampler.LCM)

SLOW = ModelSpec(name="slow", source="", width=512, height=512, steps=50, guidance_scale=12.0)


def settings_of(model: ModelSpec, **changes: Any) -> GenerationSettings:
    return replace(model.preferred.of("a fox", 7), **changes)


@pytest.mark.parametrize("model", [CLASSIC, FAST])
def test_what_a_model_likes_is_worth_no_hint(model: ModelSpec) -> None:
    assert unusual(settings_of(model), model) is None


@pytest.mark.parametrize(
    ("model", "changes", "hint"),
    [
        (CLASSIC, {"steps": 40}, None),
        (CLASSIC, {"steps": 100}, Hint("steps", "25")),
        (FAST, {"steps": 8}, None),
        (FAST, {"steps": 20}, Hint("steps", "4")),
        (CLASSIC, {"guidance_scale": 12.0}, None),
        (CLASSIC, {"guidance_scale": 20.0}, Hint("guidance", "7")),
        (SLOW, {"steps": 90}, None),
        (SLOW, {"steps": 100}, Hint("steps", "50")),
        (SLOW, {"guidance_scale": 16.0}, None),
        (SLOW, {"guidance_scale": 20.0}, Hint("guidance", "12")),
        (FAST, {"guidance_scale": 5.0}, Hint("guidance", "1")),
        (CLASSIC, {"width": 768}, None),
        (CLASSIC, {"width": 1024, "height": 1024}, Hint("size", "512×512")),
        (CLASSIC, {"width": 256, "height": 256}, Hint("size", "512×512")),
        (CLASSIC, {"width": 512, "height": 512, "hires_factor": 2.0}, None),
        (CLASSIC, {"steps": 100, "guidance_scale": 20.0, "width": 2048}, Hint("steps", "25")),
    ],
)
def test_each_model_has_thresholds_of_its_own(model: ModelSpec, changes: dict[str, Any], hint: Hint | None) -> None:
    assert unusual(settings_of(model, **changes), model) == hint


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"steps": 100}, "100 steps take 4 times as long as this model's usual 25"),
        ({"guidance_scale": 20.0}, "Guidance 20 makes colours and edges too harsh"),
        ({"width": 1024, "height": 1024}, "1024×1024 takes 4 times the work of 512×512"),
        ({"width": 256, "height": 256}, "256×256 is small for this model. It was trained at 512×512"),
    ],
)
def test_a_hint_says_what_it_costs_on_one_line(changes: dict[str, Any], words: str) -> None:
    settings = settings_of(CLASSIC, **changes)
    hint = unusual(settings, CLASSIC)
    assert hint is not None
    line = hint_line(hint, settings, STABLE_DIFFUSION)
    assert line.startswith("-# ")
    assert words in line
    assert "\n" not in line


def test_guidance_beyond_1_doubles_the_work_of_a_model_made_for_1() -> None:
    settings = settings_of(FAST, guidance_scale=5.0)
    hint = unusual(settings, FAST)
    assert hint is not None
    assert "takes about twice as long" in hint_line(hint, settings, STABLE_DIFFUSION)


def test_the_size_of_a_model_is_the_nearest_one_that_it_draws(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "Kandinsky5T2IPipeline"}))
    model = ModelSpec("kandinsky", str(tmp_path), width=64, height=64)
    settings = settings_of(model)
    assert (settings.width, settings.height) == (1024, 1024)
    assert unusual(settings, model) is None


def test_a_model_that_cannot_refine_gets_no_advice_to() -> None:
    settings = settings_of(CLASSIC, width=1024, height=1024)
    line = hint_line(Hint("size", "512×512"), settings, replace(STABLE_DIFFUSION, hires=False))
    assert line.endswith("Draw at 512×512, then choose Upscale.")
