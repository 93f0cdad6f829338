"""Upscales as jobs of the step loop."""

from dataclasses import replace
from io import BytesIO

import numpy
import pytest
from PIL import Image

from generation import infotext
from generation.errors import FailureKind
from generation.events import Cancelled, Completed, Failed, Progress, Started
from generation.jobs import Job, Upscale
from generation.settings import GenerationSettings
from generation.upscaling import UpscalerName
from tests.generation.engine.conftest import LoopDriver


def file(width: int, height: int, kind: str = "PNG") -> bytes:
    data = BytesIO()
    Image.radial_gradient("L").resize((width, height)).convert("RGB").save(data, kind)
    return data.getvalue()


def lanczos(settings: GenerationSettings, picture: bytes, factor: int = 2) -> Upscale:
    return Upscale(settings, picture, factor, upscaler=UpscalerName.LANCZOS)


def test_a_picture_twice_as_large_that_says_by_what(driver: LoopDriver, apple: GenerationSettings) -> None:
    driver.admit(1, apple)
    driver.run()
    small = driver.completed(1).pictures[0].png
    driver.loop.admit(Job(2, "owner", lanczos(apple, small)))
    driver.run()
    completed = driver.completed(2)
    large = completed.pictures[0]
    image = Image.open(BytesIO(large.png))
    assert image.size == (large.width, large.height) == (128, 128)
    assert completed.upscaler == "Lanczos"
    text = Image.open(BytesIO(small)).info["parameters"]
    assert image.info["parameters"] == infotext.with_upscale(text, "Lanczos", 2)
    back = numpy.asarray(image.resize((64, 64), Image.Resampling.BOX), dtype=int)
    assert abs(back - numpy.asarray(Image.open(BytesIO(small)), dtype=int)).mean() < 4


def test_tiles_and_denoising_steps_take_turns(driver: LoopDriver, apple: GenerationSettings) -> None:
    driver.loop.admit(Job(1, "owner", lanczos(apple, file(1200, 600))))
    driver.admit(2, apple)
    driver.loop.admit(Job(3, "other", lanczos(apple, file(600, 300))))
    driver.run()
    order = [event.job_id for event in driver.events if isinstance(event, Progress)]
    upscaling, drawing = ([i for i, job_id in enumerate(order) if job_id == each] for each in (1, 2))
    assert upscaling[0] < drawing[-1]
    assert drawing[0] < upscaling[-1]
    assert [event.step for event in driver.of(1) if isinstance(event, Progress)] == [1, 2, 3, 4, 5]
    assert driver.completed(1).pictures[0].width == 2400
    assert driver.completed(3).pictures[0].width == 1200


def test_an_upscale_is_cancelled_between_two_tiles(driver: LoopDriver, apple: GenerationSettings) -> None:
    driver.loop.admit(Job(1, "owner", lanczos(apple, file(1200, 600))))
    driver.loop.step()
    driver.loop.cancel(1)
    assert driver.loop.idle
    driver.loop.cancel(1)
    driver.run()
    assert [type(event) for event in driver.of(1)] == [Started, Progress, Cancelled]


@pytest.mark.parametrize(
    ("task", "kind"),
    [
        ({"picture": b"not a picture"}, FailureKind.INTERNAL),
        ({"picture": file(2100, 8), "factor": 4}, FailureKind.INTERNAL),
        ({"picture": file(16, 16), "upscaler": UpscalerName.POCKET}, FailureKind.UPSCALER_UNAVAILABLE),
    ],
    ids=["no picture", "too large", "no such upscaler"],
)
def test_what_cannot_be_enlarged_fails_alone(
    driver: LoopDriver, apple: GenerationSettings, task: dict[str, object], kind: FailureKind
) -> None:
    nowhere = replace(apple, model="gone")
    driver.loop.admit(Job(1, "owner", replace(lanczos(nowhere, file(16, 16)), **task)))  # type: ignore[arg-type]
    driver.loop.admit(Job(2, "owner", lanczos(nowhere, file(16, 16, "JPEG"))))
    driver.run()
    ending = driver.of(1)[-1]
    assert isinstance(ending, Failed)
    assert ending.kind is kind
    assert isinstance(driver.of(2)[-1], Completed)
