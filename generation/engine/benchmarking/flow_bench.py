"""Benchmark: flow-matching jobs in the shared batch against diffusers' pipeline job by job, with random weights.

Words are random embeddings: text encoders would only be measured at the start of each job.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch
from PIL import Image

from generation.catalogue import Catalogue, ModelSpec
from generation.engine.families.flux import Flux
from generation.engine.families.rows import FlowRow
from generation.engine.loop import StepLoop
from generation.engine.models import loader
from generation.engine.models.flow_model import FlowModel
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import ModelCache
from generation.engine.scheduling.profiling import await_device
from generation.jobs import Draw, Job
from generation.settings import GenerationSettings, Sampler

NAME = "random transformer"
WORDS, WIDTH, POOLED, HEADS = 64, 256, 64, 4
"""Tokens and width of a prompt's embeddings, width of the pooled one, and heads of attention."""

ROUNDS = 3


@dataclass(frozen=True)
class Size:
    """How large the transformer and its pictures are."""

    blocks: int = 2
    """Double blocks, and twice as many single ones."""
    side: int = 128
    """In pixels."""
    steps: int = 4
    """Of the first job; others have up to three more."""


def compare(device: torch.device, dtype: torch.dtype, jobs: int, size: Size | None = None) -> dict[str, float]:
    """`flow_throughput_ratio`: the seconds of all jobs one by one, by diffusers' FluxPipeline, over those of the shared
    batch. `flow_throughput_ceiling`: the same of the transformer's forwards alone, which no loop can pass."""
    size = size or Size()
    model = random_model(device, dtype, size)
    mixed, cache, sizing = mixed_jobs(jobs, size), _OneModel(model), BatchSizing(jobs)
    _drawn_one_by_one(model, mixed[:1]), _drawn_together(cache, mixed, sizing)
    ratios, ceilings = [], []
    for _ in range(ROUNDS):
        alone, (together, rows) = _drawn_one_by_one(model, mixed), _drawn_together(cache, mixed, sizing)
        ratios.append(alone / together)
        singly = [1] * sum(each.steps for each in mixed)
        ceilings.append(_bare_seconds(model, mixed[0], singly) / _bare_seconds(model, mixed[0], rows))
    return {"flow_throughput_ratio": median(ratios), "flow_throughput_ceiling": median(ceilings)}


def mixed_jobs(jobs: int, size: Size) -> list[GenerationSettings]:
    """Jobs with other prompts, seeds and numbers of steps."""
    return [
        GenerationSettings(
            prompt=f"picture {number}",
            seed=number,
            model=NAME,
            width=size.side,
            height=size.side,
            steps=size.steps + number % 4,
            guidance_scale=3.5,
            sampler=Sampler.EULER,
        )
        for number in range(jobs)
    ]


class RandomWords(Flux):
    """FLUX with random embeddings for each prompt."""

    def encode(self, prompt: str, references: Sequence[Image.Image] = ()) -> FlowRow:
        """The embeddings that a prompt always has."""
        chance, like = torch.Generator().manual_seed(sum(map(ord, prompt))), self.transformer
        text, pooled = torch.randn(1, WORDS, WIDTH, generator=chance), torch.randn(1, POOLED, generator=chance)
        own = {"encoder_hidden_states": text, "pooled_projections": pooled}
        return FlowRow({name: tensor.to(like.device, like.dtype) for name, tensor in own.items()})


def random_model(device: torch.device, dtype: torch.dtype, size: Size) -> FlowModel:
    """A model with random weights, and no text encoders."""
    import diffusers

    torch.manual_seed(0)
    transformer = diffusers.FluxTransformer2DModel(
        in_channels=16,
        num_layers=size.blocks,
        num_single_layers=2 * size.blocks,
        attention_head_dim=WIDTH // HEADS,
        num_attention_heads=HEADS,
        joint_attention_dim=WIDTH,
        pooled_projection_dim=POOLED,
        axes_dims_rope=(16, 24, 24),
        guidance_embeds=True,
    )
    vae = diffusers.AutoencoderKL(
        block_out_channels=(16, 16, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=8,
        scaling_factor=0.36,
        shift_factor=0.12,
    )
    empty: dict[str, Any] = dict.fromkeys(("text_encoder", "tokenizer", "text_encoder_2", "tokenizer_2"))
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(shift=3.0)
    pipeline = diffusers.FluxPipeline(scheduler=scheduler, vae=vae, transformer=transformer, **empty)
    pipeline.to(device, dtype).set_progress_bar_config(disable=True)
    return loader.flowing(ModelSpec(NAME, NAME), Path(NAME), RandomWords(pipeline), device, dtype)


class _OneModel(ModelCache):
    """A cache for a model that is in memory."""

    def __init__(self, model: FlowModel) -> None:
        super().__init__(Catalogue([model.spec]), model.device, model.dtype)
        self._model = model

    def _loaded(self, *_: object) -> FlowModel:
        return self._model


def _drawn_together(cache: ModelCache, mixed: list[GenerationSettings], sizing: BatchSizing) -> tuple[float, list[int]]:
    """The seconds of all jobs in the shared batch, and the rows of each forward."""
    rows = list[int]()
    transformer = cache.any(NAME, lambda share: None).pipeline.transformer
    counting = transformer.register_forward_pre_hook(
        lambda _, __, named: rows.append(len(named["hidden_states"])), with_kwargs=True
    )
    started, loop = time.perf_counter(), StepLoop(cache, lambda event: None, sizing)
    for number, settings in enumerate(mixed):
        loop.admit(Job(number, str(number), Draw(settings)))
    while not loop.idle:
        loop.step()
    counting.remove()
    return time.perf_counter() - started, rows


@torch.inference_mode()
def _drawn_one_by_one(model: FlowModel, mixed: list[GenerationSettings]) -> float:
    """The seconds of all jobs by the stock pipeline."""
    started = time.perf_counter()
    for settings in mixed:
        words = model.family.encode(settings.prompt).text
        model.pipeline(
            prompt_embeds=words["encoder_hidden_states"],
            pooled_prompt_embeds=words["pooled_projections"],
            num_inference_steps=settings.steps,
            guidance_scale=settings.guidance_scale,
            width=settings.width,
            height=settings.height,
            generator=torch.Generator("cpu").manual_seed(settings.seed),
        )
    return time.perf_counter() - started


@torch.inference_mode()
def _bare_seconds(model: FlowModel, settings: GenerationSettings, forwards: list[int]) -> float:
    """The seconds of the transformer's forwards with these numbers of rows."""
    side = settings.width // model.pixels_per_latent
    [row] = model.guided(model.encode_prompts(settings), settings)
    latents = torch.zeros(1, model.latent_channels, side, side, device=model.device)
    timestep = torch.full((1,), 500.0, device=model.device)
    await_device(model.device)
    started = time.perf_counter()
    for rows in forwards:
        model.predict(latents.repeat(rows, 1, 1, 1), timestep.repeat(rows), [row] * rows)
    await_device(model.device)
    return time.perf_counter() - started
