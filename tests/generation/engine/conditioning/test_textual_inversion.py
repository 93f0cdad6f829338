"""Words of a host's own are heard as diffusers' own pipelines hear them."""

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from safetensors.torch import load_file, save_file

from generation.catalogue import Catalogue, ModelSpec
from generation.embeddings import EmbeddingSpec
from generation.engine.scheduling.model_cache import ModelCache
from generation.settings import GenerationSettings
from tests.generation.engine import tiny
from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.stock import drawn_by_stock

FILES = {
    "tidyhands": {"tidyhands": torch.randn(tiny.WIDTH, generator=torch.Generator().manual_seed(1))},
    "old-paper": {"emb_params": torch.randn(3, tiny.WIDTH, generator=torch.Generator().manual_seed(2))},
    "largeword": {
        "clip_l": torch.randn(2, tiny.WIDTH, generator=torch.Generator().manual_seed(3)),
        "clip_g": torch.randn(2, tiny.SECOND_WIDTH, generator=torch.Generator().manual_seed(4)),
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("models")
    tiny.stable_diffusion_1(made / "small")
    tiny.stable_diffusion_xl(made / "xl")
    for name, tensors in FILES.items():
        save_file(tensors, made / f"{name}.safetensors")
    (made / "fox.safetensors").write_bytes(b"\xff" * 40)
    return made


@pytest.fixture(scope="module")
def cache(folder: Path) -> ModelCache:
    models = [ModelSpec(name, str(folder / name)) for name in ("small", "xl")]
    embeddings = [EmbeddingSpec(file.stem, file) for file in folder.glob("*.safetensors")]
    return ModelCache(Catalogue(models, embeddings=embeddings), torch.device("cpu"), torch.float32, room=2)


def small(folder: Path) -> Any:
    pipeline = StableDiffusionPipeline.from_pretrained(folder / "small", local_files_only=True)
    for name in ("tidyhands", "old-paper"):
        [tensor] = FILES[name].values()
        pipeline.load_textual_inversion({name: tensor}, token=name)
    return pipeline


def large(folder: Path) -> Any:
    pipeline = StableDiffusionXLPipeline.from_pretrained(folder / "xl", local_files_only=True)
    tensors = load_file(folder / "largeword.safetensors")
    pipeline.load_textual_inversion(tensors["clip_l"], token="largeword")
    both = {"text_encoder": pipeline.text_encoder_2, "tokenizer": pipeline.tokenizer_2}
    pipeline.load_textual_inversion(tensors["clip_g"], token="largeword", **both)
    return pipeline


@pytest.fixture
def fox() -> GenerationSettings:
    return GenerationSettings(prompt="a fox", seed=7, model="small", width=64, height=64, steps=4)


@pytest.mark.parametrize(
    ("prompt", "negative"),
    [("a fox in old-paper, painted", ""), ("a fox", "tidyhands, old-paper"), ("tidyhands", "a tidyhands of a fox")],
)
def test_the_pixels_of_the_stock_pipeline(
    cache: ModelCache, folder: Path, fox: GenerationSettings, prompt: str, negative: str
) -> None:
    settings = replace(fox, prompt=prompt, negative_prompt=negative)
    with warnings.catch_warnings(action="ignore"):
        expected = drawn_by_stock(small(folder), settings, negative_prompt=settings.negative_prompt)
    assert abs(LoopDriver(cache).drawn(settings) - expected).max() <= 1


def test_both_encoders_of_stable_diffusion_xl(cache: ModelCache, folder: Path, fox: GenerationSettings) -> None:
    settings = replace(fox, prompt="a fox, largeword", model="xl", clip_skip=2, negative_prompt="red")
    expected = drawn_by_stock(large(folder), settings, negative_prompt=settings.negative_prompt)
    assert abs(LoopDriver(cache).drawn(settings) - expected).max() <= 1


def test_its_letters_may_be_of_any_case_and_it_can_be_weighed(cache: ModelCache) -> None:
    reader = cache.take("small", on_load=lambda share: None).prompts.readers[0]
    [plain], [loud], [weighed] = map(reader.windows, ("a fox, old-paper", "a fox, OLD-Paper", "a fox, (old-paper:1.4)"))
    assert plain == loud
    assert weighed == [*plain[:-3], *((token, 1.4) for token, _ in plain[-3:])]


@pytest.mark.parametrize("word", ["sılk İris", "ſtyle", "style", "ILK", "İ", "straße", "\N{KELVIN SIGN}elp"])
def test_letters_that_only_look_alike_after_case_folding(cache: ModelCache, word: str) -> None:
    """Whatever a pattern takes for a letter of the word, its vectors are found; nothing crashes."""
    reader = cache.take("small", on_load=lambda share: None).prompts.readers[0]
    before = reader.vocabulary
    try:
        reader.learn(word, torch.ones(2, tiny.WIDTH))
        [tokens] = reader.windows(f"a {word} fox")
        assert [token for token, _ in tokens if token < 0] == [-len(before.vectors) - 1, -len(before.vectors) - 2]
        for typed in (word.upper(), word.lower(), word.casefold(), word.replace("s", "ſ").replace("I", "ı")):
            reader.windows(f"({typed}:1.2) [{typed}] {typed}ı İ{typed} ſ")
    finally:
        reader.vocabulary = before


def test_it_is_found_in_any_form_of_unicode(cache: ModelCache) -> None:
    reader = cache.take("small", on_load=lambda share: None).prompts.readers[0]
    before = reader.vocabulary
    reader.learn("Jose\u0301 ", torch.ones(1, tiny.WIDTH))
    for typed in ("jos\u00e9", "JOSE\u0301"):
        assert any(token < 0 for token, _ in reader.windows(f"a {typed}, walking")[0])
    reader.vocabulary = before


def test_part_of_another_word_is_not_it(cache: ModelCache) -> None:
    reader = cache.take("small", on_load=lambda share: None).prompts.readers[0]
    [tokens] = reader.windows("untidyhands tidyhands, tidyhandsome")
    assert sum(token < 0 for token, _ in tokens) == 1


def test_what_does_not_fit_or_is_damaged_stays_a_word(cache: ModelCache, folder: Path, fox: GenerationSettings) -> None:
    """“fox” is a damaged file here, and “largeword” one for the other model."""
    settings = replace(fox, prompt="a fox, largeword")
    pipeline = StableDiffusionPipeline.from_pretrained(folder / "small", local_files_only=True)
    expected = drawn_by_stock(pipeline, settings, negative_prompt=settings.negative_prompt)
    assert abs(LoopDriver(cache).drawn(settings) - expected).max() <= 1
