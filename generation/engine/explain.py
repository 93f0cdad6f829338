"""Explains a picture: its recorded steps as pictures that can be shown."""

from collections.abc import Callable, Generator

import torch
from PIL import Image

from generation.engine.denoising.state import DenoisingState
from generation.engine.denoising.trace import TraceStep
from generation.engine.latents import png
from generation.engine.models.batched_model import AnyBatchedModel
from generation.engine.runtime import memory
from generation.explanation import FORKS, MOMENTS, Explanation, Fork, Moment, spread
from generation.pictures import Preview

SIDE = 512
"""The longest side of an explanation's pictures, in pixels; figures show none larger."""

Report = Callable[[int, Preview], None]
"""Told how many of the recorded steps are done, and what each looked like before it."""


class Recorder:
    """Records what the explanation of a picture needs: the inner values before some of its steps."""

    def __init__(self, state: DenoisingState) -> None:
        self.state = state
        moments = spread(state.steps, MOMENTS - 1)
        self.forks = sorted({min(moments, key=lambda step: abs(step / state.steps - at)) for at in FORKS})
        """The steps whose predictions are shown."""
        self._wanted = {state.first_forward(step) for step in moments}
        self.trace: list[TraceStep] = []
        state.observer = self._keep

    def _keep(self, trace_step: TraceStep) -> None:
        if trace_step.forward in self._wanted:
            self.trace.append(trace_step)


def explain(recorder: Recorder, image: Image.Image, report: Report) -> Generator[None, None, Explanation]:
    """The explanation of a finished picture, which is `image`; in slices, between which others may have their turn.

    Needs forwards of one row where the steps themselves made no prediction with or without the prompt alone.
    """
    model, steps = recorder.state.model, recorder.state.steps
    moments, forks = [], []
    for part, trace_step in enumerate(recorder.trace):
        picture = _frame(model, trace_step.latents)
        report(part, picture)
        yield
        expected = _frame(model, trace_step.clean(trace_step.merged))
        yield
        moments.append(Moment(trace_step.step, _noise(recorder, trace_step), picture, expected))
        if trace_step.step in recorder.forks:
            without = _frame(model, trace_step.clean(_without(model, trace_step)))
            yield
            with_prompt = _frame(model, trace_step.clean(_with_prompt(model, trace_step)))
            yield
            guided = trace_step.without is not None or trace_step.unguided is not None
            forks.append(Fork(trace_step.step, _noise(recorder, trace_step), without, with_prompt, expected, guided))
    finished = _preview(image)
    moments.append(Moment(steps, 0.0, finished, finished))
    noise, from_picture = model.preview(recorder.trace[0].latents), recorder.state.init_image is not None
    told = any(each.without is None and each.unguided is not None for each in recorder.trace)
    return Explanation(steps, noise, tuple(moments), tuple(forks), from_picture, told)


def _noise(recorder: Recorder, trace_step: TraceStep) -> float:
    """The noise's share of the variance before a step. Without an init image the first step starts from noise alone,
    even where the schedule gives it less."""
    begins_as_noise = trace_step.step == 0 and recorder.state.init_image is None
    return 1.0 if begins_as_noise else trace_step.level.share


def _without(model: AnyBatchedModel, trace_step: TraceStep) -> torch.Tensor:
    """The prediction without the prompt; from a forward of one row where the step had none."""
    if trace_step.without is not None:
        return trace_step.without
    return model.predict(trace_step.input, trace_step.timestep.reshape(1), [trace_step.silence])


def _with_prompt(model: AnyBatchedModel, trace_step: TraceStep) -> torch.Tensor:
    """The prediction with the prompt alone; from a forward of one row where the network itself applied guidance."""
    if trace_step.unguided is None:
        return trace_step.with_prompt
    return model.predict(trace_step.input, trace_step.timestep.reshape(1), [trace_step.unguided])


def _frame(model: AnyBatchedModel, latents: torch.Tensor) -> Preview:
    """Latents (1, channels, h, w) decoded, at most `SIDE` pixels each way; in tiles where memory is short."""
    try:
        frame = model.frame(latents.to(model.dtype))
    except memory.ERRORS as error:
        if not memory.is_exhausted(error):
            raise
        return _preview(png.from_pixels(model.decode(latents.to(model.dtype))[0].cpu().numpy()))
    if max(frame.width, frame.height) <= SIDE:
        return frame
    return _preview(Image.frombytes("RGB", (frame.width, frame.height), frame.rgb))


def _preview(image: Image.Image) -> Preview:
    shown = image.convert("RGB")
    shown.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return Preview(shown.width, shown.height, shown.tobytes(), decoded=True)
