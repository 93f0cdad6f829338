"""From a source to a model in memory."""

import logging
from pathlib import Path
from typing import Any

import torch
from diffusers import DiffusionPipeline

from generation.catalogue import ModelSpec, PreviewKind
from generation.engine import control, families
from generation.engine.image_prompts import ImagePrompts
from generation.engine.models import Model
from generation.engine.previews import LatentPreview, TinyDecoder
from generation.errors import ModelUnavailable

log = logging.getLogger(__name__)

UNGUARDED: dict[str, Any] = {"safety_checker": None, "requires_safety_checker": False}
"""The safety checker of Stable Diffusion 1.x stays on the shelf."""


def load(spec: ModelSpec, device: torch.device, dtype: torch.dtype) -> Model:
    """Read a model from its directory or the hub; safetensors only, since pickled weights can run code.

    Raises `ModelUnavailable` with the reason for the log.
    """
    log.info("loading model %s", spec.name)
    try:
        pipeline = _pipeline(spec, dtype).to(device)
        tiny = _tiny_decoder(spec, pipeline.vae.config.latent_channels, device, dtype)
        model = assembled(spec, pipeline, tiny, device, dtype)
        if spec.controlnet:
            model.controlnet = control.read(spec.controlnet, device, dtype)
        if spec.ip_adapter:
            model.image_prompts = ImagePrompts.read(spec.ip_adapter, spec.image_encoder, pipeline)
    except (OSError, ValueError, RuntimeError) as reason:
        raise ModelUnavailable(f"model {spec.name} cannot be loaded from {spec.source}: {reason}") from reason
    return model


def assembled(
    spec: ModelSpec, pipeline: Any, tiny: TinyDecoder | None, device: torch.device, dtype: torch.dtype
) -> Model:
    """The parts of diffusers' pipeline as a model of the batched loop."""
    vae = pipeline.vae.eval()
    if dtype == torch.float16 and vae.config.force_upcast:
        vae.to(torch.float32)
    return Model(
        spec=spec,
        prompts=families.prompt_encoder(pipeline),
        unet=pipeline.unet.eval(),
        vae=vae,
        scheduler_config=dict(pipeline.scheduler.config),
        preview=LatentPreview.of_model(spec.source, vae),
        tiny=tiny,
        device=device,
        dtype=dtype,
        pipeline=pipeline,
    )


def _pipeline(spec: ModelSpec, dtype: torch.dtype) -> Any:
    source = Path(spec.source).expanduser()
    local = source.is_dir()
    return DiffusionPipeline.from_pretrained(
        source if local else spec.source, dtype=dtype, use_safetensors=True, local_files_only=local, **UNGUARDED
    )


def _tiny_decoder(spec: ModelSpec, channels: int, device: torch.device, dtype: torch.dtype) -> TinyDecoder | None:
    if spec.preview is not PreviewKind.TINY:
        return None
    return TinyDecoder.read(spec.preview_decoder, channels, device, dtype)
