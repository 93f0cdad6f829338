"""From the inner values of a drawing to pictures of them."""

from collections.abc import Callable, Generator

import torch
from PIL import Image

from generation.engine.denoising.state import DenoisingState, forward
from generation.engine.denoising.trace import TraceStep
from generation.engine.latents import png
from generation.engine.models.model import Model
from generation.engine.runtime import memory
from generation.explanation import FORKS, MOMENTS, Explanation, Fork, Moment, spread
from generation.pictures import Preview

SIDE = 512
"""Pixels of the longer side of a recorded picture, at most; figures show none larger."""

Report = Callable[[Preview], None]


class Recorder:
    """Keeps what the explanation of a painting needs, while that is painted: a glimpse before some of its steps."""

    def __init__(self, state: DenoisingState) -> None:
        self.state = state
        moments = spread(state.steps, MOMENTS - 1)
        self.forks = sorted({min(moments, key=lambda step: abs(step / state.steps - at)) for at in FORKS})
        """Steps whose predictions are shown."""
        self._wanted = {state.first_forward(step) for step in moments}
        self.glimpses: list[TraceStep] = []
        state.observer = self._keep

    def _keep(self, glimpse: TraceStep) -> None:
        if glimpse.forward in self._wanted:
            self.glimpses.append(glimpse)


def explain(recorder: Recorder, image: Image.Image, report: Report) -> Generator[None, None, Explanation]:
    """The explanation of a finished painting, whose picture is `image`; in slices, between which others may have their
    turn. Each picture goes to `report` as it is decoded."""
    model, steps = recorder.state.model, recorder.state.steps
    moments, forks = [], []
    for glimpse in recorder.glimpses:
        picture = _frame(model, glimpse.latents)
        report(picture)
        yield
        expected = _frame(model, glimpse.clean(glimpse.merged))
        yield
        moments.append(Moment(glimpse.step, _noise(recorder, glimpse), picture, expected))
        if glimpse.step in recorder.forks:
            without = _frame(model, glimpse.clean(_without(model, glimpse)))
            yield
            with_prompt = _frame(model, glimpse.clean(_with_prompt(model, glimpse)))
            yield
            guided = glimpse.without is not None or glimpse.unguided is not None
            forks.append(Fork(glimpse.step, _noise(recorder, glimpse), without, with_prompt, expected, guided))
    finished = _preview(image)
    moments.append(Moment(steps, 0.0, finished, finished))
    noise, from_picture = model.preview(recorder.glimpses[0].latents), recorder.state.init_image is not None
    return Explanation(steps, noise, tuple(moments), tuple(forks), from_picture)


def _noise(recorder: Recorder, glimpse: TraceStep) -> float:
    """The share of noise before a step. What a drawing begins as is noise alone, unless it starts from a picture, even
    where a schedule takes the first step for one from less."""
    begins_as_noise = glimpse.step == 0 and recorder.state.init_image is None
    return 1.0 if begins_as_noise else glimpse.level.share


def _without(model: Model, glimpse: TraceStep) -> torch.Tensor:
    """The prediction without the prompt; a forward of one row makes it, where the drawing itself had no use for it."""
    if glimpse.without is not None:
        return glimpse.without
    return forward(model, glimpse.input, glimpse.timestep.reshape(1), [glimpse.silence])


def _with_prompt(model: Model, glimpse: TraceStep) -> torch.Tensor:
    """The prediction with the prompt alone; a forward of one row makes it, where the UNet itself did the guiding."""
    if glimpse.unguided is None:
        return glimpse.with_prompt
    return forward(model, glimpse.input, glimpse.timestep.reshape(1), [glimpse.unguided])


def _frame(model: Model, latents: torch.Tensor) -> Preview:
    """Latents (1, channels, h, w) decoded, no larger than can be shown; in tiles where memory is short."""
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
