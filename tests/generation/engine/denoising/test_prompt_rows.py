"""Prompts that change between steps, that are added, and that have regions."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from io import BytesIO

import numpy
import pytest
import torch
from PIL import Image

from generation import infotext
from generation.catalogue import Catalogue, ModelSpec
from generation.engine.conditioning import guidance
from generation.engine.denoising.init_image import InitImage
from generation.engine.denoising.state import DenoisingState, predict
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import ModelCache
from generation.events import Completed, Failed
from generation.settings import GenerationSettings
from tests.generation.engine import tiny
from tests.generation.engine.conftest import FAMILIES, LoopDriver
from tests.generation.engine.device import DEVICE
from tests.generation.engine.given import picture

NAMES = ("tiny", "two", "xl")
FOX = GenerationSettings(prompt="a fox", seed=7, model="tiny", width=64, height=64, steps=4, guidance_scale=5.0)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> ModelCache:
    made = tmp_path_factory.mktemp("models")
    specs = [ModelSpec(name, str(FAMILIES[name](made / name)), width=64, height=64) for name in NAMES]
    specs.append(ModelSpec("distilled", str(tiny.latent_consistency(made / "distilled")), width=64, height=64))
    return ModelCache(Catalogue(specs), DEVICE, torch.float32, room=len(specs))


Draw = Callable[..., bytes]


@pytest.fixture(scope="module")
def draw(models: ModelCache) -> Draw:
    """Draws a prompt once, in forwards that always have four rows."""

    @cache
    def drawn(prompt: str, model: str = "tiny", **changes: object) -> bytes:
        driver = LoopDriver(models, BatchSizing(4, strict=True))
        return driver.drawn(replace(FOX, prompt=prompt, model=model, **changes)).tobytes()  # type: ignore[arg-type]

    return drawn


@pytest.mark.parametrize("model", NAMES)
@pytest.mark.parametrize(
    ("prompt", "same"),
    [
        ("[a fox:a fox:0.5]", "a fox"),
        ("a [fox:wolf:0.0]", "a wolf"),
        ("a [fox:wolf:1.0]", "a fox"),
        ("a [fox|fox]", "a fox"),
        ("a fox AND", "a fox"),
        ("<left: a fox> <right: a fox>", "a fox"),
        ("<0,0,1,1: a fox>", "a fox"),
    ],
)
def test_what_says_one_thing_is_that_to_the_bit(draw: Draw, model: str, prompt: str, same: str) -> None:
    assert draw(prompt, model) == draw(same, model)


@pytest.mark.parametrize("model", NAMES)
def test_what_says_two_things_is_neither(draw: Draw, model: str) -> None:
    fox, wolf = draw("a fox", model), draw("a wolf", model)
    others = [draw(f"a [fox:wolf:{share}]", model) for share in (0.25, 0.5, 0.75)]
    others += [
        draw("a [fox|wolf]", model),
        draw("a fox AND a wolf", model),
        draw("<left: a fox> <right: a wolf>", model),
    ]
    assert len({fox, wolf, *others}) == 8


def test_a_negative_prompt_changes_too(draw: Draw) -> None:
    snow, none = draw("a fox", negative_prompt="snow"), draw("a fox")
    assert draw("a fox", negative_prompt="[snow::0.0]") == none
    assert draw("a fox", negative_prompt="[snow::1.0]") == snow
    assert draw("a fox", negative_prompt="[snow::0.5]") not in (snow, none)


def test_a_start_picture_leaves_out_the_first_steps_of_a_switch(models: ModelCache) -> None:
    model = models.take("tiny", lambda share: None)
    settings = replace(FOX, prompt="a [fox:wolf:0.5]", steps=8, denoising_strength=0.5)
    start = InitImage(picture())
    late, wolf = (DenoisingState(model, each, start) for each in (settings, replace(settings, prompt="a wolf")))
    [own], [theirs] = (predict([each], 2) for each in (late, wolf))
    assert all(map(torch.equal, own, theirs))


def test_each_step_has_its_own_rows(models: ModelCache) -> None:
    model = models.take("tiny", lambda share: None)
    state = DenoisingState(model, replace(FOX, prompt="[a fox:a fox AND a wolf:0.5]"))
    rows = []
    while not state.finished:
        rows.append(len(state.prompts))
        [predictions] = predict([state], 2)
        state.advance(predictions)
    assert rows == [2, 2, 3, 3]


def test_parts_are_added_to_the_unconditional_prediction_by_their_weights() -> None:
    without, fox, wolf = (torch.full((1, 1, 2, 2), value) for value in (1.0, 3.0, 11.0))
    weights = torch.full((1, 1, 1, 1), 2.0), torch.full((1, 1, 1, 1), -0.5)
    assert guidance.composed([fox, wolf], weights, without).tolist() == [[[[0.0, 0.0], [0.0, 0.0]]]]


def test_a_sum_is_guided_by_its_own_formula(models: ModelCache) -> None:
    model = models.take("tiny", lambda share: None)
    state = DenoisingState(model, replace(FOX, prompt="a fox :1.5 AND a wolf :-0.5"))
    before = state.result.clone()
    [[without, fox, wolf]] = predict([state], 3)
    state.advance([without, fox, wolf])
    combined = without + 5.0 * (1.5 * (fox - without) - 0.5 * (wolf - without))
    plain = DenoisingState(model, replace(FOX, guidance_scale=1.0))
    assert torch.equal(plain.result, before)
    plain.advance([combined])
    assert torch.allclose(state.result, plain.result, atol=1e-5)


def test_a_sum_without_guidance_is_not_scaled(models: ModelCache) -> None:
    model = models.take("tiny", lambda share: None)
    state = DenoisingState(model, replace(FOX, prompt="a fox :0.5 AND a wolf :0.5", guidance_scale=1.0))
    [[without, fox, wolf]] = predict([state], 3)
    state.advance([without, fox, wolf])
    plain = DenoisingState(model, replace(FOX, guidance_scale=1.0))
    plain.advance([(fox + wolf) / 2])
    assert torch.allclose(state.result, plain.result, atol=1e-5)


def test_each_region_is_predicted_by_its_own_words(models: ModelCache) -> None:
    model = models.take("tiny", lambda share: None)
    state = DenoisingState(model, replace(FOX, prompt="snow <left: a fox> <0,0.5,1,1: a wolf>", guidance_scale=1.0))
    [[snow, fox, wolf]] = predict([state], 3)
    state.advance([snow, fox, wolf])
    expected = snow.clone()
    half = snow.shape[-1] // 2
    expected[..., :half, :half] = fox[..., :half, :half]
    expected[..., half:, half:] = wolf[..., half:, half:]
    expected[..., half:, :half] = (fox + wolf)[..., half:, :half] / 2
    plain = DenoisingState(model, replace(FOX, guidance_scale=1.0))
    plain.advance([expected])
    assert torch.allclose(state.result, plain.result, atol=1e-6)


@pytest.mark.parametrize("prompt", ["a [fox|wolf]", "a fox AND a wolf", "snow <left: a fox> <right: a wolf>"])
def test_strangers_in_the_batch_stay_the_same_to_the_bit(models: ModelCache, prompt: str) -> None:
    alone, together = (LoopDriver(models, BatchSizing(4, strict=True)) for _ in range(2))
    theirs, mine = replace(FOX, prompt="a house", seed=3), replace(FOX, prompt=prompt)
    alone.admit(1, theirs)
    alone.run()
    alone.admit(2, mine)
    alone.run()
    for number, each in ((1, theirs), (2, mine)):
        together.admit(number, each)
    together.run()
    for number in (1, 2):
        assert numpy.array_equal(together.pixels(number), alone.pixels(number))


def test_a_distilled_model_refuses_a_sum_and_draws_regions(models: ModelCache) -> None:
    driver = LoopDriver(models)
    driver.admit(1, replace(FOX, model="distilled", prompt="a fox AND a wolf"))
    driver.admit(2, replace(FOX, model="distilled", prompt="<left: a fox> <right: a wolf>"))
    driver.run()
    [failed] = [event for event in driver.of(1) if isinstance(event, Failed)]
    assert "distilled doesn't support AND. Remove it, or choose another model." in failed.detail
    assert isinstance(driver.of(2)[-1], Completed)


def test_metadata_keeps_the_prompt_and_names_weights_only_where_there_are_some(models: ModelCache) -> None:
    driver = LoopDriver(models)
    driver.admit(1, replace(FOX, prompt="a [fox:wolf:0.5]"))
    driver.admit(2, replace(FOX, prompt="a [fox:(wolf):0.5]"))
    driver.run()
    texts = [Image.open(BytesIO(driver.completed(n).pictures[0].png)).info[infotext.CHUNK_NAME] for n in (1, 2)]
    assert [infotext.from_infotext(text).prompt for text in texts] == ["a [fox:wolf:0.5]", "a [fox:(wolf):0.5]"]
    assert ["Emphasis" in text for text in texts] == [False, True]
