"""Names that Discord cannot show."""

from pathlib import Path

import pytest

from generation.catalogue import Catalogue, ModelSpec
from generation.embeddings import EmbeddingSpec
from generation.errors import InvalidSetting
from generation.infotext import from_infotext
from generation.loras import Lora, Loras, LoraSpec, read
from generation.names import is_blank, is_whole, key, normal
from generation.settings import GenerationSettings, PartialSettings

BLANK = ["", " \t", "\N{ZERO WIDTH SPACE}", "\N{HANGUL FILLER}\N{BRAILLE PATTERN BLANK}", "\N{RIGHT-TO-LEFT MARK}\x00"]


@pytest.mark.parametrize("name", BLANK)
def test_a_name_with_nothing_to_see_is_refused(name: str) -> None:
    file = Path("any.safetensors")
    with pytest.raises(InvalidSetting, match="The name is blank"):
        ModelSpec(name, "a/b")
    with pytest.raises(InvalidSetting, match="The name is blank"):
        LoraSpec(name, file)
    with pytest.raises(InvalidSetting, match="The name is blank"):
        EmbeddingSpec(name, file)


@pytest.mark.parametrize("name", ["a", "🦊", "水", "-", " a "])
def test_anything_that_is_seen_is_not_blank(name: str) -> None:
    assert not is_blank(name)


def test_a_models_name_is_as_long_as_a_list_can_show() -> None:
    assert ModelSpec("m" * 100, "a/b").name == "m" * 100
    with pytest.raises(InvalidSetting, match=r"The name has 101 characters\. Use at most 100"):
        ModelSpec("m" * 101, "a/b")


COMPOSED, DECOMPOSED = "Jos\u00e9", "Jose\u0301"
"""One name in two forms of Unicode: as most programs write it, and as macOS names files."""


def test_names_are_compared_in_one_form_of_unicode_without_spaces_around() -> None:
    assert normal(f" {DECOMPOSED}\t") == COMPOSED
    assert key(f" {DECOMPOSED.upper()} ") == key(COMPOSED)
    assert key("İ") == key(key("İ")), "an accent that comes with lower case"


@pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED, f" {DECOMPOSED} "])
@pytest.mark.parametrize("given", [COMPOSED, DECOMPOSED, f"{DECOMPOSED} "])
def test_whatever_form_is_typed_it_is_found(given: str, typed: str) -> None:
    file = Path("any.safetensors")
    catalogue = Catalogue([ModelSpec(given, "a/b")], [LoraSpec(given, file, models=(given,))])
    assert catalogue.get(typed).name == COMPOSED
    assert PartialSettings(model=typed).model == COMPOSED
    assert GenerationSettings("a fox", 1, typed, 64, 64).model in catalogue.names
    [lora] = catalogue.loras.check(f"a fox <lora:{typed}:0.5>", catalogue.default.name)
    assert lora.name == COMPOSED
    assert read(f"<lora:{typed}>")[1] == (Lora(COMPOSED.lower()),)
    assert [name for name, _ in catalogue.loras.completions(f"a fox <lora:{DECOMPOSED[:5]}", COMPOSED)] == [COMPOSED]
    [embedding] = Catalogue([ModelSpec(given, "a/b")], embeddings=[EmbeddingSpec(given, file, (given,))]).embeddings.of(
        COMPOSED
    )
    assert embedding.name == COMPOSED


def test_trigger_words_are_found_in_any_form() -> None:
    loras = Loras([LoraSpec("ink", Path("any.safetensors"), words=COMPOSED)])
    assert loras.with_words(f"{DECOMPOSED} <lora:ink>", "m") == f"{DECOMPOSED} <lora:ink>"


@pytest.mark.parametrize("half", ["a \ud800", "fox \udfff", "a \udc00\ud83e"])
def test_half_a_character_is_refused_in_one_sentence(half: str) -> None:
    assert not is_whole(half)
    for prompt, negative in ((half, ""), ("a fox", half)):
        with pytest.raises(InvalidSetting, match="The text has a broken character"):
            GenerationSettings(prompt, 1, "m", 64, 64, negative_prompt=negative)
    found = from_infotext(f"{half}\nSteps: 4, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 64x64, Model: m")
    assert is_whole(found.prompt), "what another tool wrote is read without it"


def test_whole_characters_are_not_refused() -> None:
    assert is_whole("🦊 fox \ud7ff\ue000")
