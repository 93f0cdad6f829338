"""Train the UNet and, gently, the text encoder with it: latents and captions to a model that draws.

Velocity prediction (arXiv 2202.00512) on the scaled-linear schedule. What the prompt asks for is decided where there is
most noise, so most rows are drawn from there; in the last quarter of the time all noise levels count alike, since
details are drawn where there is little. Two opposite timesteps a picture, 10 % empty captions for classifier-free
guidance (arXiv 2207.12598), one step in seven on the text encoder's last but one layer so that clip skip 2 works. Of
clean pictures, those that ``missed`` found not drawn well come more often.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn
from tqdm import tqdm
from transformers import CLIPTextModel

from training.art import Art, load_art
from training.captions import Captions
from training.concepts import Concept
from training.latents import load_clean, load_scenes
from training.missed import read_missed
from training.networks import LATENT_CHANNELS, half_where_fast, millions, text_states, unet
from training.scenes import STYLE_SHARES, Scene
from training.stage import Average, Sitting, set_rate, stage_parser
from training.takeover import take_over
from training.text_encoder import tokens
from training.tokenizer import load_tokenizer

PEAK_RATE, TAUGHT_RATE = 8e-4, 5e-4
TEXT_SHARE = 0.4
OUTLINES = 0.25
BEGUN = "unet/begun-from-a-model"
BATCH = 16
EVEN_SHARE = 0.25
MISSED = 3.0
CLEAN_SHARE = 0.75
CORE_CLEAN = 0.5
EMPTY_SHARE = 0.1
SCHEDULE = {"num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


class Batches:
    """Latents with their scenes, all of one canvas a batch: clean pictures and random scenes."""

    def __init__(self, art: Art, work: Path) -> None:
        self.clean = load_clean(work)
        self.scenes = load_scenes(work)
        missed = read_missed(work)

        def weight(concept: Concept) -> float:
            return (CORE_CLEAN if concept.core else 1.0) * (MISSED if concept.name in missed else 1.0)

        weights = [weight(art.concepts[scene.things[0]]) * STYLE_SHARES[scene.style] for scene in self.clean.scenes]
        self.clean_chances = torch.tensor(weights)
        self.canvases = list(self.scenes)
        self.shares = torch.tensor([float(len(self.scenes[canvas].scenes)) for canvas in self.canvases])
        self.shares[self.canvases.index("128x128")] /= 1 - CLEAN_SHARE

    def draw(self, count: int) -> tuple[Tensor, list[Scene]]:
        """Latents (count, 8, H/8, W/8), float32, and their scenes; ``CLEAN_SHARE`` of all rows are clean pictures."""
        canvas = self.canvases[int(torch.multinomial(self.shares, 1))]
        group = self.scenes[canvas]
        picked = torch.randint(len(group.scenes), (count,))
        latents, scenes = group.latents[picked], [group.scenes[number] for number in picked.tolist()]
        if canvas == "128x128":
            chosen = torch.multinomial(self.clean_chances, count, replacement=True).tolist()
            for row in torch.nonzero(torch.rand(count) < CLEAN_SHARE)[:, 0].tolist():
                latents[row], scenes[row] = self.clean.latents[chosen[row]], self.clean.scenes[chosen[row]]
        return latents.float(), scenes


class Noising:
    """The forward process and the loss of a velocity prediction."""

    def __init__(self, channels: Tensor) -> None:
        """``channels`` (C,) says how much each latent channel counts."""
        self.channels = (channels / channels.mean()).view(1, -1, 1, 1)
        kept = DDPMScheduler(**SCHEDULE).alphas_cumprod
        self.signal, self.noise = kept.sqrt(), (1 - kept).sqrt()

    def mix(self, latents: Tensor, timesteps: Tensor) -> tuple[Tensor, Tensor]:
        """Noised latents and the velocity to predict, both like ``latents`` (B, C, H, W)."""
        noise = torch.randn_like(latents)
        a, b = self.signal[timesteps].view(-1, 1, 1, 1), self.noise[timesteps].view(-1, 1, 1, 1)
        return a * latents + b * noise, a * noise - b * latents

    def errors(self, predicted: Tensor, velocity: Tensor) -> Tensor:
        """The mean squared error (B,) of each row."""
        return (self.channels * (predicted.float() - velocity).square()).mean((1, 2, 3))


def drawn_timesteps(count: int, even: bool) -> Tensor:
    """Timesteps (2 * count,), 0..999, of density t, or all alike; row i and row count + i are opposite quantiles."""
    quantile = torch.rand(count)
    quantiles = torch.cat([quantile, 1 - quantile])
    return (1000 * (quantiles if even else quantiles.sqrt())).long().clamp(max=999)


@dataclass(frozen=True)
class Lesson:
    """One thread's part of a training step: noised latents, targets, and the captions' tokens (B, 32)."""

    noised: Tensor
    velocity: Tensor
    timesteps: Tensor
    numbers: Tensor
    clip_skip: int


class Class:
    """Learns from several lessons at once, one thread each, and the gradient is their mean.

    Two threads on two cores pass 1.6 times the rows of one; as threads within one lesson they pass hardly more.
    """

    def __init__(self, parameters: Sequence[nn.Parameter], errors: Callable[[Lesson], Tensor], threads: int) -> None:
        """``errors`` gives the error (B,) of each row of a lesson."""
        self.parameters = list(parameters)
        self.errors = errors
        self.pool = ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,))

    def learn(self, lessons: Sequence[Lesson]) -> Tensor:
        """Leave the gradient in the parameters; the errors of all rows, lesson after lesson."""
        learned = list(self.pool.map(self._learned, lessons))
        for parameter, *gradients in zip(self.parameters, *(found for found, _ in learned), strict=True):
            heard = [gradient for gradient in gradients if gradient is not None]
            parameter.grad = torch.stack(heard).sum(0).div_(len(lessons)) if heard else None
        return torch.cat([rows for _, rows in learned])

    def _learned(self, lesson: Lesson) -> tuple[Sequence[Tensor | None], Tensor]:
        rows = self.errors(lesson)
        return torch.autograd.grad(rows.mean(), self.parameters, allow_unused=True), rows.detach()


def train(work: Path, minutes: float, smoke: bool = False, from_model: Path | None = None) -> None:
    """Train; the checkpoint in ``work/unet`` is what ``averaged`` reads. May begin with a finished model's UNet."""
    torch.manual_seed(0)
    art = load_art(work)
    tokenizer = load_tokenizer(work)
    text = CLIPTextModel.from_pretrained(work / "text_encoder/model", local_files_only=True).train()
    model = unet((32, 32, 64) if smoke else (64, 160, 256)).train()
    channels = torch.ones(LATENT_CHANNELS)
    if from_model:
        shipped = UNet2DConditionModel.from_pretrained(from_model / "unet", local_files_only=True)
        take_over(model, shipped.float().state_dict())
        channels[LATENT_CHANNELS // 2 :] = OUTLINES
    model.save_config(work / "unet")
    if from_model:
        (work / BEGUN).touch()
    model.set_attn_processor(AttnProcessor())  # on a CPU, at these sizes, a sixth faster a step than fused attention
    batches, noising = Batches(art, work), Noising(channels)
    peak = TAUGHT_RATE if from_model else PEAK_RATE
    parameters = [*model.parameters(), *text.parameters()]
    groups = [
        {"params": list(model.parameters()), "share": 1.0},
        {"params": list(text.parameters()), "share": TEXT_SHARE},
    ]
    optimizer = torch.optim.AdamW(groups, lr=peak, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    average = Average(parameters, decay=0.998)
    parts = {"model": model, "text": text, "optimizer": optimizer, "average": average}

    def errors(lesson: Lesson) -> Tensor:
        with half_where_fast():
            states = text_states(text, lesson.numbers, lesson.clip_skip)
            predicted = model(lesson.noised, lesson.timesteps, states.repeat(2, 1, 1), return_dict=False)[0]
        return noising.errors(predicted, lesson.velocity)

    team = Class(parameters, errors, torch.get_num_threads())
    kept = {canvas: len(group.scenes) for canvas, group in batches.scenes.items()}
    tqdm.write(f"UNet: {millions(model):.1f} M parameters; {len(batches.clean.scenes)} clean pictures, scenes {kept}")
    with Sitting(work / "unet", parts, minutes) as sitting:
        torch.manual_seed(sitting.step + 1)
        captions = Captions(art.concepts, random.Random(sitting.step + 2))
        dice = np.random.default_rng(sitting.step + 3)

        def lesson() -> Lesson:
            latents, scenes = batches.draw(4 if smoke else BATCH)
            said = ["" if dice.random() < EMPTY_SHARE else captions.caption(scene) for scene in scenes]
            timesteps = drawn_timesteps(len(said), even=sitting.progress > 1 - EVEN_SHARE)
            noised, velocity = noising.mix(latents.repeat(2, 1, 1, 1), timesteps)
            clip_skip = 2 if dice.random() < 1 / 7 else 1
            return Lesson(noised, velocity, timesteps, tokens(tokenizer, said), clip_skip)

        for step in sitting:
            set_rate(optimizer, peak, sitting.progress, 0.2, step)
            lessons = [lesson() for _ in range(torch.get_num_threads())]
            rows = team.learn(lessons)
            timesteps = torch.cat([one.timesteps for one in lessons])
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            average.follow()
            quarters = {
                f"quarter {number}": rows[timesteps // 250 == number].mean().item()
                for number in range(4)
                if (timesteps // 250 == number).any()
            }
            sitting.log(len(rows), loss=rows.mean().item(), **quarters)


def averaged(work: Path) -> tuple[UNet2DConditionModel, CLIPTextModel]:
    """UNet and text encoder with averaged weights, from the last checkpoint; training may go on meanwhile."""
    saved = torch.load(work / "unet/checkpoint.pt", map_location="cpu", weights_only=True)
    model = UNet2DConditionModel.from_config(UNet2DConditionModel.load_config(work / "unet"))
    text = CLIPTextModel.from_pretrained(work / "text_encoder/model", local_files_only=True)
    parameters = [*model.parameters(), *text.parameters()]
    with torch.no_grad():
        for parameter, weight in zip(parameters, saved["parts"]["average"]["weights"], strict=True):
            parameter.copy_(weight)
    return model.eval(), text.eval()


def main() -> None:
    """``python -m training.unet --work DIR --minutes N``."""
    arguments = stage_parser(__doc__, minutes=360).parse_args()
    torch.set_num_threads(arguments.threads)
    train(arguments.work, arguments.minutes, arguments.smoke, arguments.from_model)


if __name__ == "__main__":
    main()
