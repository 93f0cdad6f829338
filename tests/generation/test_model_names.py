import pytest

from generation.catalogue import Catalogue, ModelSpec
from generation.errors import UnknownModel

CATALOGUE = Catalogue(
    [
        ModelSpec("SD 1.5", "stable-diffusion-v1-5/stable-diffusion-v1-5"),
        ModelSpec("photo", "models/DreamShaper_8.safetensors"),
        ModelSpec("Photo 2", "models/juggernautXL.safetensors"),
        ModelSpec("日本", "a/b"),
    ]
)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("SD 1.5", "SD 1.5"),
        ("sd15", "SD 1.5"),
        ("sd_1-5", "SD 1.5"),
        ("PHOTO", "photo"),
        ("photo2", "Photo 2"),
        ("dreamshaper_8", "photo"),
        ("Dream Shaper 8", "photo"),
        ("SD\\models\\dreamshaper_8.safetensors", "photo"),
        ("stable-diffusion-v1-5", "SD 1.5"),
        ("日本", "日本"),
    ],
)
def test_a_model_by_any_spelling_or_by_its_file(typed: str, name: str) -> None:
    assert CATALOGUE.get(typed).name == name


def test_a_name_that_may_mean_two_is_neither() -> None:
    two = Catalogue([ModelSpec("a b", "x/y"), ModelSpec("A-B", "x/z")])
    assert two.get("a b").name == "a b"
    assert two.called("ab") is None


@pytest.mark.parametrize("typed", ["", "+", "💥"])
def test_a_name_without_letters_is_no_model(typed: str) -> None:
    assert CATALOGUE.called(typed) is None


def test_another_name_is_answered_with_the_nearest_or_with_all() -> None:
    with pytest.raises(UnknownModel, match="Did you mean photo"):
        CATALOGUE.get("foto")
    with pytest.raises(UnknownModel, match=r"Available: SD 1\.5, photo"):
        CATALOGUE.get("flux")
