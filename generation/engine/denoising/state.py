"""The denoising state of one picture, and forwards that several pictures share."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch

from generation import cost, suitability
from generation.engine.conditioning.images import NO_GUIDES, ConditioningImages
from generation.engine.conditioning.rows import Row
from generation.engine.denoising import initial_latents, samplers, schedulers
from generation.engine.denoising.init_image import InitImage
from generation.engine.denoising.predicted_x0 import level, prediction_type, spread_of
from generation.engine.denoising.prompt_rows import PromptRows, StepRows
from generation.engine.denoising.trace import Observer, TraceStep
from generation.engine.models.batched_model import AnyBatchedModel
from generation.settings import GenerationSettings


class DenoisingState:
    """One picture being denoised: its own latents, scheduler and random generator."""

    def __init__(
        self,
        model: AnyBatchedModel,
        settings: GenerationSettings,
        init_image: InitImage | None = None,
        steps_before: int = 0,
        guides: ConditioningImages = NO_GUIDES,
    ) -> None:
        self.model = model
        self.settings = replace(settings, denoising_strength=suitability.ALL_STEPS) if model.is_editing else settings
        self.init_image = init_image
        self.guides = guides
        self.steps_before = steps_before
        self._scheduler = schedulers.for_picture(model, settings)
        self._start = initial_latents.begin(model, settings, self._scheduler, init_image)
        self._latents = self._start.latents
        self._chance = {"generator": self._start.chance} if samplers.takes_generator(self._scheduler) else {}
        self._rows = PromptRows(model, settings, guides, (self._latents.shape[-2], self._latents.shape[-1]))
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
        return self.model.spec.name, self.model.dtype, self._latents.shape, self._now.with_prompt[0].shape

    @property
    def controls(self) -> int:
        """How many control images the next forward follows."""
        return len(self._now.with_prompt[0].controls)

    @property
    def unread(self) -> str:
        """The end of the prompt that the model does not read."""
        return self._rows.unread

    @property
    def prompts(self) -> Sequence[Row]:
        """The conditioning of each row of the next forward: the unconditional row first, if there is one."""
        return self._now.of(self._guided)

    def begin(self) -> None:
        """Tell the model that the forwards of this picture begin."""
        self.model.begin_picture(self.settings, self._rows.all)

    @property
    def _now(self) -> StepRows:
        return self._rows.at(self._schedule_step, self.forwards_done, self.forwards)

    @property
    def _schedule_step(self) -> int:
        """The step among all of the schedule, whose first ones an init image leaves out."""
        return self.settings.steps - self.steps + self._own_step

    @property
    def _guided(self) -> bool:
        return cost.is_guided(self.settings, self._schedule_step)

    @property
    def timestep(self) -> torch.Tensor:
        return torch.as_tensor(self._start.timesteps[self.forwards_done], device=self.model.device)

    @property
    def input(self) -> torch.Tensor:
        """The network's next input, (1, channels, h, w); for an inpainting UNet with mask and masked image, for an
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
        predictions = self._now.composed(predictions, self._guided)
        merged = self.model.merge(predictions, self.settings) if len(predictions) > 1 else predictions[0]
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
            silence=self._now.without,
            unguided=self._unguided,
        )

    @property
    def _unguided(self) -> Row | None:
        """The row without guidance, where the network applies guidance by itself."""
        now = self._now
        return now.with_prompt[0] if self._guided and now.guided[-1] is not now.with_prompt[-1] else None

    def _scaled(self) -> torch.Tensor:
        """The latents at unit variance, as the network takes them and a preview shows them."""
        return schedulers.scaled(self._scheduler, self._latents, self._start.timesteps[self.forwards_done])


def _apart(value: Any) -> Any:
    """A copy of a scheduler's value that no step changes."""
    match value:
        case list():
            return list(value)
        case torch.Tensor():
            return value.clone()
    return value


@torch.inference_mode()
def predict(
    states: list[DenoisingState], rows: int, holding: Callable[[int], int] | None = None
) -> list[list[torch.Tensor]]:
    """Predict for all `states`, which have one shape, in forwards of `rows` rows, padded by repeating the last row.

    Rows of another shape, as of a negative prompt that is longer, take forwards of their own, so that no prediction
    depends on its neighbours; with `holding`, of as many rows as that gives for their number.

    Returns for each state one prediction for each of its `prompts`, (1, channels, h, w).
    """
    wanted = [
        (state, given, prompt) for state in states for given, prompt in zip(state.inputs, state.prompts, strict=True)
    ]
    alike: dict[tuple[object, ...], list[int]] = {}
    for index, (_, _, prompt) in enumerate(wanted):
        alike.setdefault(prompt.shape, []).append(index)
    single: dict[int, torch.Tensor] = {}
    for indices in alike.values():
        most = holding(len(indices)) if holding and len(alike) > 1 else rows
        predicted = _predicted([wanted[index] for index in indices], most)
        single.update(zip(indices, predicted, strict=False))
    in_order = iter(range(len(wanted)))
    return [[single[next(in_order)] for _ in state.prompts] for state in states]


def _predicted(wanted: list[tuple[DenoisingState, torch.Tensor, Row]], rows: int) -> list[torch.Tensor]:
    """A prediction for each row, and for those that pad the last forward."""
    padded = wanted + wanted[-1:] * (-len(wanted) % rows)
    predicted = [
        group[0][0].model.predict(
            torch.cat([given for _, given, _ in group]),
            torch.stack([state.timestep for state, _, _ in group]),
            [prompt for _, _, prompt in group],
        )
        for group in (padded[first : first + rows] for first in range(0, len(padded), rows))
    ]
    return list(torch.split(torch.cat(predicted), 1))
