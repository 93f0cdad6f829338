import pytest

from generation import upscaling
from generation.catalogue import POCKET, ModelSpec
from generation.settings import GenerationSettings, Sampler


def settings(side: int, **changes: object) -> GenerationSettings:
    values = {"prompt": "a fox", "seed": 1, "model": "pocket", "width": side, "height": side, **changes}
    return GenerationSettings(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("side", "changes", "charged"),
    [
        (1024, {"steps": 25}, 21 * 21 * 7),
        (512, {"steps": 25, "hires_factor": 2.0}, 21 * 21 * 7),
        (1024, {"steps": 25, "count": 4, "denoising_strength": 0.9}, 21 * 21 * 7),
        (1024, {"steps": 25, "sampler": Sampler.HEUN}, 21 * 21 * 7 * 2),
        (1024, {"steps": 1}, 21 * 21),
        (64, {"steps": 10}, 3),
    ],
)
def test_every_tile_is_charged_for_its_steps(side: int, changes: dict[str, object], charged: int) -> None:
    assert upscaling.creative_work(settings(side, **changes), POCKET, 2).charged == charged


def test_a_model_that_likes_large_pictures_has_fewer_tiles() -> None:
    large = ModelSpec("large", "/nowhere", width=1024, height=1024)
    assert upscaling.creative_work(settings(1024, steps=30), large, 2).charged == 3 * 3 * 9
    assert upscaling.creative_work(settings(1024, steps=30), large, 8).tiles > 8 * 8


def test_a_tile_of_a_picture_has_no_regions_and_no_seams() -> None:
    whole = settings(1024, prompt="snow, <left: a fox>", tile=True, count=2)
    of_tile = upscaling.creative_settings(whole)
    assert (of_tile.prompt, of_tile.tile, of_tile.count) == ("a fox, snow", False, 1)
