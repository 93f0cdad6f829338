"""How long a picture takes, as it was measured on this machine."""

from pathlib import Path

from generation import abilities, suitability
from generation.catalogue import ModelSpec
from generation.pipelines import Guidance
from generation.settings import Sampler
from storage import database, paces

NOT_MEASURED = "measured with the first picture"


def seconds_of(spec: ModelSpec, data: Path) -> float | None:
    """Seconds that a picture with the model's own settings takes alone; None where that was not measured."""
    used = suitability.fitted(spec.preferred, spec)
    width, height, steps = used.width or spec.width, used.height or spec.height, used.steps or spec.steps
    measured = next(
        (
            found[spec.name, width * height]
            for folder in (data, data / "try")
            if (spec.name, width * height) in (found := paces.saved(folder / database.FILE))
        ),
        None,
    )
    if measured is None:
        return None
    guided = abilities.of(spec).guidance is Guidance.TWO_PREDICTIONS and (used.guidance_scale or 1) > 1
    return measured * steps * (2 if guided else 1) * (2 if used.sampler is Sampler.HEUN else 1)


def told(spec: ModelSpec, data: Path) -> str:
    """The same for people."""
    seconds = seconds_of(spec, data)
    return NOT_MEASURED if seconds is None else f"about {max(seconds, 0.1):.2g} s a picture, as measured"
