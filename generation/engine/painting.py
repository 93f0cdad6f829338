"""One picture on its way from noise to image."""

from typing import Any

import torch

from generation import cost
from generation.engine import guidance, noise, samplers
from generation.engine.models import Model
from generation.engine.prompts import Conditioning, together
from generation.settings import GenerationSettings


class Painting:
    """The state of one picture: its latents, its scheduler and its source of chance, shared with no other."""

    def __init__(
        self, model: Model, settings: GenerationSettings, with_prompt: Conditioning, without: Conditioning
    ) -> None:
        self.model = model
        self.settings = settings
        self._scheduler = samplers.scheduler_for(
            settings.sampler, model.scheduler_config, settings.steps, model.device, settings.schedule
        )
        start, generator = noise.starting_noise(settings, model.latent_channels)
        self._latents: torch.Tensor = start.to(model.device, model.dtype) * self._scheduler.init_noise_sigma
        self._chance = {"generator": generator} if samplers.takes_generator(self._scheduler) else {}
        self._with_prompt = with_prompt
        self._without = without
        self.forwards_done = 0
        self.visible = self._scaled()

    @property
    def forwards(self) -> int:
        """How often the UNet is asked in all; some samplers ask twice a step."""
        return len(self._scheduler.timesteps)

    @property
    def step(self) -> int:
        """How many of the `settings.steps` are done."""
        return cost.step_of(self.settings, self.forwards_done, self.forwards)

    @property
    def finished(self) -> bool:
        return self.forwards_done == self.forwards

    @property
    def shape(self) -> tuple[object, ...]:
        """Paintings of equal shape can share one forward."""
        return self.model.spec.name, self.model.dtype, self._latents.shape, self._with_prompt.shape

    @property
    def prompts(self) -> list[Conditioning]:
        """What each row listens to that this picture takes in a forward: without the prompt first, if at all."""
        guided = cost.is_guided(self.settings, self.step)
        return [self._without, self._with_prompt] if guided else [self._with_prompt]

    @property
    def timestep(self) -> torch.Tensor:
        return torch.as_tensor(self._scheduler.timesteps[self.forwards_done], device=self.model.device)

    @property
    def result(self) -> torch.Tensor:
        """The latents as they stand, shape (1, channels, h, w)."""
        return self._latents

    def advance(self, predictions: list[torch.Tensor]) -> None:
        """Take one step, given the model's prediction for each row of `prompts`."""
        merged = predictions[-1]
        if len(predictions) > 1:
            scale, rescale = self.settings.guidance_scale, self.settings.guidance_rescale
            merged = guidance.merge(predictions[0], merged, scale, rescale)
        timestep = self._scheduler.timesteps[self.forwards_done]
        self._latents = self._scheduler.step(merged, timestep, self._latents, **self._chance, return_dict=False)[0]
        self.forwards_done += 1
        self.visible = self._latents if self.finished else self._scaled()

    def _scaled(self) -> torch.Tensor:
        """The latents at unit variance: what the UNet is given next, and what a preview shows."""
        scaled: torch.Tensor = self._scheduler.scale_model_input(
            self._latents, self._scheduler.timesteps[self.forwards_done]
        )
        return scaled


@torch.inference_mode()
def predict(paintings: list[Painting], rows: int) -> list[list[torch.Tensor]]:
    """One forward of the UNet of `rows` rows for all `paintings`, which are of one shape.

    For each painting its predictions, one for each of its `prompts`, of the shape of its latents. Rows that nobody
    needs repeat the last one.
    """
    model = paintings[0].model
    owners = [painting for painting in paintings for _ in painting.prompts]
    prompts = [prompt for painting in paintings for prompt in painting.prompts]
    padding = rows - len(owners)
    owners, prompts = owners + owners[-1:] * padding, prompts + prompts[-1:] * padding
    predicted: Any = model.unet(
        torch.cat([painting.visible for painting in owners]).to(model.dtype),
        torch.stack([painting.timestep for painting in owners]).to(torch.float32),
        return_dict=False,
        **together(prompts),
    )[0]
    single = iter(predicted.split(1))
    return [[next(single) for _ in painting.prompts] for painting in paintings]
