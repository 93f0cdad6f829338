"""A tiny random model of a family, drawn by the step loop and by diffusers' own pipeline."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy
import torch
from PIL import Image

from generation import abilities, suitability
from generation.catalogue import Catalogue, ModelSpec
from generation.engine.denoising.state import DenoisingState, predict
from generation.engine.models.flow_model import FlowModel
from generation.engine.scheduling.model_cache import ModelCache
from generation.events import Progress
from generation.infotext import from_infotext
from generation.jobs import Inputs
from generation.loras import Loras, LoraSpec
from generation.settings import GenerationSettings, Sampler
from tests.generation.engine import given
from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.device import DEVICE
from tests.generation.engine.stock import Pixels

FOX = GenerationSettings(
    prompt="a cute fox", seed=7, model="tiny", width=64, height=64, steps=4, guidance_scale=3.5, sampler=Sampler.OWN
)
OTHERS = (
    replace(FOX, prompt="a house by the sea", seed=9, steps=2, guidance_scale=2.0),
    replace(FOX, prompt="x", seed=2**31, steps=2),
    replace(FOX, prompt="a very long street with many red lanterns in the rain", seed=3, steps=3),
)
"""Settings of other people, with prompts of other lengths."""

NO_INPUTS = Inputs()

SAME = 1
"""The largest difference of two pixels that are the same, of 255."""


class Flow:
    """The model and the pipeline; `arguments` are what the pipeline takes for settings, beside size, seed and steps."""

    def __init__(self, folder: Path, pipeline: Any, arguments: Callable[[GenerationSettings], dict[str, Any]]) -> None:
        pipeline.save_pretrained(folder)
        self.kind = type(pipeline)
        self.folder = folder
        self._left_out = {name: None for name, part in pipeline.components.items() if part is None}
        self._arguments = arguments
        self.spec = ModelSpec("tiny", str(folder), width=64, height=64)
        self.cache = ModelCache(Catalogue([self.spec]), DEVICE, torch.float32)

    @property
    def model(self) -> FlowModel:
        model = self.cache.any("tiny", lambda share: None)
        assert isinstance(model, FlowModel)
        return model

    @cached_property
    def read(self) -> Any:
        """The pipeline, read from its folder once."""
        return self.fresh()

    def fresh(self) -> Any:
        """The pipeline, read anew."""
        return self.kind.from_pretrained(self.folder, dtype=torch.float32, **self._left_out).to(DEVICE)

    @contextmanager
    def knowing(self, *loras: LoraSpec) -> Iterator[None]:
        """With these LoRAs, and without them afterwards."""
        model, before = self.model, self.model.loras
        model.loras = Loras(loras)
        vars(model).pop("lora_adapters", None)
        try:
            yield
        finally:
            model.loras = before
            model.lora_adapters.apply_to_unet(())
            model.lora_adapters.apply_to_text_encoders(())
            vars(model).pop("lora_adapters", None)
            model._kept.clear()

    def drawn(self, settings: GenerationSettings, inputs: Inputs = NO_INPUTS) -> Pixels:
        """By the step loop, alone."""
        return self._drawn(LoopDriver(self.cache), settings, inputs)

    def _drawn(self, driver: LoopDriver, settings: GenerationSettings, inputs: Inputs) -> Pixels:
        """With previews of its latents, and metadata that have its settings, at the size that it has."""
        drawn = driver.drawn(settings, inputs)
        height, width, _ = drawn.shape
        told = [event for event in driver.of(1) if isinstance(event, Progress)]
        side = self.model.pixels_per_latent
        previews = {(each.width, each.height) for event in told for each in event.previews}
        assert previews == ({(width // side, height // side)} if told else set())
        assert all(event.previews and event.step < event.steps <= settings.steps for event in told)
        text = Image.open(BytesIO(driver.completed(1).pictures[0].png)).info["parameters"]
        assert from_infotext(text) == replace(settings, width=width, height=height)
        return drawn

    def drawn_among_others(self, settings: GenerationSettings, inputs: Inputs = NO_INPUTS) -> Pixels:
        """By the step loop, in a batch that others share; they joined a step before."""
        driver = LoopDriver(self.cache)
        beside = inputs if abilities.of(self.spec).picture_needed else NO_INPUTS
        for job_id, other in enumerate(OTHERS, start=2):
            driver.admit(job_id, suitability.stripped(other, self.spec), beside)
        driver.loop.step()
        drawn = self._drawn(driver, settings, inputs)
        assert all(driver.completed(job_id) for job_id, _ in enumerate(OTHERS, start=2))
        return drawn

    @torch.inference_mode()
    def stock(self, settings: GenerationSettings, kind: Any = None, **options: Any) -> Pixels:
        """By diffusers' own pipeline, of class `kind` where it is another; `options` are passed on."""
        read = self.read
        pipeline = kind(**read.components) if kind else read
        pipeline.scheduler = type(read.scheduler).from_config(read.scheduler.config)
        pipeline.set_progress_bar_config(disable=True)
        drawn = pipeline(
            prompt=settings.prompt,
            num_inference_steps=settings.steps,
            width=settings.width,
            height=settings.height,
            generator=torch.Generator("cpu").manual_seed(settings.seed),
            **self._arguments(settings),
            **options,
        )
        return numpy.asarray(drawn.images[0], dtype=int)

    def check(
        self,
        settings: GenerationSettings,
        inputs: Inputs = NO_INPUTS,
        within: Any = ...,
        kind: Any = None,
        **options: Any,
    ) -> None:
        """The step loop's picture is that of the pipeline, alone and among others; compared `within` a part of it. It
        has the nearest size that the model draws."""
        width, height = suitability.nearest_size(settings.width, settings.height, abilities.of(self.spec))
        expected = self.stock(replace(settings, width=width, height=height), kind, **options)
        assert expected.std() > 5, "the pipeline's own picture shows nothing"
        for drawn in (self.drawn(settings, inputs), self.drawn_among_others(settings, inputs)):
            assert drawn.shape == expected.shape
            assert abs(drawn - expected)[within].max() <= SAME

    def check_masked(self, kind: Any, strength: float, **options: Any) -> None:
        """A part of a picture that is drawn anew at a strength is that of the inpainting pipeline `kind`."""
        self.check(
            replace(FOX, denoising_strength=strength),
            given.MASKED,
            given.WELL_INSIDE,
            kind,
            image=given.picture(),
            mask_image=given.mask(),
            strength=strength,
            **options,
        )

    def check_neighbours(self, settings: GenerationSettings) -> None:
        """What is predicted for a picture has the same bits whatever shares a forward of as many rows."""
        first = DenoisingState(self.model, settings)
        others = [DenoisingState(self.model, replace(each, guidance_scale=2.0)) for each in OTHERS]
        sharing = [state for state in others if state.shape == first.shape]
        assert sharing, "no text has the same length"
        [alone] = predict([first], 4)
        for state in sharing:
            beside, _ = predict([first, state], 4)
            assert all(torch.equal(*pair) for pair in zip(alone, beside, strict=True))

    @torch.inference_mode()
    def stepped_by_hand(self, settings: GenerationSettings, scheduler: Any) -> Pixels:
        """By a scheduler of diffusers on the model's own noise levels, with the transformer called for each row."""
        model = self.model
        latents = torch.randn(
            (
                1,
                model.latent_channels,
                settings.height // model.pixels_per_latent,
                settings.width // model.pixels_per_latent,
            ),
            generator=torch.Generator("cpu").manual_seed(settings.seed),
        ).to(model.device)
        rows = model.guided(model.encode_prompts(settings), settings)
        for timestep in scheduler.timesteps:
            predictions = [model.predict(latents, timestep[None], [row]) for row in rows]
            merged = model.merge(predictions, settings) if len(rows) > 1 else predictions[0]
            latents = scheduler.step(merged, timestep, latents, return_dict=False)[0]
        return model.decode(latents)[0].numpy().astype(int)
