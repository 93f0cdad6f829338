"""Benchmark: flow-matching jobs in the shared batch against diffusers' pipeline job by job, with random weights.

Words are random embeddings: text encoders would only be measured at the start of each job.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from generation.catalogue import Catalogue, ModelSpec
from generation.engine.benchmarking.contest import Bare, Contest
from generation.engine.benchmarking.random_words import FluxOfRandomWords, RandomWords
from generation.engine.benchmarking.ratios import Ratio, in_turns
from generation.engine.models import loader
from generation.engine.models.batched_model import AnyBatchedModel
from generation.engine.models.flow_model import FlowModel
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import ModelCache
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


def compare(device: torch.device, dtype: torch.dtype, jobs: int, size: Size | None = None) -> dict[str, Ratio]:
    """`flow_throughput_ratio`: the seconds of all jobs one by one, by diffusers' FluxPipeline, over those of the shared
    batch. `flow_throughput_ceiling`: the same of the transformer's forwards alone, which no loop can pass."""
    size = size or Size()
    family = FluxOfRandomWords(_pipeline(device, dtype, size), WORDS)
    model = flowing(family, device, dtype)
    flow = Contest(OneModel(model), model, StockFlow(family), BatchSizing(jobs))
    mixed = mixed_jobs(jobs, size.side, size.steps)
    flow.warm_up(mixed)
    rounds, bare = flow.rounds(mixed, ROUNDS), Bare(model, mixed[0])
    singly, shared = [1] * sum(each.steps for each in mixed), rounds[-1].ours.forwards
    ceilings = in_turns((lambda: bare.seconds(singly), lambda: bare.seconds(shared)), ROUNDS)
    return {
        "flow_throughput_ratio": Ratio.of(each.theirs.seconds / each.ours.seconds for each in rounds),
        "flow_throughput_ceiling": Ratio.of(alone / together for alone, together in ceilings),
    }


def mixed_jobs(jobs: int, side: int, steps: int, guidance_scale: float = 3.5) -> list[GenerationSettings]:
    """Jobs with other prompts, seeds and numbers of steps."""
    return [
        GenerationSettings(
            prompt=f"picture {number}",
            seed=number,
            model=NAME,
            width=side,
            height=side,
            steps=steps + number % 4,
            guidance_scale=guidance_scale,
            sampler=Sampler.EULER,
        )
        for number in range(jobs)
    ]


def flowing(family: RandomWords, device: torch.device, dtype: torch.dtype) -> FlowModel:
    """A model in memory, without text encoders."""
    return loader.flowing(ModelSpec(NAME, NAME), Path(NAME), family, device, dtype)


class StockFlow:
    """diffusers' own pipeline of a family, as a contestant."""

    def __init__(self, family: RandomWords) -> None:
        self._family = family

    def __call__(self, settings: GenerationSettings, on_step: Callable[[], None]) -> Image.Image:
        """Draw with the words that the family has for the prompt."""

        def preview(_: Any, step: int, timestep: Any, values: dict[str, Any]) -> dict[str, Any]:
            on_step()
            return values

        image: Image.Image = self._family.pipeline(
            **self._family.stock_words(settings),
            num_inference_steps=settings.steps,
            width=settings.width,
            height=settings.height,
            generator=torch.Generator("cpu").manual_seed(settings.seed),
            callback_on_step_end=preview,
        ).images[0]
        return image


class OneModel(ModelCache):
    """A cache for a model that is in memory."""

    def __init__(self, model: AnyBatchedModel) -> None:
        super().__init__(Catalogue([model.spec]), model.device, model.dtype)
        self._model = model

    def _loaded(self, *_: object) -> AnyBatchedModel:
        return self._model


def _pipeline(device: torch.device, dtype: torch.dtype, size: Size) -> Any:
    """FLUX of this size, with random weights."""
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
    return pipeline
