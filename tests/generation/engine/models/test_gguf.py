"""Quantised models as GGUF: transformers, equal to diffusers' own loading, and text encoders."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import gguf
import numpy
import pytest
import torch
from diffusers import FluxTransformer2DModel, GGUFQuantizationConfig
from diffusers.loaders import single_file_utils
from gguf import GGMLQuantizationType as Kind

from generation import abilities, weights
from generation.catalogue import Catalogue
from generation.engine.models import loader
from generation.engine.models.text_encoder_files import read as read_encoder
from generation.engine.scheduling.model_cache import ModelCache
from generation.errors import ModelUnavailable
from tests.generation.engine import gguf_files, tiny, transformer_layouts
from tests.generation.engine.families import tiny_flux_2, tiny_z_image
from tests.generation.engine.families.flow import FOX, SAME, Flow
from tests.generation.engine.transformer_layouts import Narrow, original

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def flux(tmp_path_factory: pytest.TempPathFactory) -> Flow:
    """FLUX.1 with layers wide enough for the blocks of a K-quant."""
    pipeline = tiny.flux_pipeline()
    torch.manual_seed(0)
    wide = FluxTransformer2DModel(**dict(pipeline.transformer.config) | {"num_attention_heads": 16})
    pipeline.register_modules(transformer=wide)
    folder = tmp_path_factory.mktemp("gguf")
    flow = Flow(folder / "flux", pipeline, lambda settings: {"guidance_scale": settings.guidance_scale})
    gguf_files.write(folder / "flux.gguf", "flux", original(wide, transformer_layouts.FLUX), _as_shared)
    return flow


def _as_shared(name: str, tensor: torch.Tensor) -> Kind:
    """Every format that files of transformers mix."""
    special = {"final_layer.linear.weight": Kind.BF16, "txt_in.weight": Kind.Q4_0}
    return special.get(name) or gguf_files.largest(name, tensor)


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single_file_utils, "torch", Narrow())


def test_a_transformer_draws_as_diffusers_own_loading_of_it(flux: Flow) -> None:
    file = flux.folder.parent / "flux.gguf"
    kinds = {each.dtype for each in weights.head_of(file).values()}
    assert kinds == {"F16", "F32", "BF16", "Q4_0", "Q8_0", "Q6_K"}
    theirs = FluxTransformer2DModel.from_single_file(
        str(file),
        config=str(flux.folder),
        subfolder="transformer",
        dtype=torch.float32,
        quantization_config=GGUFQuantizationConfig(compute_dtype=torch.float32),
    )
    settings = replace(FOX, steps=2)
    whole, exact = flux.spec, flux.drawn(settings)
    with patch.object(flux, "spec", replace(whole, source=str(file), base=str(flux.folder))):
        flux.cache = ModelCache(Catalogue([flux.spec]), CPU, torch.float32)
        flux.read.register_modules(transformer=theirs)
        drawn = flux.drawn(settings)
        assert abs(drawn - flux.stock(settings)).max() <= SAME
        assert flux.model.family.transformer.is_quantized
        off = abs(drawn - exact)
        assert 0 < off.mean() < 3, "the quantisation's own error"
        assert abilities.of(flux.spec).loras, "they are computed beside the packed weights"
        assert not flux.model.mergeable
        assert loader.needs_here(flux.spec, torch.float32).weights < loader.needs_here(whole, torch.float32).weights


@pytest.mark.parametrize(("kind", "error"), [(Kind.Q8_0, 0.005), (Kind.Q6_K, 0.019), (Kind.Q4_0, 0.086)])
def test_the_error_of_a_format(kind: Kind, error: float) -> None:
    """Root mean square of the change of weights from a normal distribution, by their own; as docs/models.md says."""
    values = numpy.random.default_rng(0).standard_normal((64, 1024), numpy.float32)
    packed = gguf_files.q6_k(values) if kind is Kind.Q6_K else gguf.quantize(values, kind)
    off = gguf.dequantize(packed, kind) - values
    assert numpy.sqrt((off**2).mean()) == pytest.approx(error, rel=0.1)


def test_a_file_cut_short_says_so(flux: Flow, tmp_path: Path) -> None:
    whole = (flux.folder.parent / "flux.gguf").read_bytes()
    for length in (len(whole) - 4096, 3000):
        (file := tmp_path / "cut.gguf").write_bytes(whole[:length])
        assert weights.fault_of(file) == "cut.gguf is cut short or damaged. Download it again."
    with pytest.raises(ModelUnavailable, match=r"cut\.gguf is cut short or damaged"):
        loader.load(replace(flux.spec, source=str(file), base=str(flux.folder)), CPU, torch.float32)


def test_without_the_package_gguf_it_is_named(flux: Flow) -> None:
    with patch.dict("sys.modules", {"gguf": None}):
        assert weights.fault_of(flux.folder.parent / "flux.gguf").endswith('Run `pip install "noisefox[gguf]"`.')


def _t5() -> tuple[Any, str, dict[str, Any]]:
    encoder = tiny.flux_pipeline().text_encoder_2
    config = encoder.config
    return (
        encoder,
        "t5encoder",
        {
            "block_count": config.num_layers,
            "embedding_length": config.d_model,
            "feed_forward_length": config.d_ff,
            "attention__head_count": config.num_heads,
            "attention__key_length": config.d_kv,
        },
    )


def _language(encoder: Any, architecture: str) -> tuple[Any, str, dict[str, Any]]:
    config = encoder.config.get_text_config()
    return (
        encoder,
        architecture,
        {
            "block_count": config.num_hidden_layers,
            "embedding_length": config.hidden_size,
            "feed_forward_length": config.intermediate_size,
            "attention__head_count": config.num_attention_heads,
            "attention__head_count_kv": config.num_key_value_heads,
        },
    )


ENCODERS: dict[str, Callable[[], tuple[Any, str, dict[str, Any]]]] = {
    "T5": _t5,
    "Qwen 3": lambda: _language(tiny_z_image.pipeline().text_encoder, "qwen3"),
    "Mistral 3": lambda: _language(tiny_flux_2.dev(layers=1).text_encoder, "llama"),
}


@pytest.mark.parametrize("name", ENCODERS)
def test_a_text_encoder_is_read_as_numbers(tmp_path: Path, name: str) -> None:
    """That of a model that also looks at pictures, as FLUX.2 dev's, is its language model alone."""
    encoder, architecture, numbers = ENCODERS[name]()
    encoder.config.save_pretrained(tmp_path)
    words = encoder.model.language_model if name == "Mistral 3" else encoder
    file = gguf_files.write(
        tmp_path / "encoder.gguf", architecture, _named(words, architecture), lambda *_: Kind.F32, **numbers
    )
    read = read_encoder(type(encoder), file, tmp_path, torch.float32, sees_pictures=False)
    found = read.model.language_model.state_dict() if name == "Mistral 3" else read.state_dict()
    for each, tensor in words.state_dict().items():
        assert torch.equal(found[each], tensor), each


def test_a_language_model_does_not_do_where_pictures_are_read(tmp_path: Path) -> None:
    encoder, architecture, numbers = ENCODERS["Mistral 3"]()
    encoder.config.save_pretrained(tmp_path)
    words = _named(encoder.model.language_model, architecture)
    file = gguf_files.write(tmp_path / "encoder.gguf", architecture, words, lambda *_: Kind.F32, **numbers)
    with pytest.raises(ValueError, match=r"encoder\.gguf lacks \d+ of the text encoder's tensors, such as model\."):
        read_encoder(type(encoder), file, tmp_path, torch.float32, sees_pictures=True)


def _named(encoder: Any, architecture: str) -> dict[str, torch.Tensor]:
    """An encoder's tensors by llama.cpp's names."""
    [arch] = (number for number, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture)
    names = gguf.get_tensor_name_map(arch, 64)
    state = {each: tensor for each, tensor in encoder.state_dict().items() if "lm_head" not in each}
    if architecture == "llama":
        state = {each: _turned(each, tensor, encoder.config) for each, tensor in state.items()}
    named = {names.get_name(each, (".weight", ".bias")): tensor for each, tensor in state.items()}
    return {name: tensor for name, tensor in named.items() if name}


def _turned(name: str, tensor: torch.Tensor, config: Any) -> torch.Tensor:
    """Queries and keys as llama.cpp has them: the halves of a head that are rotated together lie side by side."""
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}.get(name.split(".")[-2])
    return tensor.reshape(heads, 2, -1, tensor.shape[1]).transpose(1, 2).reshape(tensor.shape) if heads else tensor
