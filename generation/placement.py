"""What a model needs before it is loaded: from the headers of its files, or, where they are not on this machine, from
its configs and from published networks of the same name.

Activations are estimates for one picture of the model's own size, checked against published figures.
"""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from generation import abilities, architectures, networks, plans, sources
from generation.architectures import NETWORKS, Parts
from generation.catalogue import ModelSpec
from generation.networks import ITEM_BYTES, Network
from generation.pipelines import Guidance
from generation.plans import TILE, Needs
from generation.sources import Description
from generation.weights import GGUF, head_of

WORKSPACE = 3 * 10**8
"""Bytes that the libraries of a GPU take beside weights and activations."""

_TOKEN_COPIES, _PIXEL_COPIES, _DECODED_COPIES = 20, 24, 4
"""How many times the activations of one layer are in memory at once: of a transformer with an inner width of four times
its own, of a UNet's first block, and of an autoencoder's last."""

_WORDS = 512
"""Tokens of a prompt beside those of the picture."""

_DECODER_CHANNELS = 256
"""Channels of an autoencoder's last block at full size, as far as is known."""

_LARGE = 10**9
"""The weights of a text encoder that is quantised together with the network."""

QUANTIZED_BYTES = {"nf4": 0.5625, "int8": 1.0, "fp8": 1.0}
"""Bytes of a quantised weight, with its share of the scales."""

_GGUF_KIND = re.compile(r"\b(q[2-8])(_|\b)")
_GGUF_BITS = {"q2": 2.9, "q3": 3.6, "q4": 4.6, "q5": 5.6, "q6": 6.6, "q8": 8.5}
"""Bits of a weight in a GGUF file, by the kind that its name tells."""

TRANSFORMER = "transformer"

_PREFIX = "model.diffusion_model."
_IN_FILE = {
    "text_encoder": ("cond_stage_model.", "conditioner.embedders.", "text_encoders."),
    "vae": ("first_stage_model.", "vae."),
    "unread": ("model_ema.",),
}
"""How the names of tensors begin that are not the network's, by the part of the model that they belong to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """The networks of a model, as far as is known."""

    denoiser: Network
    text_encoders: tuple[Network, ...] = ()
    vae: int = 0
    others: int = 0
    width: int
    """Channels of a token, or of a UNet's first block."""
    is_unet: bool = False
    decoder_channels: int = _DECODER_CHANNELS
    upcasts: bool = True
    """True where the autoencoder overflows in float16."""


def needs(spec: ModelSpec, dtype: str = "float16", quantize: str | None = None) -> Needs | None:
    """What a model needs in a number format, one of `ITEM_BYTES`; None where too little is known of it.

    `quantize` is one of `QUANTIZED_BYTES`, for weights that come unquantised; None is what its spec says.
    """
    quantize = spec.quantize if quantize is None else quantize
    try:
        base = _at(spec.base) if spec.base else None
        return needs_of(spec, _at(spec.source), dtype, quantize, base=base)
    except (OSError, ValueError):
        parts = architectures.parts_of(spec.source)
    return _summed(spec, _published(parts, spec.source, dtype), dtype, quantize, parts.pipeline) if parts else None


def needs_of(
    spec: ModelSpec,
    at: Path,
    dtype: str,
    quantize: str = "",
    others: int = 0,
    base: Path | None = None,
    files: Mapping[str, Sequence[Path]] = MappingProxyType({}),
) -> Needs:
    """As `needs`, for a folder or a file on this machine. `others` are bytes of the networks beside it, such as an
    autoencoder that the spec names. `base` is the folder that completes a transformer in a file, and `files` those of
    its parts that are elsewhere. Raises `OSError` or `ValueError`."""
    description = sources.description_of(str(at))
    pipeline = description.pipeline if description else ""
    if base:
        model = _in_folder(base, dtype, {TRANSFORMER: [at], **files})
    else:
        model = _in_folder(at, dtype) if at.is_dir() else _in_file(at, pipeline, dtype)
    model = replace(model, vae=0 if spec.vae else model.vae, others=model.others + others)
    return _summed(spec, model, dtype, quantize, pipeline)


def _at(source: str) -> Path:
    """The folder or the file of a source. Raises `FileNotFoundError` or `ValueError` where it is not here."""
    path = Path(source).expanduser()
    return path if path.exists() else sources.cached(source, sources.INDEX).parent


def _in_folder(folder: Path, dtype: str, files: Mapping[str, Sequence[Path]] = MappingProxyType({})) -> _Model:
    index: dict[str, Any] = json.loads((folder / sources.INDEX).read_text())
    configs = {name: _config(folder / name) for name in index if (folder / name).is_dir() and name != "safety_checker"}
    found = {
        name: network
        for name in configs
        if (network := _network(folder / name, configs[name], dtype, files.get(name))).whole
    }
    denoisers = [name for name in found if plans.is_denoiser(name)]
    encoders = [name for name in found if plans.is_text_encoder(name)]
    if not found:
        raise ValueError(f"nothing is known of the networks of {folder}")
    config, vae = configs[denoisers[0]] if denoisers else {}, configs.get("vae", {})
    return _Model(
        denoiser=sum((found[name] for name in denoisers), Network()),
        text_encoders=tuple(found[name] for name in encoders),
        vae=found["vae"].whole if "vae" in found else 0,
        others=sum(found[name].whole for name in found if name not in ("vae", *denoisers, *encoders)),
        width=architectures.measures(config)[1],
        is_unet="block_out_channels" in config,
        decoder_channels=_channels(vae),
        upcasts=vae.get("force_upcast", True),
    )


def _network(folder: Path, config: Mapping[str, Any], dtype: str, files: Sequence[Path] | None) -> Network:
    """The network in a folder, or in the files instead; where its weights are not there, one like its config."""
    if tensors := networks.tensors_of(networks.files_of_part(folder) if files is None else files, dtype):
        return Network.of(tensors)
    alike = architectures.like(config)
    return alike.weights.times(ITEM_BYTES[dtype]) if alike else Network()


def _config(folder: Path) -> dict[str, Any]:
    file = folder / sources.CONFIG
    config: dict[str, Any] = json.loads(file.read_text()) if file.is_file() else {}
    return config


def _channels(vae: Mapping[str, Any]) -> int:
    """Channels of an autoencoder's last block at full size."""
    channels = vae.get("block_out_channels") or [each * vae.get("base_dim", 0) for each in vae.get("dim_mult", ())]
    return int(channels[:2][-1]) if channels else _DECODER_CHANNELS


def _in_file(file: Path, pipeline: str, dtype: str) -> _Model:
    """The networks of a single file. What it lacks is like in published models of its name or family."""
    parts = architectures.parts_of(file.stem, pipeline)
    known = _published(parts, file.stem, dtype) if parts else _Model(denoiser=Network(), width=0)
    if file.suffix == GGUF:
        return replace(known, denoiser=known.denoiser.times(file.stat().st_size / max(known.denoiser.whole, 1)))
    held: dict[str, dict[str, int]] = defaultdict(dict)
    for name, size in networks.bytes_of(head_of(file), dtype).items():
        part = next((part for part, starts in _IN_FILE.items() if name.startswith(starts)), "denoiser")
        held[part][name.removeprefix(_PREFIX)] = size
    encoders = (Network.of(held["text_encoder"]),) if "text_encoder" in held else known.text_encoders
    vae = sum(held["vae"].values()) or known.vae
    return replace(known, denoiser=Network.of(held["denoiser"]), text_encoders=encoders, vae=vae)


def _published(parts: Parts, name: str, dtype: str) -> _Model:
    """A published model, with the network quantised as the name of a GGUF file tells."""
    size = ITEM_BYTES[dtype]
    found = _GGUF_KIND.search(name.lower()) if "gguf" in name.lower() else None
    denoiser, vae = NETWORKS[parts.denoiser], NETWORKS[parts.vae]
    return _Model(
        denoiser=denoiser.weights.times(_GGUF_BITS[found[1]] / 8 if found else size),
        text_encoders=tuple(NETWORKS[each].weights.times(size) for each in parts.text_encoders),
        vae=vae.weights.whole * size,
        width=denoiser.width,
        is_unet=denoiser.kind == "UNet2DConditionModel",
    )


def _summed(spec: ModelSpec, model: _Model, dtype: str, quantize: str, pipeline: str) -> Needs:
    """Weights and activations together."""
    size = ITEM_BYTES[dtype]
    widened = 2 if dtype == "float16" and model.is_unet and model.upcasts else 1
    pixels = spec.width * spec.height
    tokens, copies = (pixels // 64, _PIXEL_COPIES) if model.is_unet else (pixels // 256 + _WORDS, _TOKEN_COPIES)
    decoded = model.decoder_channels * size * widened * _DECODED_COPIES
    factor = QUANTIZED_BYTES[quantize] / size if quantize else 1.0
    large = [each.whole > _LARGE * size for each in model.text_encoders]
    return Needs(
        denoiser=model.denoiser.times(factor),
        text_encoders=tuple(
            each.times(factor, but_layers=True) if quantized else each
            for each, quantized in zip(model.text_encoders, large, strict=True)
        ),
        others=model.vae * widened + model.others,
        drawing=WORKSPACE + tokens * model.width * size * copies * _rows(spec, pipeline),
        decoding=WORKSPACE + pixels * decoded,
        decoding_tile=WORKSPACE + min(pixels, TILE * TILE) * decoded,
    )


def _rows(spec: ModelSpec, pipeline: str) -> int:
    """Predictions in a step of one picture."""
    two = abilities.described(Description(pipeline)).guidance is Guidance.TWO_PREDICTIONS
    return 2 if two and spec.guidance_scale > 1 else 1
