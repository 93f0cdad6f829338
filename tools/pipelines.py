"""Looks at diffusers' pipelines and writes what each of them takes: `python -m tools.pipelines`.

It writes `generation/pipelines.json`, which the bot reads instead of importing diffusers.
"""

import ast
import inspect
import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import diffusers
from diffusers.pipelines import auto_pipeline

from generation.pipelines import FILE, Guidance
from generation.sources import BATCHED

_OTHER_WORK = re.compile(
    r"controlnet|\.pag\.|deprecated|t2i_adapter|ledits_pp|marigold|\.stable_diffusion\.|stable_diffusion_xl|Video|Audio"
    r"|FiboEdit|Prior|Upscale|SuperResolution|Refiner|Layered|Combined|FunControl|Onnx"
)
"""Names of pipelines that do other work, are one part of several, or read no plain words."""

_NOT_PICTURES = (
    "num_frames",
    "frame_size",
    "lyrics",
    "gen_length",
    "audio_length_in_s",
    "control_image",
    "video_length",
)
"""Parameters of pipelines that make films, sounds or texts, or that follow a control picture."""

_SCALES = ("true_cfg_scale", "guidance_scale", "distilled_guidance_scale")
"""The parameters that guidance goes by, the first that there is. Where a pipeline has the first two, distilled models
are told the second."""

_GUIDANCE = {
    "DreamLiteMobilePipeline": Guidance.NONE,
    "Flux2KleinKVPipeline": Guidance.NONE,
    "Flux2Pipeline": Guidance.TOLD,
    "HunyuanImagePipeline": Guidance.NONE,
    "SanaSprintPipeline": Guidance.TOLD,
}
"""Pipelines of distilled models, whatever their network's configuration says."""

_SEVERAL = {
    "Flux2Pipeline": 4,
    "Flux2KleinPipeline": 4,
    "Flux2KleinKVPipeline": 4,
    "GlmImagePipeline": 4,
    "JoyImageEditPlusPipeline": 4,
    "QwenImage21Pipeline": 4,
    "QwenImageEditPlusPipeline": 4,
    "ZImageOmniPipeline": 4,
}
"""Pipelines that take several references for one picture. A list means several pictures to the others."""

_REFERENCES_IN_WORDS = ("OmniGenPipeline",)
"""Pipelines whose prompt must say where each reference belongs; they are given none."""

_PICTURE_NEEDED = (
    "JoyImageEditPipeline",
    "JoyImageEditPlusPipeline",
    "Kandinsky5I2IPipeline",
    "LongCatImageEditPipeline",
    "QwenImageEditPipeline",
    "QwenImageEditPlusPipeline",
)
"""Pipelines that draw nothing without a reference, though some of their signatures make it optional."""

_USUAL_SIZE_STEP = 16
_SIZE_STEPS = {
    "GlmImagePipeline": 32,
    "HunyuanImagePipeline": 64,
    "Kandinsky3Pipeline": 64,
    "PixArtAlphaPipeline": 8,
    "PixArtSigmaPipeline": 8,
    "QwenImage21Pipeline": 32,
    "SanaPipeline": 32,
    "SanaSprintPipeline": 32,
}
"""Pixels that width and height are a multiple of: the autoencoder's factor times the patches of the network."""

_SIZES = re.compile(r"self\.resolutions = (\[.*\])")
"""Where a pipeline that draws a few sizes alone lists them, width first."""


def found() -> dict[str, dict[str, Any]]:
    """What every pipeline takes that draws pictures, by its class name."""
    return {kind.__name__: _described(kind) for kind in _pipelines()}


def _pipelines() -> Iterator[Any]:
    for name in sorted(set(dir(diffusers)) | {"PRXPipeline"}):
        kind = getattr(diffusers, name, None)
        if isinstance(kind, type) and issubclass(kind, diffusers.DiffusionPipeline) and _draws(kind):
            yield kind


def _draws(kind: Any) -> bool:
    """True for a pipeline that draws a picture from words, or from words and references, in steps."""
    takes = _parameters(kind)
    if kind.__name__ in BATCHED or _OTHER_WORK.search(f"{kind.__module__}.{kind.__name__}"):
        return False
    needed = [name for name, each in takes.items() if each.default is each.empty]
    return (
        {"prompt", "num_inference_steps"} <= takes.keys()
        and not {*_NOT_PICTURES, "strength", "mask_image"} & takes.keys()
        and set(needed) <= {"prompt", "image"}
    )


def _described(kind: Any) -> dict[str, Any]:
    takes = _parameters(kind)
    scale = next((name for name in _SCALES if name in takes), "")
    looks = kind.__name__ not in _REFERENCES_IN_WORDS
    reference = looks and next((name for name in ("image", "images", "input_images") if name in takes), "")
    return {
        "negative_prompt": "negative_prompt" in takes,
        "scale": scale,
        "guidance": _guidance(kind, takes, scale),
        "told_by_network": "self.transformer.config.guidance_embeds:" in inspect.getsource(kind),
        "words": _words(takes),
        "reference": reference or "",
        "references": _SEVERAL.get(kind.__name__, 1) if reference else 0,
        "picture_needed": kind.__name__ in _PICTURE_NEEDED,
        "start_picture": _linked(
            kind, auto_pipeline.AUTO_IMAGE2IMAGE_PIPELINES_MAPPING, "Img2ImgPipeline", {"image", "strength"}
        ),
        "mask": _linked(kind, auto_pipeline.AUTO_INPAINT_PIPELINES_MAPPING, "InpaintPipeline", {"image", "mask_image"}),
        "loras": hasattr(kind, "load_lora_weights"),
        "size_step": _SIZE_STEPS.get(kind.__name__, _USUAL_SIZE_STEP),
        "sizes": _sizes(kind),
    }


def _guidance(kind: Any, takes: dict[str, inspect.Parameter], scale: str) -> Guidance:
    """How it is guided, unless its network is told the scale. True classifier-free guidance beside another scale is
    off by default in pipelines of distilled models."""
    if kind.__name__ in _GUIDANCE:
        return _GUIDANCE[kind.__name__]
    off = scale == "true_cfg_scale" and "guidance_scale" in takes and takes[scale].default <= 1
    return Guidance.TWO_PREDICTIONS if scale and not off else Guidance.NONE


def _parameters(kind: Any) -> dict[str, inspect.Parameter]:
    takes = inspect.signature(kind.__call__).parameters.items()
    return {name: each for name, each in takes if name != "self" and each.kind is not each.VAR_KEYWORD}


def _words(takes: dict[str, inspect.Parameter]) -> int | None:
    longest = takes.get("max_sequence_length")
    return longest.default if longest and isinstance(longest.default, int) else None


def _linked(kind: Any, mapping: dict[str, Any], suffix: str, takes: set[str]) -> str:
    """The pipeline that AutoPipeline makes of another around the same networks, or else the one of the same name with
    `suffix`, if it takes all of `takes`."""
    name = auto_pipeline._get_model(kind.__name__)
    linked = mapping.get(name) if name else None
    if linked is None or not takes <= _parameters(linked).keys():
        linked = getattr(diffusers, kind.__name__.replace("Pipeline", suffix), None)
    return linked.__name__ if linked and takes <= _parameters(linked).keys() else ""


def _sizes(kind: Any) -> list[list[int]]:
    """The only sizes that a pipeline draws; empty for all."""
    listed = getattr(sys.modules[kind.__module__], "SUPPORTED_SHAPE", None)
    if listed is None:
        found = _SIZES.search(inspect.getsource(kind))
        listed = ast.literal_eval(found[1]) if found else []
    return [list(each) for each in listed]


def main() -> None:
    FILE.write_text(json.dumps(found(), indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
