"""The settings that suit a model whose host has named none, by the class of its pipeline and by its name."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from generation.settings import Sampler
from generation.sources import Description

Settings = Mapping[str, Any]
"""Values of fields of `ModelSpec`."""

FEW_STEPS = re.compile(r"turbo|lightning|schnell|hyper|lcm|dmd2?|(?<!\d)[48]-?steps?", re.IGNORECASE)
"""Words in names of models that were distilled to a few steps."""

_SQUARE = {"width": 1024, "height": 1024}

_USUAL: dict[str, dict[str, Any]] = {
    "StableDiffusionPipeline": {"width": 512, "height": 512, "steps": 25, "guidance_scale": 7.0},
    "LatentConsistencyModelPipeline": {"width": 768, "height": 768, "steps": 4, "guidance_scale": 8.0},
    "StableDiffusionXLPipeline": {**_SQUARE, "steps": 30, "guidance_scale": 6.0, "clip_skip": 2},
    "StableDiffusion3Pipeline": {**_SQUARE, "steps": 28, "guidance_scale": 4.5},
    "FluxPipeline": {**_SQUARE, "steps": 28, "guidance_scale": 3.5},
    "FluxKontextPipeline": {**_SQUARE, "steps": 28, "guidance_scale": 2.5},
    "Flux2Pipeline": {**_SQUARE, "steps": 28, "guidance_scale": 4.0},
    "Flux2KleinPipeline": {**_SQUARE, "steps": 50, "guidance_scale": 4.0},
    "ZImagePipeline": {**_SQUARE, "steps": 50, "guidance_scale": 4.0},
    "QwenImagePipeline": {"width": 1328, "height": 1328, "steps": 50, "guidance_scale": 4.0},
    "ChromaPipeline": {**_SQUARE, "steps": 40, "guidance_scale": 3.0},
    "Lumina2Pipeline": {**_SQUARE, "steps": 50, "guidance_scale": 4.0},
}
"""From the model cards of each family."""

_OTHERS: dict[str, Any] = {**_SQUARE, "steps": 28, "guidance_scale": 5.0}

_FEW: dict[str, dict[str, Any]] = {
    "StableDiffusionPipeline": {"steps": 6, "guidance_scale": 1.5, "sampler": Sampler.DPMPP_SDE_KARRAS.value},
    "StableDiffusionXLPipeline": {"steps": 6, "guidance_scale": 1.5, "sampler": Sampler.DPMPP_SDE_KARRAS.value},
    "ZImagePipeline": {"steps": 9, "guidance_scale": 1.0},
}
_FEW_OF_OTHERS: dict[str, Any] = {"steps": 4, "guidance_scale": 1.0}

_SPECIAL = re.compile(r"Img2Img|Inpaint|InstructPix2Pix|EditPlus|Edit")
"""Parts of the names of pipelines that do the same with a picture."""

V_PREDICTION = re.compile(r"v[-_ ]?pred(iction)?", re.IGNORECASE)
LCM = re.compile(r"lcm", re.IGNORECASE)


def of(description: Description | None, name: str) -> Settings:
    """The settings for a model, by what its files say of it and by `name`: that of its repository or file. One whose
    files say nothing gets none."""
    if description is None or not description.pipeline:
        return MappingProxyType({})
    pipeline = description.pipeline
    kind = _SPECIAL.sub("", pipeline)
    settings = dict(_USUAL.get(kind, _OTHERS))
    if (
        FEW_STEPS.search(name)
        or description.distilled
        or (pipeline == "FluxPipeline" and not description.told_guidance)
    ):
        settings |= _FEW.get(kind, _FEW_OF_OTHERS)
        if LCM.search(name) and kind.startswith("StableDiffusion"):
            settings["sampler"] = Sampler.LCM.value
    if V_PREDICTION.search(name) and kind == "StableDiffusionXLPipeline":
        settings |= {"prediction": "v-ztsnr", "sampler": Sampler.EULER.value, "guidance_scale": 5.0}
    return MappingProxyType(settings)
