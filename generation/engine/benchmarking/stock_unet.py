"""diffusers' own pipeline for Stable Diffusion, as a contestant."""

from collections.abc import Callable
from typing import Any

import torch
from PIL import Image

from generation.engine.denoising.samplers import scheduler_for
from generation.engine.models import loader
from generation.engine.models.unet_model import UNetModel
from generation.settings import GenerationSettings


class StockUNet:
    """A pipeline with a model's weights, dtype and device."""

    def __init__(self, model: UNetModel, pipeline: Any) -> None:
        pipeline.set_progress_bar_config(disable=True)
        self._model = model
        self._pipeline = pipeline

    def __call__(self, settings: GenerationSettings, on_step: Callable[[], None]) -> Image.Image:
        """Draw with the settings' own sampler."""
        stock, model = self._pipeline, self._model

        def preview(_: Any, step: int, timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
            on_step()
            return values

        stock.scheduler = scheduler_for(settings.sampler, model.scheduler_config, settings.steps, model.device)
        image: Image.Image = stock(
            **_words(stock, settings),
            num_inference_steps=settings.steps,
            guidance_scale=settings.guidance_scale,
            width=settings.width,
            height=settings.height,
            generator=torch.Generator("cpu").manual_seed(settings.seed),
            callback_on_step_end=preview,
        ).images[0]
        return image


def stock_of(model: UNetModel) -> StockUNet:
    """The stock pipeline with the model's weights, read again."""
    return StockUNet(model, loader.pipeline_of(model.spec, model.weights, model.dtype).to(model.device))


def own_clip_skip(pipeline: Any) -> int:
    """The clip skip of a pipeline that is told none."""
    return 2 if hasattr(pipeline, "text_encoder_2") else 1


def _words(stock: Any, settings: GenerationSettings) -> dict[str, Any]:
    """The prompt arguments of the stock pipeline. For a clip skip other than its own, embeddings by its own encoder,
    since diffusers 0.42.1 can't skip layers of transformers 5."""
    if settings.clip_skip == own_clip_skip(stock):
        return {"prompt": settings.prompt}
    prompt, negative = (_embeddings(stock, text, settings.clip_skip) for text in (settings.prompt, ""))
    return {"prompt_embeds": prompt, "negative_prompt_embeds": negative}


def _embeddings(stock: Any, text: str, clip_skip: int) -> torch.Tensor:
    """A text's embeddings by the text encoder of Stable Diffusion 1.x or 2.x, (1, tokens, width)."""
    tokenizer, encoder = stock.tokenizer, stock.text_encoder
    length = tokenizer.model_max_length
    tokens = tokenizer(text, padding="max_length", truncation=True, max_length=length, return_tensors="pt").input_ids
    layers = encoder(tokens.to(encoder.device), output_hidden_states=True).hidden_states
    embeddings: torch.Tensor = encoder.final_layer_norm(layers[-clip_skip])
    return embeddings
