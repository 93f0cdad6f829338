"""Names that Discord cannot show."""

from pathlib import Path

import pytest

from generation.catalogue import ModelSpec
from generation.embeddings import EmbeddingSpec
from generation.errors import InvalidSetting
from generation.loras import LoraSpec
from generation.names import is_blank

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
