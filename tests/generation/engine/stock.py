"""Pictures of diffusers' own pipelines for the same settings."""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy
import torch

from generation.engine.denoising.samplers import scheduler_for
from generation.settings import GenerationSettings, Sampler
from tests.generation.engine.device import DEVICE

Pixels = numpy.ndarray[Any, Any]

ONE_PATH = (
    Sampler.DPMPP_2M,
    Sampler.DPMPP_2M_KARRAS,
    Sampler.HEUN,
    Sampler.LMS,
    Sampler.DDIM,
    Sampler.PLMS,
    Sampler.UNIPC,
    Sampler.DEIS,
)
"""Samplers that add no noise: they follow the same path as Euler, some in larger steps than others."""

WITHOUT_NOISE = (Sampler.EULER, *ONE_PATH)
"""The samplers of `stock_matrix`."""

OTHERS = tuple(sampler for sampler in Sampler if sampler not in WITHOUT_NOISE)
"""Samplers that add noise at every step, or that belong to distilled models."""


class Stock:
    """The pipelines of models whose folders are known by name, in float32, each read once."""

    def __init__(self, folders: Mapping[str, str]) -> None:
        self._folders = folders
        self._pipelines: dict[tuple[str, Any], Any] = {}

    def pipeline(self, name: str, kind: Any) -> Any:
        """A pipeline of the class `kind`; `trained_with` of it is what its own scheduler was configured with."""
        if (name, kind) not in self._pipelines:
            with warnings.catch_warnings(action="ignore"):
                made = kind.from_pretrained(self._folders[name], dtype=torch.float32, local_files_only=True)
            made.to(DEVICE).set_progress_bar_config(disable=True)
            made.trained_with = dict(made.scheduler.config)
            self._pipelines[name, kind] = made
        return self._pipelines[name, kind]

    @torch.inference_mode()
    def drawn(self, kind: Any, settings: GenerationSettings, *, embed: bool = True, **given: Any) -> Pixels:
        """The picture (height, width, 3), 0 to 255; `given` is passed on. Unless `embed`, the pipeline reads the
        prompts itself, at its own clip skip."""
        pipeline = self.pipeline(settings.model, kind)
        pipeline.scheduler = scheduler_for(
            settings.sampler, pipeline.trained_with, settings.steps, DEVICE, settings.schedule
        )
        prompt = {"prompt": settings.prompt, "negative_prompt": settings.negative_prompt or None}
        image = pipeline(
            num_inference_steps=settings.steps,
            guidance_scale=settings.guidance_scale,
            guidance_rescale=settings.guidance_rescale,
            generator=torch.Generator("cpu").manual_seed(settings.seed),
            eta=0.3 if settings.sampler is Sampler.TCD else 0.0,
            **(embedded(pipeline, settings) if embed else prompt),
            **given,
        ).images[0]
        return numpy.asarray(image, dtype=int)


def embedded(pipeline: Any, settings: GenerationSettings) -> dict[str, torch.Tensor]:
    """The prompts as the stock pipeline would embed them, with its (since broken) clip skip counted as users count."""
    if not hasattr(pipeline, "text_encoder_2"):
        prompts = {"prompt_embeds": settings.prompt, "negative_prompt_embeds": settings.negative_prompt}
        return {name: _layer(pipeline, "", text, settings.clip_skip, norm=True)[0] for name, text in prompts.items()}
    found: dict[str, torch.Tensor] = {}
    for kind, text in {"": settings.prompt, "negative_": settings.negative_prompt}.items():
        read = [_layer(pipeline, which, text, settings.clip_skip, norm=False) for which in ("", "_2")]
        found[f"{kind}prompt_embeds"] = torch.cat([embeddings for embeddings, _ in read], dim=-1)
        found[f"{kind}pooled_prompt_embeds"] = read[1][1].text_embeds
    if not settings.negative_prompt:
        found |= {name: torch.zeros_like(found[name]) for name in found if name.startswith("negative")}
    return found


def _layer(pipeline: Any, which: str, text: str, clip_skip: int, norm: bool) -> tuple[torch.Tensor, Any]:
    tokenizer, encoder = getattr(pipeline, f"tokenizer{which}"), getattr(pipeline, f"text_encoder{which}")
    tokens = tokenizer(text, padding="max_length", truncation=True, return_tensors="pt").input_ids
    output = encoder(tokens.to(encoder.device), output_hidden_states=True)
    chosen = output.hidden_states[-clip_skip]
    return encoder.final_layer_norm(chosen) if norm else chosen, output


@torch.inference_mode()
def drawn_as_it_comes(pipeline: Any, settings: GenerationSettings, **given: Any) -> Pixels:
    """The picture (height, width, 3), 0 to 255, by the pipeline's own scheduler; `given` is passed on to it."""
    pipeline.set_progress_bar_config(disable=True)
    image = pipeline(
        settings.prompt,
        num_inference_steps=settings.steps,
        guidance_scale=settings.guidance_scale,
        width=settings.width,
        height=settings.height,
        generator=torch.Generator("cpu").manual_seed(settings.seed),
        **given,
    ).images[0]
    return numpy.asarray(image, dtype=int)


def drawn_by_stock(pipeline: Any, settings: GenerationSettings, **given: Any) -> Pixels:
    """The same by the sampler that the settings name."""
    trained_with = dict(pipeline.scheduler.config)
    pipeline.scheduler = scheduler_for(settings.sampler, trained_with, settings.steps, DEVICE)
    return drawn_as_it_comes(pipeline, settings, **given)
