"""Drawing by diffusers' pipelines: guidance, previews, sizes, LoRAs, and pictures to start from."""

import warnings
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import diffusers
import numpy
import pytest
import torch
from diffusers import DiffusionPipeline
from peft import LoraConfig, get_peft_model_state_dict
from PIL import Image
from safetensors.torch import save_file

from generation import images
from generation.catalogue import Catalogue, ModelSpec
from generation.engine.families import registry
from generation.engine.latents.pipeline_previews import PipelinePreview
from generation.engine.models.diffusers_pipeline import PipelineModel, assembled
from generation.engine.scheduling.model_cache import ModelCache
from generation.errors import FailureKind, ModelUnavailable
from generation.events import Failed, Progress
from generation.infotext import from_infotext
from generation.jobs import Inputs
from generation.loras import LoraSpec
from generation.settings import GenerationSettings, Sampler
from tests.generation.engine import tiny, tiny_pipelines
from tests.generation.engine.conftest import NO_INPUTS, LoopDriver
from tests.generation.engine.stock import Pixels

CPU = torch.device("cpu")

PLACES: dict[str, Callable[[Path], Path]] = {
    "flux": tiny.flux,
    **{
        name: (lambda folder, name=name: tiny_pipelines.saved(getattr(tiny_pipelines, name), folder))  # type: ignore[misc]
        for name in (
            *("aura", "ernie", "ideogram", "kandinsky", "klein_kv", "ovis", "sana", "sana_sprint"),
            *("klein", "kontext", "krea", "qwen"),
        )
    },
}
"""Families that are drawn by their pipelines, and some of the shared batch, whose pipelines have layouts of latents and
siblings that are as others have them, but larger."""


class Host:
    """Models of every family, each made and loaded once, as its pipeline."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._caches: dict[str, ModelCache] = {}

    def source(self, name: str) -> str:
        return self.cache(name).any(name, lambda share: None).spec.source

    def cache(self, name: str) -> ModelCache:
        if name not in self._caches:
            spec = ModelSpec(name, str(PLACES[name](self._folder / name)), width=64, height=64, guidance_scale=3.0)
            self._caches[name] = by_pipeline(Catalogue([spec]))
        return self._caches[name]

    def driver(self, settings: GenerationSettings, inputs: Inputs = NO_INPUTS) -> LoopDriver:
        driver = LoopDriver(self.cache(settings.model))
        driver.admit(1, settings, inputs)
        driver.run()
        return driver

    @torch.inference_mode()
    def stock(
        self,
        settings: GenerationSettings,
        kind: Any = DiffusionPipeline,
        lora: tuple[Path, dict[str, float]] | None = None,
        **given: Any,
    ) -> Pixels:
        """The picture of the pipeline by itself."""
        with warnings.catch_warnings(action="ignore"):
            pipeline = DiffusionPipeline.from_pretrained(
                self.source(settings.model), dtype=torch.float32, local_files_only=True
            )
        if kind is not DiffusionPipeline:
            pipeline = kind.from_pipe(pipeline)
        if lora:
            pipeline.load_lora_weights(str(lora[0]), adapter_name="ink")
            pipeline.set_adapters(["ink"], [lora[1]])
        pipeline.set_progress_bar_config(disable=True)
        image = pipeline(
            prompt=settings.prompt,
            num_inference_steps=settings.steps,
            generator=torch.Generator("cpu").manual_seed(settings.seed),
            **given,
        )[0]
        return numpy.asarray(image[0], dtype=int)


def by_pipeline(catalogue: Catalogue) -> ModelCache:
    """With the only model of a catalogue, which is drawn by its pipeline also where its family has an adapter."""
    cache, [name] = ModelCache(catalogue, CPU, torch.float32), catalogue.names
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "FAMILIES", ())
        assert isinstance(cache.any(name, lambda share: None), PipelineModel)
    return cache


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    return Host(tmp_path_factory.mktemp("families"))


def settings(model: str, **changes: Any) -> GenerationSettings:
    plain: dict[str, Any] = {
        "prompt": "a fox",
        "seed": 3,
        "width": 64,
        "height": 64,
        "steps": 3,
        "guidance_scale": 3.0,
        "sampler": Sampler.OWN,
        "denoising_strength": 1.0,
    }
    return GenerationSettings(model=model, **plain | changes)


SIZE: dict[str, Any] = {"width": 64, "height": 64}

FAMILIES: dict[str, tuple[dict[str, Any], int]] = {
    "kontext": ({"guidance_scale": 3.0, "max_area": 64 * 64, **SIZE}, 8),
    "klein_kv": (SIZE, 4),
    "ovis": ({"guidance_scale": 3.0, **SIZE}, 8),
    "ernie": ({"guidance_scale": 3.0, **SIZE}, 4),
    "qwen": ({"true_cfg_scale": 3.0, "negative_prompt": " ", **SIZE}, 8),
    "krea": ({"guidance_scale": 3.0, **SIZE}, 8),
    "ideogram": ({"guidance_scale": 3.0, "guidance_schedule": None, **SIZE}, 0),
    "sana": ({"guidance_scale": 3.0, **SIZE}, 16),
    "sana_sprint": ({"guidance_scale": 3.0, "intermediate_timesteps": None, **SIZE}, 32),
}
"""What each pipeline is called with, and the side of its previews; 0 for none."""


@pytest.mark.parametrize("name", FAMILIES)
def test_pictures_and_previews_of_a_family(host: Host, name: str) -> None:
    given, side = FAMILIES[name]
    asked = settings(name, steps=3 if name == "sana_sprint" else 2)
    driver = host.driver(asked)
    wanted = host.stock(asked, **given)
    assert wanted.std() > 5
    assert abs(driver.pixels(1) - wanted).max() <= 1
    seen = [event.previews for event in driver.of(1) if isinstance(event, Progress)]
    assert [[(each.width, each.height) for each in previews] for previews in seen] == [[(side, side)] * bool(side)] * (
        asked.steps - 1
    )


@pytest.mark.parametrize("name", ["qwen", "krea", "klein_kv", "ernie", "ovis", "sana"])
def test_latents_of_another_layout_have_no_preview(host: Host, name: str) -> None:
    preview = PipelinePreview.fitted_to(host.cache(name).any(name, lambda share: None).pipeline)
    assert preview is not None
    others = "no tensor", torch.zeros(1, 3), torch.zeros(1, 7, 5), torch.zeros(1, 5, 8, 8), torch.zeros(1, 7, 16)
    assert [preview.of(latents, settings(name)) for latents in others] == [None] * len(others)


def test_kandinsky_draws_at_the_size_it_can_and_says_so(host: Host) -> None:
    driver = host.driver(settings("kandinsky", steps=1))
    [picture] = driver.completed(1).pictures
    assert (picture.width, picture.height) == (1024, 1024)
    text = Image.open(BytesIO(picture.png)).info["parameters"]
    assert (from_infotext(text).width, from_infotext(text).height) == (1024, 1024)


@pytest.mark.parametrize("name", ["aura", "ernie", "klein_kv", "kontext", "ovis"])
def test_a_size_off_the_grid_is_rounded_and_recorded(host: Host, name: str) -> None:
    driver = host.driver(settings(name, width=72, height=88, steps=1))
    [picture] = driver.completed(1).pictures
    assert (picture.width, picture.height) == (64, 96)
    text = Image.open(BytesIO(picture.png)).info["parameters"]
    assert (from_infotext(text).width, from_infotext(text).height) == (64, 96)


@pytest.mark.parametrize(("name", "changes"), [("klein_kv", {"negative_prompt": "green"}), ("ernie", {"clip_skip": 2})])
def test_a_setting_that_a_pipeline_does_not_take_is_refused(host: Host, name: str, changes: dict[str, Any]) -> None:
    assert failure(host.driver(settings(name, **changes))) is FailureKind.UNSUITABLE


def failure(driver: LoopDriver) -> FailureKind:
    ending = driver.of(1)[-1]
    assert isinstance(ending, Failed), ending
    return ending.kind


def test_guidance_counts_where_a_pipeline_leaves_it_out_by_default(host: Host) -> None:
    weak, strong = (host.driver(settings("qwen", guidance_scale=scale)).pixels(1) for scale in (1.0, 9.0))
    assert abs(weak - strong).max() > 3


@pytest.mark.parametrize("error", [RuntimeError, AssertionError, IndexError, KeyError, TypeError, NameError])
def test_a_misfit_before_the_first_step_is_no_internal_error(
    host: Host, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise error("of this size")

    model = host.cache("ovis").any("ovis", lambda share: None)
    monkeypatch.setattr(type(model.pipeline), "check_inputs", refuse)
    assert failure(host.driver(settings("ovis"))) is FailureKind.UNSUITABLE


def test_a_preview_that_fails_ends_no_drawing(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = host.driver(settings("klein_kv")).pixels(1)
    monkeypatch.setattr("generation.engine.latents.pipeline_previews._as_rows", lambda *_: torch.zeros(1, 2, 3))
    driver = host.driver(settings("klein_kv"))
    assert abs(driver.pixels(1) - wanted).max() == 0
    assert [event.previews for event in driver.of(1) if isinstance(event, Progress)] == [(), ()]


def test_a_pipeline_that_needs_what_nobody_gives_is_refused_when_it_is_loaded(tmp_path: Path) -> None:
    spec = ModelSpec("fill", str(tiny_pipelines.saved(tiny_pipelines.fill, tmp_path)), width=64, height=64)
    with pytest.raises(ModelUnavailable, match="fill cannot be used: FluxFillPipeline refuses its settings"):
        ModelCache(Catalogue([spec]), CPU, torch.float32).any("fill", lambda share: None)


def test_a_class_that_a_pipelines_own_package_brings_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diffusers.pipelines.prx.pipeline_prx.ftfy", SimpleNamespace(fix_text=str), raising=False)
    spec = ModelSpec("prx", str(tiny_pipelines.saved(tiny_pipelines.prx, tmp_path)), width=64, height=64)
    driver = LoopDriver(ModelCache(Catalogue([spec]), CPU, torch.float32))
    driver.admit(1, settings("prx", steps=1))
    driver.run()
    assert driver.completed(1).pictures


def noisy(seed: int, size: tuple[int, int] = (64, 64), mode: str = "RGB") -> Image.Image:
    """A picture of coarse random colours."""
    small = numpy.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=numpy.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.NEAREST).convert(mode)


START = noisy(1)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("flux", "FluxImg2ImgPipeline"),
        ("qwen", "QwenImageImg2ImgPipeline"),
    ],
)
@pytest.mark.parametrize("strength", [0.5, 0.1])
def test_a_start_picture(host: Host, name: str, kind: str, strength: float) -> None:
    asked = settings(name, steps=4, denoising_strength=strength)
    driver = host.driver(asked, Inputs(images.as_png(START)))
    guided = {"true_cfg_scale": 3.0, "negative_prompt": " "} if name == "qwen" else {"guidance_scale": 3.0}
    wanted = host.stock(asked, getattr(diffusers, kind), image=START, strength=max(strength, 0.25), **guided, **SIZE)
    assert abs(driver.pixels(1) - wanted).max() <= 1
    steps = {(event.step, event.steps) for event in driver.of(1) if isinstance(event, Progress)}
    assert all(step <= of for step, of in steps)
    text = Image.open(BytesIO(driver.completed(1).pictures[0].png)).info["parameters"]
    assert f"Denoising strength: {strength:g}" in text


@pytest.mark.parametrize(
    ("name", "kind", "given"),
    [
        ("flux", "FluxInpaintPipeline", {"guidance_scale": 3.0}),
        ("qwen", "QwenImageInpaintPipeline", {"true_cfg_scale": 3.0, "negative_prompt": " "}),
        ("kontext", "FluxKontextInpaintPipeline", {"guidance_scale": 3.0, "max_area": 64 * 64}),
        ("klein", "Flux2KleinInpaintPipeline", {"guidance_scale": 3.0}),
    ],
)
def test_a_mask(host: Host, monkeypatch: pytest.MonkeyPatch, name: str, kind: str, given: dict[str, Any]) -> None:
    resolutions = "diffusers.pipelines.flux.pipeline_flux_kontext_inpaint.PREFERRED_KONTEXT_RESOLUTIONS"
    monkeypatch.setattr(resolutions, [(64, 64)])
    mask = Image.new("L", (64, 64))
    mask.paste(255, (0, 0, 32, 64))
    asked = settings(name, denoising_strength=1.0)
    driver = host.driver(asked, Inputs(images.as_png(START), images.as_png(mask)))
    wanted = host.stock(asked, getattr(diffusers, kind), image=START, mask_image=mask, strength=1.0, **given, **SIZE)
    drawn = driver.pixels(1)
    assert abs(drawn[:, 32:] - numpy.asarray(START, dtype=int)[:, 32:]).max() == 0, "what the mask keeps is as it was"
    assert abs(drawn[:, :28] - wanted[:, :28]).max() <= 1


@pytest.mark.parametrize("name", ["kontext", "klein_kv"])
def test_references(host: Host, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diffusers.pipelines.flux.pipeline_flux_kontext.PREFERRED_KONTEXT_RESOLUTIONS", [(64, 96)])
    second = noisy(2, (96, 64))
    several = name == "klein_kv"
    driver = host.driver(settings(name), Inputs(images.as_png(START), second=images.as_png(second) if several else b""))
    own: dict[str, Any] = {} if several else {"max_area": 64 * 64, "guidance_scale": 3.0}
    wanted = host.stock(settings(name), image=[START, second] if several else START, **SIZE, **own)
    assert abs(driver.pixels(1) - wanted).max() <= 1
    assert abs(driver.pixels(1) - host.driver(settings(name)).pixels(1)).max() > 5


class Editing:
    """A pipeline that draws nothing without a reference, as Qwen-Image-Edit."""

    scheduler = None

    def set_progress_bar_config(self, disable: bool) -> None: ...

    def __call__(
        self,
        image: Any = None,
        prompt: str = "",
        num_inference_steps: int = 1,
        guidance_scale: float = 1.0,
        callback_on_step_end: Any = None,
    ) -> Any:
        return ([Image.new("RGB", image.size, "red")],)


def test_an_editing_model_is_tried_out_with_a_picture_and_others_without() -> None:
    known = type("JoyImageEditPipeline", (Editing,), {})()
    assembled(ModelSpec("edit", "x"), Path("x"), known, CPU, torch.float32)
    with pytest.raises(ModelUnavailable, match="has no attribute 'size'"):
        assembled(ModelSpec("edit", "x"), Path("x"), type("Other", (Editing,), {})(), CPU, torch.float32)


@pytest.fixture(scope="module", params=["flux", "qwen"])
def lora(request: pytest.FixtureRequest, host: Host, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LoRA of a model in diffusers' format, which changes much. Its folder begins with the model's name."""
    folder = tmp_path_factory.mktemp(request.param)
    with torch.random.fork_rng(devices=[]), warnings.catch_warnings(action="ignore"):
        torch.manual_seed(1)
        pipeline = DiffusionPipeline.from_pretrained(
            host.source(request.param), dtype=torch.float32, local_files_only=True
        )
        changed = {"transformer": ["to_q", "to_v", "proj_out"]}
        if request.param == "flux":
            changed["text_encoder"] = ["q_proj", "v_proj"]
        layers = {}
        for part, names in changed.items():
            network = getattr(pipeline, part)
            network.add_adapter(LoraConfig(r=2, init_lora_weights=False, target_modules=names))
            found = get_peft_model_state_dict(network)
            layers[f"{part}_lora_layers"] = {key: 4 * each for key, each in found.items()}
        pipeline.save_lora_weights(folder, **layers)
    return folder / "pytorch_lora_weights.safetensors"


def name_of(lora: Path) -> str:
    return lora.parent.name.rstrip("0123456789")


def with_loras(host: Host, lora: Path) -> LoopDriver:
    name = name_of(lora)
    spec = ModelSpec(name, host.source(name), width=64, height=64, guidance_scale=3.0)
    other = lora.with_name("other.safetensors")
    save_file({"transformer.nothing.lora_A.weight": torch.zeros(2, 2)}, other)
    specs = [LoraSpec("ink", lora), LoraSpec("other", other)]
    return LoopDriver(by_pipeline(Catalogue([spec], specs)))


GUIDED: dict[str, dict[str, Any]] = {
    "flux": {"guidance_scale": 3.0, **SIZE},
    "qwen": {"true_cfg_scale": 3.0, "negative_prompt": " ", **SIZE},
}


def test_a_lora_is_applied_to_its_picture_alone(host: Host, lora: Path) -> None:
    driver, name = with_loras(host, lora), name_of(lora)
    driver.admit(1, settings(name, prompt="a fox <lora:ink:0.3:0.7>"))
    driver.admit(2, settings(name))
    driver.admit(3, settings(name, prompt="a fox <lora:ink:-1>"))
    driver.run()
    plain = host.stock(settings(name), **GUIDED[name])
    assert abs(driver.pixels(2) - plain).max() == 0, "others are drawn between its steps"
    for job_id, scale, text_scale in ((1, 0.7, 0.3), (3, -1.0, -1.0)):
        scales = {"transformer": scale} | ({"text_encoder": text_scale} if name == "flux" else {})
        wanted = host.stock(settings(name), lora=(lora, scales), **GUIDED[name])
        assert abs(driver.pixels(job_id) - wanted).max() <= 1
        assert abs(driver.pixels(job_id) - plain).max() > 5
    text = Image.open(BytesIO(driver.completed(1).pictures[0].png)).info["parameters"]
    assert 'Lora hashes: "ink: ' in text
    assert text.startswith("a fox <lora:ink:0.3:0.7>")


def test_a_lora_of_another_family_fails_its_job_alone(host: Host, lora: Path) -> None:
    driver, name = with_loras(host, lora), name_of(lora)
    driver.admit(1, settings(name, prompt="a fox <lora:other>"))
    driver.run()
    assert failure(driver) is FailureKind.LORA_UNAVAILABLE
    driver.admit(2, settings(name))
    driver.run()
    assert abs(driver.pixels(2) - host.stock(settings(name), **GUIDED[name])).max() <= 1
