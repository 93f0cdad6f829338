"""Where models come from, and what happens where they do not."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import torch
from diffusers import DiffusionPipeline, EulerDiscreteScheduler
from safetensors.torch import save_file

from generation import sources
from generation.catalogue import POCKET, Catalogue, ModelSpec, PreviewKind
from generation.engine.loop import Stopped
from generation.engine.models import loader
from generation.engine.models.loader import load
from generation.engine.models.unet_model import UNetModel
from generation.engine.models.weights_hash import hash_of
from generation.engine.runtime import memory
from generation.engine.scheduling import model_cache
from generation.engine.scheduling.model_cache import ModelCache
from generation.errors import FailureKind, InvalidSetting, ModelTooLarge, ModelUnavailable
from generation.events import Failed, Loading
from generation.settings import GenerationSettings
from generation.sources import Family
from tests.generation.engine import single_file, tiny
from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.families import tiny_qwen_image
from tests.generation.engine.stock import Pixels

CPU = torch.device("cpu")


def loaded(source: Path | str, **options: Any) -> UNetModel:
    model = load(ModelSpec("mine", str(source), **options), CPU, torch.float32)
    assert isinstance(model, UNetModel)
    return model


def drawn(model: UNetModel, settings: GenerationSettings) -> Pixels:
    cache = ModelCache(Catalogue([model.spec]), CPU, torch.float32)
    with patch.object(model_cache, "load", return_value=model):
        cache.take(model.spec.name, lambda share: None)
    return LoopDriver(cache).drawn(settings)


@pytest.fixture
def fox() -> GenerationSettings:
    return GenerationSettings("a fox", seed=3, model="mine", width=64, height=64, steps=3, guidance_scale=5.0)


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail every connection, whether or not there is a network."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("the network was asked")

    monkeypatch.setattr("socket.socket.connect", refuse)


@pytest.mark.parametrize(
    "make", [tiny.checkpoint_1, tiny.checkpoint_1_inpainting, tiny.checkpoint_xl], ids=["1", "1 inpainting", "XL"]
)
def test_a_single_file_draws_as_the_folder_it_was_made_from(tmp_path: Path, fox: GenerationSettings, make: Any) -> None:
    folder = make(tmp_path / "folder")
    file = single_file.write(DiffusionPipeline.from_pretrained(folder), tmp_path / "file.safetensors")
    from_folder, from_file = loaded(folder), loaded(file)
    assert from_file.spec.family is from_folder.spec.family
    assert from_file.is_inpainting is from_folder.is_inpainting
    assert abs(drawn(from_file, fox) - drawn(from_folder, fox)).max() <= 1
    assert len(from_file.hash) == 10
    assert from_file.hash != from_folder.hash


def test_the_hash_of_weights_is_taken_anew_only_when_they_are_written_anew(tmp_path: Path) -> None:
    file = tmp_path / "file.safetensors"
    file.write_bytes(b"one")
    first, written = hash_of(file, "mine"), file.stat()
    file.write_bytes(b"two")
    os.utime(file, ns=(written.st_atime_ns, written.st_mtime_ns))
    assert hash_of(file, "mine") == first
    os.utime(file, ns=(written.st_atime_ns, written.st_mtime_ns + 1))
    assert hash_of(file, "mine") != first


def test_a_single_file_may_say_that_it_predicts_velocity(tmp_path: Path) -> None:
    pipeline = DiffusionPipeline.from_pretrained(tiny.checkpoint_1(tmp_path / "folder"))
    marks = {"v_pred": torch.zeros(0), "ztsnr": torch.zeros(0)}
    config = loaded(single_file.write(pipeline, tmp_path / "v.safetensors", marks)).scheduler_config
    assert (config["prediction_type"], config["rescale_betas_zero_snr"]) == ("v_prediction", True)
    assert config["timestep_spacing"] == "trailing", "steps begin at the level that is noise alone"


def test_a_configuration_of_ones_own_outweighs_the_shapes(tmp_path: Path) -> None:
    folder = tiny.checkpoint_1(tmp_path / "folder")
    scheduler = folder / "scheduler" / "scheduler_config.json"
    scheduler.write_text(json.dumps(json.loads(scheduler.read_text()) | {"prediction_type": "v_prediction"}))
    file = single_file.write(DiffusionPipeline.from_pretrained(folder), tmp_path / "file.safetensors")
    assert loaded(file, config=str(folder)).scheduler_config["prediction_type"] == "v_prediction"


def test_a_single_file_of_another_family_says_what_it_needs(tmp_path: Path) -> None:
    file = tmp_path / "other.safetensors"
    save_file({"blocks.0.weight": torch.zeros(2, 2)}, file)
    with pytest.raises(ModelUnavailable, match="name as its config a folder or a hub id"):
        loaded(file)
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        loaded(file, config=str(tiny.flux(tmp_path / "flux")))
    file.write_bytes(b"no such file at all")
    with pytest.raises(ModelUnavailable, match=r"is not a \.safetensors file"):
        loaded(file)


@pytest.mark.parametrize("ending", sources.PICKLED)
def test_pickled_files_are_refused(ending: str) -> None:
    with pytest.raises(InvalidSetting, match="loading it can run any code"):
        ModelSpec("mine", f"models/anime{ending}")
    with pytest.raises(InvalidSetting, match="is a pickle") as refusal:
        ModelSpec("mine", "models/anime.safetensors", vae=f"models/vae{ending}")
    assert refusal.value.field == "vae"
    with pytest.raises(InvalidSetting, match="is a pickle") as refusal:
        ModelSpec("mine", "models/flux.safetensors", text_encoders=("models/clip.safetensors", f"models/t5{ending}"))
    assert refusal.value.field == "text_encoders"


@pytest.mark.parametrize("name", ["diffusion_pytorch_model.bin", "model.ckpt", "model.pt"])
def test_a_folder_of_pickled_weights_is_refused(tmp_path: Path, name: str) -> None:
    folder = tiny.stable_diffusion_1(tmp_path / "model")
    for file in (folder / "unet").glob("*.safetensors"):
        file.unlink()
    torch.save({}, folder / "unet" / name)
    with pytest.raises(ModelUnavailable, match=f"unet/{name} is pickled, and reading it could run any code"):
        loaded(folder)


def test_half_precision_files_serve_where_there_are_no_others(tmp_path: Path, fox: GenerationSettings) -> None:
    folder = tiny.stable_diffusion_1(tmp_path / "model")
    for file in folder.glob("unet/*.safetensors"):
        file.rename(file.with_name(file.name.replace(".safetensors", ".fp16.safetensors")))
    assert loaded(folder).unet.dtype == torch.float32


@pytest.mark.parametrize("kind", ["folder", "model", "file"])
def test_another_autoencoder(tmp_path: Path, fox: GenerationSettings, kind: str) -> None:
    folder = tiny.stable_diffusion_1(tmp_path / "model")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        other = tiny.autoencoder()
    other.save_pretrained(tmp_path / "other" / "vae")
    file = tmp_path / "vae.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in single_file.autoencoder(other)}, file)
    source = {"folder": tmp_path / "other" / "vae", "model": tmp_path / "other", "file": file}[kind]
    model = loaded(folder, vae=str(source))
    for name, tensor in other.state_dict().items():
        assert torch.equal(model.vae.state_dict()[name], tensor), name
    assert abs(drawn(model, fox) - drawn(loaded(folder), fox)).max() > 5


def test_a_model_that_does_not_fit_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free", lambda device: 30_000_000)
    driver = LoopDriver(ModelCache(Catalogue([POCKET]), CPU, torch.float32))
    driver.admit(1, POCKET.preferred.of("a fox", seed=1))
    ending = driver.of(1)[-1]
    assert isinstance(ending, Failed)
    assert ending.kind is FailureKind.MODEL_TOO_LARGE
    assert "takes 0.1 GB as float32, and 0.0 GB are free on cpu" in ending.detail


def test_memory_that_ends_while_a_model_is_read_is_told_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> Any:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(DiffusionPipeline, "from_pretrained", full)
    with pytest.raises(ModelTooLarge, match="does not fit into the memory of cpu"):
        load(POCKET, CPU, torch.float32)


def test_models_make_room_for_a_larger_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    specs = [ModelSpec(name, str(tiny.stable_diffusion_1(tmp_path / name))) for name in ("one", "two", "three")]
    cache = ModelCache(Catalogue(specs), CPU, torch.float32, room=3)
    one, _ = cache.take("one", lambda share: None), cache.take("two", lambda share: None)
    assert cache.take("one", lambda share: None) is one
    monkeypatch.setattr(memory, "free", lambda device: 0 if cache.names else 10**9)
    cache.take("three", lambda share: None)
    assert cache.names == ["three"]


def test_the_model_used_longest_ago_leaves_memory(tmp_path: Path) -> None:
    specs = [ModelSpec(name, str(tiny.stable_diffusion_1(tmp_path / name))) for name in ("one", "two", "three")]
    cache = ModelCache(Catalogue(specs), CPU, torch.float32, room=2)
    for name in ("one", "two", "one", "three"):
        cache.take(name, lambda share: None)
    assert cache.names == ["one", "three"]


def test_loading_tells_how_far_it_is(cache: ModelCache) -> None:
    driver = LoopDriver(ModelCache(Catalogue([POCKET]), CPU, torch.float32))
    driver.admit(1, replace(POCKET.preferred.of("a fox", seed=1), steps=1))
    fair_share = [event.share for event in driver.of(1) if isinstance(event, Loading)]
    assert fair_share[0] == 0.0
    assert fair_share[-1] == 1.0
    assert fair_share == sorted(fair_share)
    assert len(fair_share) > 3


def test_one_file_is_read_in_pieces_and_each_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = DiffusionPipeline.from_pretrained(tiny.checkpoint_1(tmp_path / "folder"))
    file = single_file.write(pipeline, tmp_path / "file.safetensors")
    monkeypatch.setattr("generation.engine.models.single_file.PIECE", -(-file.stat().st_size // 8))
    fair_share: list[float] = []
    load(ModelSpec("mine", str(file)), CPU, torch.float32, fair_share.append)
    pieces = [number / 8 * loader.FILE_READ for number in range(1, 9)]
    assert fair_share[1:9] == pytest.approx(pieces, abs=1e-3)
    assert (fair_share[0], fair_share[-1]) == (0.0, 1.0)
    assert fair_share == sorted(fair_share)


def test_reading_one_file_ends_where_nobody_wants_it_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = DiffusionPipeline.from_pretrained(tiny.checkpoint_1(tmp_path / "folder"))
    file = single_file.write(pipeline, tmp_path / "file.safetensors")
    monkeypatch.setattr("generation.engine.models.single_file.PIECE", 2**20)
    fair_share: list[float] = []

    def report(share: float) -> None:
        fair_share.append(share)
        if share > 0.2:
            raise Stopped

    with pytest.raises(Stopped):
        load(ModelSpec("mine", str(file)), CPU, torch.float32, report)
    assert len(fair_share) > 2
    assert fair_share[-1] < 0.5


@pytest.mark.parametrize("part", ["vae", "preview_decoder"])
def test_what_is_read_beside_a_model_is_in_its_loading_and_in_the_room_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    plain = ModelSpec("mine", str(tiny.stable_diffusion_1(tmp_path / "model")))
    tiny.preview_decoder(tmp_path / "preview_decoder", channels=4)
    tiny.autoencoder(block_out_channels=(16,) * 4).save_pretrained(tmp_path / "vae")
    source = str(tmp_path / part)
    more = replace(plain, vae=source) if part == "vae" else plain
    more = replace(more, preview=PreviewKind.TINY, preview_decoder=source) if part != "vae" else more
    fair_share: list[float] = []
    load(more, CPU, torch.float32, fair_share.append)
    assert fair_share == sorted(fair_share)
    wanted = loader.needs_here(more, torch.float32).weights
    beside = memory.needed((tmp_path / part).glob("*.safetensors"), torch.float32)
    *_, before, last = sorted(set(fair_share))
    assert [before, last] == pytest.approx([1 - beside / wanted, 1.0]), "it comes last"
    assert wanted > loader.needs_here(plain, torch.float32).weights
    monkeypatch.setattr(memory, "free", lambda device: wanted)
    load(more, CPU, torch.float32)
    monkeypatch.setattr(memory, "free", lambda device: wanted - 1)
    load(plain, CPU, torch.float32)
    with pytest.raises(ModelTooLarge):
        load(more, CPU, torch.float32)


def test_families_are_told_without_reading_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert POCKET.family is Family.STABLE_DIFFUSION
    assert ModelSpec("xl", str(tiny.stable_diffusion_xl(tmp_path / "xl"))).preferred.clip_skip == 2
    assert ModelSpec("xl", str(tmp_path / "xl"), clip_skip=1).preferred.clip_skip == 1
    assert ModelSpec("f", str(tiny.flux(tmp_path / "f"))).family is Family.OTHER
    assert ModelSpec("gone", "nobody/has-this").family is None
    assert ModelSpec("gone", str(tmp_path / "gone.safetensors")).preferred.clip_skip == 1


def test_folders_that_are_no_models_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="not in diffusers' format"):
        loaded(tmp_path)
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        loaded(tmp_path / "none.safetensors")


@pytest.mark.parametrize("reason", [AttributeError, TypeError, ImportError])
def test_a_pipeline_that_cannot_be_built_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: type[Exception]
) -> None:
    def unbuilt(*_: object, **__: object) -> None:
        raise reason("a part is missing")

    folder = tiny.stable_diffusion_1(tmp_path)
    monkeypatch.setattr(loader, "pipeline_of", unbuilt)
    with pytest.raises(ModelUnavailable, match=r"cannot be loaded from .* a part is missing"):
        loaded(folder)


def test_a_flow_matching_model_with_another_scheduler_is_refused(tmp_path: Path) -> None:
    pipeline = tiny.flux_pipeline()
    pipeline.register_modules(scheduler=EulerDiscreteScheduler())
    pipeline.save_pretrained(tmp_path)
    with pytest.raises(ModelUnavailable, match="its scheduler is a EulerDiscreteScheduler, which is not for flow"):
        load(ModelSpec("flux", str(tmp_path)), torch.device("cpu"), torch.float32)


def test_another_autoencoder_is_of_the_class_of_the_model_s_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tiny_qwen_image.pipeline().save_pretrained(tmp_path / "qwen")
    tiny_qwen_image.pipeline().vae.save_pretrained(tmp_path / "vae")
    spec = ModelSpec("qwen", str(tmp_path / "qwen"), vae=str(tmp_path / "vae"), controlnet="someone/lines")
    with caplog.at_level("INFO"):
        model = load(spec, torch.device("cpu"), torch.float32)
    assert type(model.pipeline.vae).__name__ == "AutoencoderKLQwenImage"
    assert "qwen: controlnet has no effect" in caplog.text
    assert "qwen is a QwenImagePipeline, drawn in the shared batch" in caplog.text
