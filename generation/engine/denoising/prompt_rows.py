"""The rows that condition a picture, step by step: its prompts may change, and have parts of their own."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch

from generation import abilities, suitability
from generation.engine.conditioning import controlnet, guidance
from generation.engine.conditioning.images import ConditioningImages
from generation.engine.conditioning.rows import ControlCondition, Row
from generation.engine.models.batched_model import AnyBatchedModel
from generation.prompts import parts, steps
from generation.prompts.parts import Box, PartedPrompt
from generation.settings import GenerationSettings

NOWHERE = Box(0, 0, 0, 0)


@dataclass(frozen=True, eq=False)
class StepRows:
    """The rows of one step."""

    with_prompt: tuple[Row, ...]
    """One for each part of the prompt, without guidance."""
    without: Row
    guided: tuple[Row, ...]
    """With guidance: those of `with_prompt` last."""
    weights: tuple[torch.Tensor, ...] = ()
    """The weight of each part at each latent, (1, 1, h, w); empty for a prompt of one part."""
    is_sum: bool = False
    """True for parts that are added, which takes the unconditional row whether there is guidance or not."""

    def of(self, guided: bool) -> tuple[Row, ...]:
        """The rows of a forward, `guided` or not."""
        return self.guided if guided or self.is_sum else self.with_prompt

    def controlled(self, controls: tuple[ControlCondition, ...]) -> "StepRows":
        """The same rows with other control images."""
        return replace(
            self,
            with_prompt=tuple(row.controlled(controls) for row in self.with_prompt),
            without=self.without.controlled(controls),
            guided=tuple(row.controlled(controls) for row in self.guided),
        )

    def composed(self, predictions: list[torch.Tensor], guided: bool) -> list[torch.Tensor]:
        """The predictions for the rows of `of`, with those of all parts as one, which is the last."""
        if not self.weights:
            return predictions
        own = len(self.weights)
        before, of_parts = predictions[:-own], predictions[-own:]
        composed = guidance.composed(of_parts, self.weights, before[-1] if self.is_sum else None)
        return [*before, composed] if guided else [composed]


class PromptRows:
    """The rows of all steps of one picture, whose latents are (height, width). Every text is encoded once."""

    def __init__(
        self, model: AnyBatchedModel, settings: GenerationSettings, guides: ConditioningImages, size: tuple[int, int]
    ) -> None:
        self._model = model
        self._settings = settings
        self._guides = guides
        self._size = size
        self._able = abilities.of(model.spec)
        texts = settings.prompt, settings.negative_prompt
        self._texts = [steps.texts(each, settings.steps) if self._able.prompt_steps else (each,) for each in texts]
        said = dict.fromkeys(map(self._said, range(max(map(len, self._texts)))))
        self._rows = {each: self._encoded(*each) for each in said}
        self._controlled: dict[tuple[object, ...], StepRows] = {}

    def at(self, step: int, forward: int, forwards: int) -> StepRows:
        """The rows of a step, counted from 0 among all of the schedule, with the control images that count in a
        forward, counted from 0 among those that are run."""
        said = self._said(step)
        rows = self._rows[said]
        if not rows.without.controls:
            return rows
        controls = controlnet.running(rows.without.controls, forward, forwards)
        key = *said, *((each.network, each.mode, each.scale) for each in controls)
        if key not in self._controlled:
            self._controlled[key] = rows.controlled(controls)
        return self._controlled[key]

    @property
    def unread(self) -> str:
        """The end of the first text that the model does not read whole."""
        return next((row.unread for each in self._rows.values() for row in each.with_prompt if row.unread), "")

    @property
    def all(self) -> list[Row]:
        """Every row that a forward of the picture may have."""
        return [row for each in self._rows.values() for row in (*each.guided, *each.with_prompt)]

    def _said(self, step: int) -> tuple[str, str]:
        """Both prompts at a step."""
        prompt, negative = (each[min(step, len(each) - 1)] for each in self._texts)
        return prompt, negative

    def _encoded(self, prompt: str, negative_prompt: str) -> StepRows:
        reading = parts.read(prompt) if self._able.prompt_parts else None
        texts = [part.text for part in reading.parts] if reading else [prompt]
        pairs = [self._model.encode_texts(text, negative_prompt, self._settings, self._guides) for text in texts]
        guided = [self._model.guided(pair, self._settings) for pair in pairs]
        is_sum = reading is not None and reading.is_sum
        if is_sum and len(guided[0]) == 1:
            suitability.refuse(self._model.spec, [abilities.SUMS])
        return StepRows(
            with_prompt=tuple(with_prompt for with_prompt, _ in pairs),
            without=pairs[0][1],
            guided=(*guided[0][:-1], *(rows[-1] for rows in guided)),
            weights=tuple(self._weights(reading)) if reading and len(reading.parts) > 1 else (),
            is_sum=is_sum,
        )

    def _weights(self, reading: PartedPrompt) -> Iterator[torch.Tensor]:
        """The weight of each part at each latent. Where regions overlap, each has its share; what is in none belongs to
        the part without a region."""
        areas = [self._area(part.box) if part.box else None for part in reading.parts]
        for part, area in zip(reading.parts, areas, strict=True):
            of_term = [
                each
                for each, other in zip(areas, reading.parts, strict=True)
                if other.term == part.term and each is not None
            ]
            shared = sum(of_term, self._area(NOWHERE))
            own = (shared == 0).float() if area is None else area / shared.clamp(min=1)
            yield part.weight * own

    def _area(self, box: Box) -> torch.Tensor:
        """1 for each latent whose middle is in a box, (1, 1, h, w)."""
        height, width = self._size
        across, down = ((torch.arange(size) + 0.5) / size for size in (width, height))
        columns = (box.left <= across) & (across < box.right)
        rows = (box.top <= down) & (down < box.bottom)
        return (rows[:, None] & columns).to(self._model.device, torch.float32)[None, None]
