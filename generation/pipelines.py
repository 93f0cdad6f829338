"""What diffusers' pipelines take, known without importing diffusers.

`pipelines.json` is written by `python -m tools.pipelines`.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("pipelines.json")


class Guidance(StrEnum):
    """How the guidance scale of a model works."""

    TWO_PREDICTIONS = "two predictions"
    """Classifier-free guidance: two predictions a step, with and without the prompt."""
    TOLD = "told the scale"
    """A distilled model whose network is told the scale, and predicts once a step."""
    NONE = "none"
    """A distilled model that has no scale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """What the `__call__` of a pipeline takes, and the pipelines that AutoPipeline makes around the same networks."""

    negative_prompt: bool = False
    guidance: Guidance = Guidance.NONE
    """How it is guided, unless its network is told the scale."""
    told_by_network: bool = False
    """True where networks of this pipeline are told the scale if their configuration says `guidance_embeds`."""
    scale: str = ""
    """The parameter that holds the guidance scale; empty for none. `true_cfg_scale` is that of two predictions, and
    stands beside `guidance_scale`, which the network is told."""
    words: int | None = None
    """The most tokens of a prompt that are read; None where it doesn't say."""
    reference: str = ""
    """The parameter that holds pictures to look at; empty for none."""
    references: int = 0
    """How many of those it takes for one picture."""
    picture_needed: bool = False
    """True where it draws nothing without a reference."""
    start_picture: str = ""
    """The pipeline for image to image with a strength; empty for none."""
    mask: str = ""
    """The pipeline for inpainting; empty for none."""
    loras: bool = False
    size_step: int = 16
    """Width and height are multiples of this, in pixels."""
    sizes: tuple[tuple[int, int], ...] = ()
    """The only sizes that it draws, width first, in pixels; empty for all."""


UNLISTED = Pipeline(negative_prompt=True, guidance=Guidance.TWO_PREDICTIONS, scale="guidance_scale")
"""A pipeline that is not in the file, as of a newer diffusers. What it doesn't take is refused when it draws."""


def _read(document: dict[str, Any]) -> Pipeline:
    sizes = tuple((width, height) for width, height in document.pop("sizes"))
    return Pipeline(**document | {"guidance": Guidance(document["guidance"]), "sizes": sizes})


PIPELINES = {name: _read(each) for name, each in json.loads(FILE.read_text()).items()}
"""Every pipeline that draws pictures, by its class name."""


def of(name: str) -> Pipeline:
    """What the pipeline with this class name takes."""
    return PIPELINES.get(name, UNLISTED)
