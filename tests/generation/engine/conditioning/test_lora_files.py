"""Pictures with LoRAs are those of diffusers' own pipeline with the same files, and disturb no others."""

import gc
import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline, UNet2DConditionModel
from PIL import Image
from safetensors.torch import load_file, save_file

from generation.acceleration import Acceleration
from generation.catalogue import Catalogue, ModelSpec
from generation.engine.conditioning import lora_files, lora_names
from generation.engine.conditioning.lora_changes import LowRank
from generation.engine.scheduling.batch_sizing import BatchSizing
from generation.engine.scheduling.model_cache import ModelCache
from generation.errors import FailureKind
from generation.events import Failed
from generation.infotext import from_infotext
from generation.loras import LoraSpec, read
from generation.settings import GenerationSettings
from tests.generation.engine import tiny, tiny_lora
from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.stock import Pixels, drawn_by_stock

ALPHA = 1.5 / tiny_lora.RANK
"""The factor by which kohya's files of `tiny_lora` are weaker than peft's of the same weights."""

_LAYER = "unet.down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
_HALVES = {"lora_A.weight": torch.ones(2, 5), "lora_B.weight": torch.ones(5, 2)}
BAD = {
    "of another size": {f"{_LAYER}.{half}": tensor for half, tensor in _HALVES.items()},
    "of another model": {f"unet.down_blocks.9.to_q.{half}": tensor for half, tensor in _HALVES.items()},
    "of half a pair": {f"{_LAYER}.lora_A.weight": torch.ones(2, 32)},
    "of another kind": {f"{_LAYER}.hada_w1_a": torch.ones(2, 2)},
    "for nothing here": {f"text_encoder_2.to_q.{half}": tensor for half, tensor in _HALVES.items()},
    "no lora at all": {"emb_params": torch.ones(2, 32)},
}


RED_CAP = torch.randn(2, tiny.WIDTH, generator=torch.Generator().manual_seed(8))
"""An embedding of two vectors."""


def with_lengths(pipeline: Any, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A LoRA as a DoRA of the UNet, whose rows are half as long again as those of the weights."""
    for name in [each for each in tensors if each.startswith("unet.") and each.endswith("lora_A.weight")]:
        layer = name.removesuffix(".lora_A.weight")
        weight = pipeline.unet.get_submodule(layer.removeprefix("unet.")).weight.detach()
        lengths = 1.5 * weight.flatten(1).norm(dim=1)
        tensors[f"{layer}.lora_magnitude_vector"] = lengths.reshape(1, -1, 1, 1) if weight.ndim == 4 else lengths
    return tensors


def as_in_older_diffusers(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Under the names that diffusers gave to a text encoder's layers at first."""
    names = {"q_proj": "to_q", "v_proj": "to_v", "lora_A": "down", "lora_B": "up"}
    older = {}
    for name, tensor in tensors.items():
        part, layer, projection, half, _ = re.fullmatch(r"(\w+)\.(.+)\.(\w+)\.(lora_[AB])(\.weight)", name).groups()  # type: ignore[union-attr]
        layer = layer if layer.startswith("text_model.") else f"text_model.{layer}"
        older[f"{part}.{layer}.{names[projection]}_lora.{names[half]}.weight"] = tensor
    return older


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("models")
    tiny.stable_diffusion_1(made / "small")
    tiny.stable_diffusion_xl(made / "xl")
    small, xl = stock(made / "small", StableDiffusionPipeline), stock(made / "xl", StableDiffusionXLPipeline)
    tiny_lora.peft(made / "ink.safetensors", small, seed=1)
    tiny_lora.peft(made / "fur.safetensors", small, seed=2, parts=["unet"])
    tiny_lora.kohya(made / "kohya ink.safetensors", small, seed=1)
    tiny_lora.peft(made / "xl.safetensors", xl, seed=3, parts=["unet", "text_encoder", "text_encoder_2"])
    save_file(
        load_file(made / "ink.safetensors") | {"bundle_emb.red cap.emb_params": RED_CAP}, made / "packed.safetensors"
    )
    save_file(with_lengths(small, load_file(made / "ink.safetensors")), made / "dora.safetensors")
    tiny_lora.peft(made / "new.safetensors", small, seed=5, parts=["text_encoder"])
    save_file(as_in_older_diffusers(load_file(made / "new.safetensors")), made / "old.safetensors")
    for name, tensors in BAD.items():
        save_file(tensors, made / f"{name}.safetensors")
    (made / "damaged.safetensors").write_bytes(b"\xff" * 40)
    return made


@pytest.fixture(scope="module")
def cache(folder: Path) -> ModelCache:
    models = [ModelSpec(name, str(folder / name)) for name in ("small", "xl")]
    loras = [LoraSpec(file.stem, file) for file in [*folder.glob("*.safetensors"), folder / "gone.safetensors"]]
    return ModelCache(Catalogue(models, loras), torch.device("cpu"), torch.float32, room=2)


@pytest.fixture
def fox() -> GenerationSettings:
    return GenerationSettings(prompt="a fox", seed=7, model="small", width=64, height=64, steps=4)


def stock(folder: Path, kind: Any) -> Any:
    with warnings.catch_warnings(action="ignore"):
        pipeline = kind.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def drawn_with_loras(pipeline: Any, settings: GenerationSettings, *loras: tuple[Path, float]) -> Pixels:
    for number, (file, _) in enumerate(loras):
        pipeline.load_lora_weights(str(file), adapter_name=f"lora{number}")
    pipeline.set_adapters([f"lora{number}" for number in range(len(loras))], [scale for _, scale in loras])
    return drawn_by_stock(pipeline, settings)


@pytest.mark.parametrize("scale", [0.7, -0.5])
def test_the_pixels_of_the_stock_pipeline(
    cache: ModelCache, folder: Path, fox: GenerationSettings, scale: float
) -> None:
    """With a LoRA over the UNet and the text encoder."""
    picture = LoopDriver(cache).drawn(replace(fox, prompt=f"a fox <lora:ink:{scale}>"))
    expected = drawn_with_loras(
        stock(folder / "small", StableDiffusionPipeline), fox, (folder / "ink.safetensors", scale)
    )
    assert abs(picture - expected).max() <= 1
    assert abs(picture - LoopDriver(cache).drawn(fox)).max() > 1


def test_two_at_once(cache: ModelCache, folder: Path, fox: GenerationSettings) -> None:
    picture = LoopDriver(cache).drawn(replace(fox, prompt="a <lora:ink:0.4>fox <lora:fur:0.6>"))
    files = (folder / "ink.safetensors", 0.4), (folder / "fur.safetensors", 0.6)
    assert abs(picture - drawn_with_loras(stock(folder / "small", StableDiffusionPipeline), fox, *files)).max() <= 1


def test_layers_named_as_kohya_does(cache: ModelCache, folder: Path, fox: GenerationSettings) -> None:
    """The same weights in the other form, weaker by their alpha."""
    picture = LoopDriver(cache).drawn(replace(fox, prompt="a fox <lora:kohya ink:0.8>"))
    weaker = (folder / "ink.safetensors", 0.8 * ALPHA)
    assert abs(picture - drawn_with_loras(stock(folder / "small", StableDiffusionPipeline), fox, weaker)).max() <= 1


def test_stable_diffusion_xl(cache: ModelCache, folder: Path, fox: GenerationSettings) -> None:
    """With both text encoders changed."""
    settings = replace(fox, model="xl", clip_skip=2)
    picture = LoopDriver(cache).drawn(replace(settings, prompt="a fox <lora:xl:0.6>"))
    pipeline = stock(folder / "xl", StableDiffusionXLPipeline)
    assert abs(picture - drawn_with_loras(pipeline, settings, (folder / "xl.safetensors", 0.6))).max() <= 1


def test_names_of_older_diffusers(cache: ModelCache, fox: GenerationSettings) -> None:
    """The text encoder's queries, keys, values and outputs, under the names of the UNet's."""
    older, newer = (LoopDriver(cache).drawn(replace(fox, prompt=f"a fox <lora:{name}:0.8>")) for name in ("old", "new"))
    assert (older == newer).all()
    assert abs(older - LoopDriver(cache).drawn(fox)).max() > 1


def test_a_dora_is_that_of_the_stock_pipeline(cache: ModelCache, folder: Path, fox: GenerationSettings) -> None:
    picture = LoopDriver(cache).drawn(replace(fox, prompt="a fox <lora:dora:1>"))
    expected = drawn_with_loras(stock(folder / "small", StableDiffusionPipeline), fox, (folder / "dora.safetensors", 1))
    assert abs(picture - expected).max() <= 1
    assert abs(picture - LoopDriver(cache).drawn(replace(fox, prompt="a fox <lora:ink:1>"))).max() > 1


def test_an_embedding_that_is_packed_with_it(cache: ModelCache, folder: Path, fox: GenerationSettings) -> None:
    """Its word stands for it where the LoRA is applied, in any case, and nowhere else."""
    settings = replace(fox, prompt="a Red Cap of a fox")
    picture = LoopDriver(cache).drawn(replace(settings, prompt=f"{settings.prompt} <lora:packed:0.7>"))
    pipeline = stock(folder / "small", StableDiffusionPipeline)
    pipeline.load_textual_inversion({"redcap": RED_CAP}, token="redcap")
    with_word = replace(settings, prompt="a redcap of a fox")
    expected = drawn_with_loras(pipeline, with_word, (folder / "ink.safetensors", 0.7))
    assert abs(picture - expected).max() <= 1
    plain = drawn_by_stock(stock(folder / "small", StableDiffusionPipeline), settings)
    assert abs(LoopDriver(cache).drawn(settings) - plain).max() <= 1


def test_a_model_whose_blocks_are_moved_to_the_device_when_needed(
    cache: ModelCache, folder: Path, fox: GenerationSettings
) -> None:
    """Its weights stay as they are; the changes are computed beside them."""
    spec, lora = ModelSpec("small", str(folder / "small")), LoraSpec("ink", folder / "ink.safetensors")
    moved = ModelCache(
        Catalogue([spec], [lora]), torch.device("cpu"), torch.float32, acceleration=Acceleration(offload="group")
    )
    with_lora = replace(fox, prompt="a fox <lora:ink:0.7>")
    for settings in (fox, with_lora, fox):
        assert abs(LoopDriver(moved).drawn(settings) - LoopDriver(cache).drawn(settings)).max() <= 1


def test_strengths_for_each_network_apart(cache: ModelCache, fox: GenerationSettings) -> None:
    """0 of the text encoder and all of the UNet, as `<lora:ink:0:1>` says, is the file without the former's part."""
    apart, other = (
        LoopDriver(cache).drawn(replace(fox, prompt=f"a fox <lora:ink:{scales}>")) for scales in ("0:1", "1:0")
    )
    assert abs(apart - other).max() > 1
    assert abs(other - LoopDriver(cache).drawn(fox)).max() > 1


@pytest.mark.parametrize("strict", [False, True])
def test_sets_do_not_disturb_each_other(cache: ModelCache, fox: GenerationSettings, strict: bool) -> None:
    """Plain pictures and pictures of three sets at once: each is what it is alone."""
    prompts = ["a fox", "a fox <lora:ink:0.7>", "a cat", "a fox <lora:ink:0.3>", "a fox <lora:fur:1>", "a fox"]
    jobs = [replace(fox, prompt=prompt, seed=seed, steps=3 + seed % 3) for seed, prompt in enumerate(prompts)]
    together = LoopDriver(cache, BatchSizing(8, strict))
    for job_id, settings in enumerate(jobs):
        together.admit(job_id, settings)
        together.loop.step()
    together.run()
    for job_id, settings in enumerate(jobs):
        alone = LoopDriver(cache, BatchSizing(8, strict))
        alone.admit(job_id, settings)
        alone.run()
        assert abs(together.pixels(job_id) - alone.pixels(job_id)).max() <= (0 if strict else 1)


def test_what_is_drawn_without_is_the_same_to_the_last_bit(cache: ModelCache, fox: GenerationSettings) -> None:
    before = LoopDriver(cache).drawn(fox)
    LoopDriver(cache).drawn(replace(fox, prompt="a fox <lora:ink:2>"))
    assert (LoopDriver(cache).drawn(fox) == before).all()


def test_no_memory_is_kept_for_what_is_not_worn_where_there_is_none(cache: ModelCache, fox: GenerationSettings) -> None:
    """A LoRA that was forgotten is merged again when it is applied again, with the same result."""
    settings = replace(fox, prompt="a fox <lora:ink:0.9>")
    before = LoopDriver(cache).drawn(settings)
    LoopDriver(cache).drawn(fox)
    cache.take("small", on_load=lambda _: None).lora_adapters.forget_idle()
    assert (LoopDriver(cache).drawn(settings) == before).all()


def test_layers_are_summed_one_at_a_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of a large model's in float32 would have no place beside it."""
    spec, file = ModelSpec("small", str(folder / "small")), folder / "ink.safetensors"
    model = ModelCache(Catalogue([spec], [LoraSpec("ink", file)]), torch.device("cpu"), torch.bfloat16).take(
        "small", lambda share: None
    )
    held: list[int] = []
    layers: list[int] = []
    over = LowRank.over

    def watched(change: LowRank, weight: torch.Tensor) -> torch.Tensor:
        tensors = [each for each in gc.get_objects() if type(each) is torch.Tensor]
        held.append(sum(each.nbytes for each in tensors if each.dtype == torch.float32))
        layers.append(weight.nbytes * 2)
        return over(change, weight)

    monkeypatch.setattr(LowRank, "over", watched)
    model.lora_adapters.apply_to_unet(read("<lora:ink:1>")[1])
    assert max(held) - min(held) <= 2 * max(layers) < sum(layers)


def test_with_hires_and_a_cancel_in_between(cache: ModelCache, fox: GenerationSettings) -> None:
    settings = replace(fox, prompt="a fox <lora:fur:1>", hires_factor=2.0)
    alone = LoopDriver(cache).drawn(settings)
    driver = LoopDriver(cache)
    for job_id, prompt in enumerate(["a fox", "a fox <lora:ink:1>"], start=2):
        driver.admit(job_id, replace(fox, prompt=prompt))
    driver.admit(1, settings)
    for _ in range(3):
        driver.loop.step()
    driver.loop.cancel(3)
    driver.run()
    assert abs(driver.pixels(1) - alone).max() <= 1


def test_metadata_name_the_lora_and_its_hash(cache: ModelCache, folder: Path, fox: GenerationSettings) -> None:
    driver = LoopDriver(cache)
    driver.admit(1, replace(fox, prompt="a fox <lora:ink:0.5>"))
    driver.run()
    text = str(Image.open(BytesIO(driver.completed(1).pictures[0].png)).info["parameters"])
    assert f'Lora hashes: "ink: {lora_files.hash_of(folder / "ink.safetensors")}"' in text
    assert from_infotext(text).prompt == "a fox <lora:ink:0.5>"


def test_the_hash_leaves_out_what_is_written_about_the_weights(tmp_path: Path) -> None:
    for number in range(2):
        save_file({"weights": torch.ones(2)}, tmp_path / f"{number}.safetensors", {"note": "x" * 40 * number})
    first, second = (lora_files.hash_of(tmp_path / f"{number}.safetensors") for number in range(2))
    assert first == second
    assert len(first) == 12
    assert lora_files.hash_of(tmp_path / "gone.safetensors") == ""


@pytest.mark.parametrize("name", [*BAD, "damaged", "gone"])
def test_one_that_does_not_fit_fails_its_own_job_alone(cache: ModelCache, fox: GenerationSettings, name: str) -> None:
    driver = LoopDriver(cache)
    driver.admit(1, replace(fox, steps=1))
    driver.admit(2, replace(fox, prompt=f"a fox <lora:{name}:1>"))
    driver.run()
    failed = driver.of(2)[-1]
    assert isinstance(failed, Failed)
    assert failed.kind is FailureKind.LORA_UNAVAILABLE
    assert driver.completed(1).pictures


NAMES: dict[str, Callable[[Any], Any]] = {
    "input_blocks_0_0": lambda unet: unet.conv_in,
    "time_embed_2": lambda unet: unet.time_embedding.linear_2,
    "input_blocks_1_0_in_layers_2": lambda unet: unet.down_blocks[0].resnets[0].conv1,
    "input_blocks_3_0_op": lambda unet: unet.down_blocks[0].downsamplers[0].conv,
    "input_blocks_4_0_skip_connection": lambda unet: unet.down_blocks[1].resnets[0].conv_shortcut,
    "input_blocks_4_1_proj_in": lambda unet: unet.down_blocks[1].attentions[0].proj_in,
    "input_blocks_8_1_transformer_blocks_0_attn1_to_q": lambda unet: (
        unet.down_blocks[2].attentions[1].transformer_blocks[0].attn1.to_q
    ),
    "middle_block_1_proj_out": lambda unet: unet.mid_block.attentions[0].proj_out,
    "middle_block_2_out_layers_3": lambda unet: unet.mid_block.resnets[1].conv2,
    "output_blocks_2_2_conv": lambda unet: unet.up_blocks[0].upsamplers[0].conv,
    "output_blocks_5_1_transformer_blocks_0_ff_net_2": lambda unet: (
        unet.up_blocks[1].attentions[2].transformer_blocks[0].ff.net[2]
    ),
    "output_blocks_8_0_emb_layers_1": lambda unet: unet.up_blocks[2].resnets[2].time_emb_proj,
    "out_2": lambda unet: unet.conv_out,
}


def test_the_first_names_of_stable_diffusion_xls_layers() -> None:
    """As in files for it: its blocks are those of the real one, only thinner."""
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(8, 16, 16),
        norm_num_groups=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=2,
        cross_attention_dim=8,
        use_linear_projection=True,
    )
    layers = lora_names.places_in(lora_names.UNET, unet)
    for name, layer in NAMES.items():
        assert unet.get_submodule(layers[name].layers[0]) is layer(unet), name
