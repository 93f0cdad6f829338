"""One picture on its way to its last step."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch

from generation import cost
from generation.engine.conditioning import controlnet, guidance, stable_diffusion
from generation.engine.conditioning.images import NO_GUIDES, ConditioningImages
from generation.engine.conditioning.text_encoders import Conditioning, together
from generation.engine.denoising import initial_latents, samplers
from generation.engine.denoising.init_image import InitImage
from generation.engine.denoising.predicted_x0 import level
from generation.engine.denoising.trace import Observer, TraceStep
from generation.engine.models.model import Model
from generation.settings import GenerationSettings


class DenoisingState:
    """The state of one picture: its latents, its scheduler and its source of chance, shared with no other."""

    def __init__(
        self,
        model: Model,
        settings: GenerationSettings,
        init_image: InitImage | None = None,
        steps_before: int = 0,
        guides: ConditioningImages = NO_GUIDES,
    ) -> None:
        self.model = model
        self.settings = settings
        self.init_image = init_image
        self.guides = guides
        self.steps_before = steps_before
        self._scheduler = samplers.scheduler_for(
            settings.sampler, model.scheduler_config, settings.steps, model.device, settings.schedule
        )
        self._start = initial_latents.begin(model, settings, self._scheduler, init_image)
        self._latents = self._start.latents
        self._chance = {"generator": self._start.chance} if samplers.takes_generator(self._scheduler) else {}
        self._with_prompt, self._without = model.listen(settings, guides)
        self._told = stable_diffusion.told_guidance(model.unet, settings.guidance_scale)
        self.forwards_done = 0
        self.observer: Observer | None = None
        """Is shown the inner values of each step, where somebody asks for them."""
        self.visible = self._scaled()

    @property
    def forwards(self) -> int:
        """How often the UNet is asked in all; some samplers ask twice a step."""
        return len(self._start.timesteps)

    @property
    def steps(self) -> int:
        """How many of the schedule's steps are taken: of a picture that starts from another, the last ones."""
        return cost.steps_drawn(self.settings) if self.init_image else self.settings.steps

    @property
    def _own_step(self) -> int:
        return self.forwards_done * self.steps // self.forwards

    def first_forward(self, step: int) -> int:
        """How often the UNet is asked before a step, counted from 0."""
        return -(-step * self.forwards // self.steps)

    @property
    def step(self) -> int:
        """How many steps are done, those of the painting that this one refines included."""
        return self.steps_before + self._own_step

    @property
    def finished(self) -> bool:
        return self.forwards_done == self.forwards

    @property
    def shape(self) -> tuple[object, ...]:
        """Paintings of equal shape can share one forward."""
        return self.model.spec.name, self.model.dtype, self._latents.shape, self._with_prompt.shape

    @property
    def controlled(self) -> bool:
        """True where a ControlNet has a say in each forward."""
        return self._with_prompt.look is not None

    @property
    def prompts(self) -> list[Conditioning]:
        """What each row listens to that this picture takes in a forward: without the prompt first, if at all."""
        if not self._guided:
            return [self._with_prompt]
        if self.model.is_told_guidance:
            return [replace(self._with_prompt, told=self._told)]
        return [self._without, self._with_prompt]

    @property
    def _guided(self) -> bool:
        return cost.is_guided(self.settings, self.settings.steps - self.steps + self._own_step)

    @property
    def timestep(self) -> torch.Tensor:
        return torch.as_tensor(self._start.timesteps[self.forwards_done], device=self.model.device)

    @property
    def input(self) -> torch.Tensor:
        """What the UNet is given next, (1, channels, h, w): to an inpainting one, mask and masked picture too."""
        beside = self._start.beside
        return self.visible if beside is None else torch.cat([self.visible, beside], dim=1)

    @property
    def result(self) -> torch.Tensor:
        """The latents as they stand, shape (1, channels, h, w)."""
        return self._latents

    def advance(self, predictions: list[torch.Tensor]) -> None:
        """Take one step, given the model's prediction for each row of `prompts`. Where that fails, the painting is as
        it was before."""
        undo = self._undoing()
        try:
            self._take_step(predictions)
        except Exception:
            undo()
            raise

    def _undoing(self) -> Callable[[], None]:
        """What takes back all that happens to the painting from now on. Schedulers change their lists in place, and
        one of them a tensor."""
        own, scheduler = dict(vars(self)), {name: _apart(value) for name, value in vars(self._scheduler).items()}
        chance = self._start.chance.get_state()

        def undo() -> None:
            vars(self).update(own)
            vars(self._scheduler).update(scheduler)
            self._start.chance.set_state(chance)

        return undo

    def _take_step(self, predictions: list[torch.Tensor]) -> None:
        merged = predictions[-1]
        if len(predictions) > 1:
            scale, rescale = self.settings.guidance_scale, self.settings.guidance_rescale
            merged = guidance.merge(predictions[0], merged, scale, rescale)
        glimpse = self._glimpse(predictions, merged) if self.observer else None
        timestep = self._start.timesteps[self.forwards_done]
        self._latents = self._scheduler.step(merged, timestep, self._latents, **self._chance, return_dict=False)[0]
        self.forwards_done += 1
        if kept := self._start.kept:
            following = self._start.timesteps[self.forwards_done : self.forwards_done + 1]
            self._latents = kept.laid_over(self._latents, self._scheduler, following)
        self.visible = self._latents if self.finished else self._scaled()
        if self.observer and glimpse:
            self.observer(glimpse)

    def _glimpse(self, predictions: list[torch.Tensor], merged: torch.Tensor) -> TraceStep:
        first = len(self._scheduler.timesteps) - self.forwards
        return TraceStep(
            forward=self.forwards_done,
            step=self._own_step,
            latents=self.visible,
            level=level(self._scheduler, first + self.forwards_done),
            prediction_type=self._scheduler.config.prediction_type,
            without=predictions[0] if len(predictions) > 1 else None,
            with_prompt=predictions[-1],
            merged=merged,
            input=self.input,
            timestep=self.timestep,
            silence=self._without,
            unguided=self._with_prompt if self._guided and self.model.is_told_guidance else None,
        )

    def _scaled(self) -> torch.Tensor:
        """The latents at unit variance: what the UNet is given next, and what a preview shows."""
        scaled: torch.Tensor = self._scheduler.scale_model_input(
            self._latents, self._start.timesteps[self.forwards_done]
        )
        return scaled


def _apart(value: Any) -> Any:
    """A value of a scheduler's that no step changes."""
    match value:
        case list():
            return list(value)
        case torch.Tensor():
            return value.clone()
    return value


@torch.inference_mode()
def predict(states: list[DenoisingState], rows: int) -> list[list[torch.Tensor]]:
    """One forward of the UNet of `rows` rows for all `states`, which are of one shape; where they need more rows,
    several, one after the other.

    For each painting its predictions, one for each of its `prompts`, of the shape of its latents. Rows that nobody
    needs repeat the last one.
    """
    model = states[0].model
    wanted = [(state, prompt) for state in states for prompt in state.prompts]
    wanted += wanted[-1:] * (-len(wanted) % rows)
    predicted = [
        forward(
            model,
            torch.cat([state.input for state, _ in group]),
            torch.stack([state.timestep for state, _ in group]),
            [prompt for _, prompt in group],
        )
        for group in (wanted[first : first + rows] for first in range(0, len(wanted), rows))
    ]
    single = iter(torch.split(torch.cat(predicted), 1))
    return [[next(single) for _ in state.prompts] for state in states]


def forward(
    model: Model, latents: torch.Tensor, timesteps: torch.Tensor, prompts: Sequence[Conditioning]
) -> torch.Tensor:
    """What the UNet predicts for each row of `latents`, (rows, channels of its input, h, w), at a timestep and with
    what it listens to: (rows, channels, h, w)."""
    latents, timesteps = latents.to(model.dtype), timesteps.to(torch.float32)
    conditioning, beside = together(prompts), {}
    if told := [prompt.told for prompt in prompts if prompt.told is not None]:
        beside["timestep_cond"] = torch.cat(told)
    if looks := [prompt.look for prompt in prompts if prompt.look]:
        own = latents[:, : model.latent_channels]
        beside |= controlnet.residuals(model.controlnet, own, timesteps, conditioning, looks)
    if model.image_prompts is not None:
        conditioning |= model.image_prompts.heard([prompt.heard for prompt in prompts if prompt.heard], **conditioning)
    model.lora_adapters.wear_to_predict(prompts[0].worn)
    predicted: torch.Tensor = model.unet(latents, timesteps, return_dict=False, **conditioning, **beside)[0]
    return predicted.float()
