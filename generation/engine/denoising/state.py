"""The denoising state of one picture, and forwards that several pictures share."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch

from generation import cost, editing
from generation.engine.conditioning import controlnet, guidance, stable_diffusion
from generation.engine.conditioning.images import NO_GUIDES, ConditioningImages
from generation.engine.conditioning.text_encoders import Conditioning, together
from generation.engine.denoising import initial_latents, samplers
from generation.engine.denoising.init_image import InitImage
from generation.engine.denoising.predicted_x0 import level, prediction_type, spread_of
from generation.engine.denoising.trace import Observer, TraceStep
from generation.engine.models.model import Model
from generation.settings import GenerationSettings


class DenoisingState:
    """One picture being denoised: its own latents, scheduler and random generator."""

    def __init__(
        self,
        model: Model,
        settings: GenerationSettings,
        init_image: InitImage | None = None,
        steps_before: int = 0,
        guides: ConditioningImages = NO_GUIDES,
    ) -> None:
        self.model = model
        self.settings = replace(settings, denoising_strength=editing.ALL_STEPS) if model.is_editing else settings
        self.init_image = init_image
        self.guides = guides
        self.steps_before = steps_before
        self._scheduler = samplers.scheduler_for(
            settings.sampler, model.scheduler_config, settings.steps, model.device, settings.schedule
        )
        self._start = initial_latents.begin(model, settings, self._scheduler, init_image)
        self._latents = self._start.latents
        self._chance = {"generator": self._start.chance} if samplers.takes_generator(self._scheduler) else {}
        self._with_prompt, self._without = model.encode_prompts(settings, guides)
        self._guidance_embedding = stable_diffusion.guidance_embedding(model.unet, settings.guidance_scale)
        self.forwards_done = 0
        self.observer: Observer | None = None
        """Called with the inner values of each step, if set."""
        self._unit = self._scaled()
        """The latents at unit variance, as the UNet takes them."""

    @property
    def visible(self) -> torch.Tensor:
        """The latents as a preview shows them: with the variance of clean ones, (1, channels, h, w)."""
        return self._latents if self.finished else self._unit * spread_of(self._scheduler)

    @property
    def forwards(self) -> int:
        """How many forwards the picture takes in all; some samplers take two a step."""
        return len(self._start.timesteps)

    @property
    def steps(self) -> int:
        """How many steps are taken: with an init image, the last ones of the schedule."""
        return cost.steps_drawn(self.settings) if self.init_image else self.settings.steps

    @property
    def _own_step(self) -> int:
        return self.forwards_done * self.steps // self.forwards

    def first_forward(self, step: int) -> int:
        """How many forwards come before a step, counted from 0."""
        return -(-step * self.forwards // self.steps)

    @property
    def step(self) -> int:
        """How many steps are done, including those of the picture that this one refines."""
        return self.steps_before + self._own_step

    @property
    def finished(self) -> bool:
        return self.forwards_done == self.forwards

    @property
    def shape(self) -> tuple[object, ...]:
        """States of equal shape can share one forward."""
        return self.model.spec.name, self.model.dtype, self._latents.shape, self._with_prompt.shape

    @property
    def controlled(self) -> bool:
        """True where a ControlNet runs in each forward."""
        return self._with_prompt.control is not None

    @property
    def prompts(self) -> list[Conditioning]:
        """The conditioning of each row of the next forward: the unconditional row first, if there is one. An edit has
        two without the prompt: one without the picture to edit, and one with it."""
        if not self._guided:
            return [self._with_prompt]
        if self.model.embeds_guidance:
            return [replace(self._with_prompt, timestep_cond=self._guidance_embedding)]
        silent = [self._without] * (2 if self.model.is_editing else 1)
        return [*silent, self._with_prompt]

    @property
    def _guided(self) -> bool:
        return cost.is_guided(self.settings, self.settings.steps - self.steps + self._own_step)

    @property
    def timestep(self) -> torch.Tensor:
        return torch.as_tensor(self._start.timesteps[self.forwards_done], device=self.model.device)

    @property
    def input(self) -> torch.Tensor:
        """The next input of the UNet, (1, channels, h, w); for an inpainting UNet with mask and masked image, for an
        editing one with the picture to edit."""
        beside = self._start.beside
        return self._unit if beside is None else torch.cat([self._unit, beside], dim=1)

    @property
    def inputs(self) -> list[torch.Tensor]:
        """The input of each row of `prompts`."""
        rows, beside = [self.input] * len(self.prompts), self._start.beside
        if self.model.is_editing and len(rows) > 1 and beside is not None:
            rows[0] = torch.cat([self._unit, torch.zeros_like(beside)], dim=1)
        return rows

    @property
    def result(self) -> torch.Tensor:
        """The latents as they are, (1, channels, h, w)."""
        return self._latents

    def advance(self, predictions: list[torch.Tensor]) -> None:
        """Take one step with the model's prediction for each row of `prompts`. An error leaves the state as it was."""
        undo = self._undoing()
        try:
            self._take_step(predictions)
        except Exception:
            undo()
            raise

    def _undoing(self) -> Callable[[], None]:
        """A function that restores the present state. Schedulers change lists in place, and one of them a tensor."""
        own, scheduler = dict(vars(self)), {name: _apart(value) for name, value in vars(self._scheduler).items()}
        chance = self._start.chance.get_state()

        def undo() -> None:
            vars(self).update(own)
            vars(self._scheduler).update(scheduler)
            self._start.chance.set_state(chance)

        return undo

    def _take_step(self, predictions: list[torch.Tensor]) -> None:
        merged = self._merged(predictions)
        trace_step = self._trace_step(predictions, merged) if self.observer else None
        timestep = self._start.timesteps[self.forwards_done]
        self._latents = self._scheduler.step(merged, timestep, self._latents, **self._chance, return_dict=False)[0]
        self.forwards_done += 1
        if kept := self._start.kept:
            following = self._start.timesteps[self.forwards_done : self.forwards_done + 1]
            self._latents = kept.laid_over(self._latents, self._scheduler, following)
        if not self.finished:
            self._unit = self._scaled()
        if self.observer and trace_step:
            self.observer(trace_step)

    def _merged(self, predictions: list[torch.Tensor]) -> torch.Tensor:
        scale, rescale = self.settings.guidance_scale, self.settings.guidance_rescale
        match predictions:
            case [without, with_prompt]:
                return guidance.merge(without, with_prompt, scale, rescale)
            case [without, with_picture, with_both]:
                image_scale = self.model.spec.image_guidance
                return guidance.merge_edit(without, with_picture, with_both, scale, image_scale, rescale)
        return predictions[0]

    def _trace_step(self, predictions: list[torch.Tensor], merged: torch.Tensor) -> TraceStep:
        first = len(self._scheduler.timesteps) - self.forwards
        return TraceStep(
            forward=self.forwards_done,
            step=self._own_step,
            latents=self.visible,
            level=level(self._scheduler, first + self.forwards_done),
            prediction_type=prediction_type(self._scheduler),
            spread=spread_of(self._scheduler),
            without=predictions[-2] if len(predictions) > 1 else None,
            with_prompt=predictions[-1],
            merged=merged,
            input=self.input,
            timestep=self.timestep,
            silence=self._without,
            unguided=self._with_prompt if self._guided and self.model.embeds_guidance else None,
        )

    def _scaled(self) -> torch.Tensor:
        """The latents at unit variance."""
        scaled: torch.Tensor = self._scheduler.scale_model_input(
            self._latents, self._start.timesteps[self.forwards_done]
        )
        return scaled


def _apart(value: Any) -> Any:
    """A copy of a scheduler's value that no step changes."""
    match value:
        case list():
            return list(value)
        case torch.Tensor():
            return value.clone()
    return value


@torch.inference_mode()
def predict(states: list[DenoisingState], rows: int) -> list[list[torch.Tensor]]:
    """Predict for all `states`, which have one shape, in forwards of `rows` rows, padded by repeating the last row.

    Returns for each state one prediction for each of its `prompts`, (1, channels, h, w).
    """
    model = states[0].model
    wanted = [
        (state, given, prompt) for state in states for given, prompt in zip(state.inputs, state.prompts, strict=True)
    ]
    wanted += wanted[-1:] * (-len(wanted) % rows)
    predicted = [
        forward(
            model,
            torch.cat([given for _, given, _ in group]),
            torch.stack([state.timestep for state, _, _ in group]),
            [prompt for _, _, prompt in group],
        )
        for group in (wanted[first : first + rows] for first in range(0, len(wanted), rows))
    ]
    single = iter(torch.split(torch.cat(predicted), 1))
    return [[next(single) for _ in state.prompts] for state in states]


def forward(
    model: Model, latents: torch.Tensor, timesteps: torch.Tensor, prompts: Sequence[Conditioning]
) -> torch.Tensor:
    """The UNet's prediction for each row, (rows, channels, h, w), in float32.

    `latents` are (rows, input channels, h, w), `timesteps` (rows,), and `prompts` has one for each row.
    """
    latents, timesteps = latents.to(model.dtype), timesteps.to(torch.float32)
    conditioning, beside = together(prompts), {}
    if embedded := [prompt.timestep_cond for prompt in prompts if prompt.timestep_cond is not None]:
        beside["timestep_cond"] = torch.cat(embedded)
    if controls := [prompt.control for prompt in prompts if prompt.control]:
        own = latents[:, : model.latent_channels]
        beside |= controlnet.residuals(model.controlnet, own, timesteps, conditioning, controls)
    if model.image_prompts is not None:
        image_prompts = [prompt.image_prompt for prompt in prompts if prompt.image_prompt]
        conditioning |= model.image_prompts.unet_arguments(image_prompts, **conditioning)
    model.lora_adapters.apply_to_unet(prompts[0].loras)
    predicted: torch.Tensor = model.unet(latents, timesteps, return_dict=False, **conditioning, **beside)[0]
    return predicted.float()
