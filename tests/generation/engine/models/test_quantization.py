"""Weights of fewer than sixteen bits: what comes quantised, and what is quantised when it is loaded.

What needs the extra `quantized` is skipped without it. Folders of bitsandbytes and Nunchaku need a GPU: they are tried
up to there.
"""

import json
import re
import shutil
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import FluxTransformer2DModel
from diffusers.quantizers.nunchaku import nunchaku_quantizer
from safetensors.torch import load_file, save_file
from transformers import T5EncoderModel

from generation.catalogue import Catalogue, ModelSpec
from generation.engine import worker
from generation.engine.families import registry
from generation.engine.models import loader, quantization
from generation.engine.models.flow_model import FlowModel
from generation.engine.models.quantization import nbytes
from generation.engine.runtime import memory
from generation.engine.scheduling.model_cache import ModelCache
from generation.errors import ModelUnavailable
from generation.pipelines import Guidance
from generation.quantization import LIBRARY, Quantization
from tests.generation.engine import tiny
from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.families import (
    tiny_flux_2,
    tiny_krea_2,
    tiny_lumina_2,
    tiny_qwen_image,
    tiny_z_image,
)
from tests.generation.engine.families.flow import FOX

CPU = torch.device("cpu")


def loaded(source: Path, quantize: Quantization = Quantization.NONE, dtype: torch.dtype = torch.float32) -> Any:
    return loader.load(ModelSpec("tiny", str(source), width=64, height=64, quantize=quantize), CPU, dtype)


@torch.inference_mode()
def prediction(model: Any) -> torch.Tensor:
    """The embeddings of a prompt and the velocity that is predicted from them, in one tensor."""
    latents = torch.randn(1, model.latent_channels, 8, 8, generator=torch.Generator().manual_seed(1))
    row, _ = model.encode_prompts(FOX)
    if isinstance(model, FlowModel):
        row = model.guided((row, row), FOX)[-1]
    predicted: torch.Tensor = model.predict(latents, torch.tensor([500.0]), [row])
    return predicted


def loss(model: Any, like: Any) -> float:
    """The difference of their predictions, relative to these."""
    expected = prediction(like)
    return float((prediction(model) - expected).norm() / expected.norm())


ENCODERS: dict[str, Callable[[], Any]] = {
    "T5": tiny.flux_pipeline,
    "Mistral": tiny_flux_2.dev,
    "Qwen3": lambda: tiny_flux_2.klein(is_distilled=True),
    "Qwen2.5-VL": tiny_qwen_image.pipeline,
    "Qwen3-VL": lambda: tiny_krea_2.pipeline(is_distilled=True),
    "Gemma 2": tiny_lumina_2.pipeline,
    "Z-Image": tiny_z_image.pipeline,
}

MOST_LOST = {Quantization.FP8: 0.25, Quantization.INT8: 0.1, Quantization.NF4: 0.1}
"""Of tiny random models, relative to the prediction; docs/models.md has the measurements."""


def requires(kind: Quantization) -> None:
    if kind in LIBRARY:
        pytest.importorskip(LIBRARY[kind])


@torch.inference_mode()
def predicted(pipeline: Any) -> torch.Tensor:
    """From a prompt, by a pipeline's text encoders and transformer."""
    family = registry.family_of(pipeline)
    assert family is not None
    row = replace(family.encode("a fox"), guidance=3.5 if family.guidance is Guidance.TOLD else None)
    latents = torch.randn(1, family.channels, 8, 8, generator=torch.Generator().manual_seed(1))
    return family.predict(latents.to(torch.bfloat16), torch.tensor([500.0]), [row]).float()


@pytest.mark.parametrize("encoder", ENCODERS)
def test_every_text_encoder_and_transformer_can_be_quantised(encoder: str) -> None:
    torch.manual_seed(0)
    pipeline = ENCODERS[encoder]().to(torch.bfloat16)
    expected = predicted(pipeline)
    for kind in (Quantization.FP8, Quantization.INT8):
        if kind in LIBRARY and find_spec(LIBRARY[kind]) is None:
            continue
        quantized = deepcopy(pipeline)
        quantization.quantize(quantized, kind, torch.bfloat16)
        lost = float((predicted(quantized) - expected).norm() / expected.norm())
        assert 0 < lost < MOST_LOST[kind]


@pytest.fixture(scope="module")
def flux(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FLUX.1 with layers as wide as nf4's blocks."""
    torch.manual_seed(0)
    pipeline, made = tiny.flux_pipeline(), tmp_path_factory.mktemp("flux")
    shape = dict(pipeline.transformer.config) | {"attention_head_dim": 32, "axes_dims_rope": (8, 8, 16)}
    pipeline.transformer = FluxTransformer2DModel.from_config(shape)
    pipeline.save_pretrained(made)
    return made


@pytest.fixture(scope="module")
def plain(flux: Path) -> Any:
    return loaded(flux)


@pytest.mark.parametrize("kind", MOST_LOST)
def test_a_quantised_model_draws_takes_no_merged_loras_and_its_bytes_are_foreseen(
    flux: Path, plain: Any, kind: Quantization
) -> None:
    requires(kind)
    spec = ModelSpec("tiny", str(flux), width=64, height=64, quantize=kind)
    cache = ModelCache(Catalogue([spec]), CPU, torch.float32)
    model: Any = cache.any("tiny", lambda share: None)
    assert 0 < loss(model, plain) < MOST_LOST[kind]
    assert model.pipeline.transformer.dtype == torch.float32, "what it computes in"
    assert LoopDriver(cache).drawn(FOX).std() > 5
    assert (plain.mergeable, model.mergeable) == (True, False)
    transformer = list((flux / "transformer").glob("*.safetensors"))
    foreseen = memory.needed(transformer, torch.float32, kind)
    assert foreseen == pytest.approx(nbytes(model.pipeline.transformer, CPU), rel=0.2)
    assert foreseen < 0.5 * memory.needed(transformer, torch.float32)


@pytest.mark.parametrize("kind", [Quantization.FP8, Quantization.INT8])
def test_a_unet_is_quantised_too(kind: Quantization, tmp_path: Path) -> None:
    requires(kind)
    source = tiny.stable_diffusion_1(tmp_path)
    plain, quantized = loaded(source), loaded(source, kind)
    assert 0 < loss(quantized, plain) < MOST_LOST[kind]
    assert (plain.mergeable, quantized.mergeable) == (True, False)


def copied(flux: Path, folder: Path, part: str = "transformer", **quantization_config: Any) -> Path:
    """A copy of a model whose part says how it is quantised."""
    shutil.copytree(flux, folder)
    config = folder / part / "config.json"
    told = json.loads(config.read_text()) | {"quantization_config": quantization_config}
    config.write_text(json.dumps(told if quantization_config else json.loads(config.read_text())))
    return folder


def test_a_folder_in_float8_stays_so_and_computes_the_same(flux: Path, tmp_path: Path) -> None:
    for name, cast in (("float8", torch.float8_e4m3fn), ("cast", torch.float32)):
        [file] = (copied(flux, tmp_path / name) / "transformer").glob("*.safetensors")
        weights = load_file(file)
        layers = [key for key in weights if "transformer_blocks" in key and "norm" not in key]
        rounded = {key: weights[key].to(torch.float8_e4m3fn).to(cast) for key in layers}
        save_file(weights | rounded, file, {"format": "pt"})
    kept, cast_up = loaded(tmp_path / "float8"), loaded(tmp_path / "cast")
    assert loss(kept, cast_up) == 0
    layer = kept.family.transformer.single_transformer_blocks[0].proj_mlp
    assert layer.weight.dtype == torch.float8_e4m3fn
    foreseen = memory.needed((tmp_path / "float8" / "transformer").glob("*.safetensors"), torch.float32)
    assert foreseen == nbytes(kept.family.transformer, CPU)
    with pytest.raises(ModelUnavailable, match="its transformer is quantised already; remove quantize"):
        loaded(tmp_path / "float8", Quantization.FP8)


def test_a_text_encoder_in_float8_keeps_the_layers_whose_format_is_asked_for(flux: Path, tmp_path: Path) -> None:
    for name, cast in (("float8", torch.float8_e4m3fn), ("cast", torch.float32)):
        [file] = (copied(flux, tmp_path / name) / "text_encoder_2").glob("*.safetensors")
        weights = load_file(file)
        layers = [key for key in weights if key.startswith("encoder.block") and "norm" not in key]
        rounded = {key: weights[key].to(torch.float8_e4m3fn).to(cast) for key in layers}
        save_file(weights | rounded, file, {"format": "pt"})
    assert loss(loaded(tmp_path / "float8"), loaded(tmp_path / "cast")) == 0


def test_a_folder_of_torchao_is_that_of_int8(flux: Path, plain: Any, tmp_path: Path) -> None:
    pytest.importorskip("torchao")
    import diffusers
    import transformers
    from torchao.quantization import Int8WeightOnlyConfig

    folder = copied(flux, tmp_path / "torchao")
    kinds = {"transformer": (FluxTransformer2DModel, diffusers), "text_encoder_2": (T5EncoderModel, transformers)}
    for part, (kind, library) in kinds.items():
        config = library.TorchAoConfig(Int8WeightOnlyConfig())
        saved = kind.from_pretrained(flux / part, quantization_config=config, torch_dtype=torch.float32)
        shutil.rmtree(folder / part)
        saved.save_pretrained(folder / part)
    model = loaded(folder)
    assert 0 < loss(model, plain) < MOST_LOST[Quantization.INT8]
    assert not model.mergeable
    files = list((folder / "transformer").glob("*.safetensors"))
    assert memory.needed(files, torch.float32) == pytest.approx(nbytes(model.family.transformer, CPU), rel=0.1)


def test_a_folder_of_sdnq_is_read(flux: Path, plain: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDNQ_USE_TORCH_COMPILE", "0")
    sdnq = pytest.importorskip("sdnq")
    folder = copied(flux, tmp_path / "sdnq")
    config = sdnq.SDNQConfig(weights_dtype="int8")
    saved = FluxTransformer2DModel.from_pretrained(flux / "transformer", quantization_config=config)
    shutil.rmtree(folder / "transformer")
    saved.save_pretrained(folder / "transformer")
    model = loaded(folder)
    assert 0 < loss(model, plain) < MOST_LOST[Quantization.INT8]
    assert not model.mergeable


NF4 = {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}
INT8 = {"quant_method": "bitsandbytes", "load_in_8bit": True}
NUNCHAKU: dict[str, Any] = {
    "quant_method": "nunchaku_lite",
    "svdq_w4a4": {
        "precision": "int4",
        "group_size": 64,
        "rank": 32,
        "targets": ["single_transformer_blocks.0.proj_mlp"],
    },
}


@pytest.mark.parametrize("config", [NF4, INT8])
def test_a_folder_of_bitsandbytes_is_tried_up_to_its_gpu(flux: Path, tmp_path: Path, config: dict[str, Any]) -> None:
    pytest.importorskip("bitsandbytes")
    with pytest.raises(ModelUnavailable, match="A GPU is needed for quantization"):
        loaded(copied(flux, tmp_path / "bitsandbytes", **config))


def test_a_folder_of_nunchaku_is_tried_up_to_its_gpu(
    flux: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copied(flux, tmp_path / "nunchaku", **NUNCHAKU)
    with pytest.raises(ModelUnavailable, match="it needs kernels, which is not installed: run `pip install kernels`"):
        loaded(folder)
    monkeypatch.setattr(quantization, "find_spec", lambda name: True)
    monkeypatch.setattr(nunchaku_quantizer, "is_kernels_available", lambda: True)
    with pytest.raises(ModelUnavailable, match="requires a CUDA-capable NVIDIA GPU"):
        loaded(folder)


@pytest.mark.parametrize("package", ["bitsandbytes", "torchao", "sdnq"])
def test_a_missing_package_is_named_with_the_line_that_installs_it(
    flux: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setattr(quantization, "find_spec", lambda name: None)
    said = f'it needs {package}, which is not installed: run `pip install "noisefox[quantized]"`'
    for part in ("transformer", "text_encoder_2"):
        with pytest.raises(ModelUnavailable, match=re.escape(said)):
            loaded(copied(flux, tmp_path / part, part, quant_method=package))
    for kind in (kind for kind, method in LIBRARY.items() if method == package):
        with pytest.raises(ModelUnavailable, match=re.escape(said)):
            loaded(flux, kind)


def test_packages_for_quantised_models_are_imported_for_those_alone(flux: Path, tmp_path: Path) -> None:
    folder = copied(flux, tmp_path / "torchao", quant_method="torchao")
    models = [ModelSpec("model", source) for source in (str(flux), str(folder), "someone/not-here")]
    assert [worker.may_come_quantised(model) for model in models] == [False, True, True]
