"""Files that hold a transformer alone: their layouts, and where the rest of the model comes from."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import FluxKontextPipeline, FluxTransformer2DModel
from diffusers.loaders import single_file_utils
from safetensors.torch import load_file, save_file

from generation import abilities, sources
from generation.catalogue import POCKET_DIRECTORY, Catalogue, ModelSpec
from generation.engine.models import loader, transformer_file
from generation.engine.models.loader import load
from generation.engine.runtime import hub
from generation.engine.scheduling.model_cache import ModelCache
from generation.errors import ModelUnavailable
from tests.generation.engine import single_file, tiny, transformer_layouts
from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.families import (
    tiny_chroma,
    tiny_flux_2,
    tiny_qwen_image,
    tiny_stable_diffusion_3,
    tiny_z_image,
)
from tests.generation.engine.families.flow import FOX, SAME
from tests.generation.engine.stock import Pixels
from tests.generation.engine.transformer_layouts import Layout, Narrow, Tensors, original

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Known:
    make: Callable[[], Any]
    layout: Layout
    pipeline: str


FAMILIES = {
    "flux": Known(tiny.flux_pipeline, transformer_layouts.FLUX, "FluxPipeline"),
    "chroma": Known(tiny_chroma.pipeline, transformer_layouts.CHROMA, "ChromaPipeline"),
    "flux 2": Known(lambda: tiny_flux_2.dev(layers=1), transformer_layouts.FLUX_2, "Flux2Pipeline"),
    "sd 3.5": Known(
        tiny_stable_diffusion_3.pipeline, transformer_layouts.STABLE_DIFFUSION_3, "StableDiffusion3Pipeline"
    ),
    "qwen": Known(tiny_qwen_image.pipeline, transformer_layouts.QWEN_IMAGE, "QwenImagePipeline"),
    "z-image": Known(tiny_z_image.pipeline, transformer_layouts.Z_IMAGE, "ZImagePipeline"),
}

PREFIX = "model.diffusion_model."


def saved(tensors: Tensors, file: Path) -> Path:
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, file)
    return file


def drawn(spec: ModelSpec, *others: ModelSpec) -> Pixels:
    """A picture of a model in a config with `others`."""
    driver = LoopDriver(ModelCache(Catalogue([spec, *others]), CPU, torch.float32))
    return driver.drawn(replace(FOX, model=spec.name, steps=2))


def small(name: str, source: Path, **options: Any) -> ModelSpec:
    return ModelSpec(name, str(source), width=64, height=64, **options)


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single_file_utils, "torch", Narrow())


@pytest.mark.parametrize("family", FAMILIES)
def test_each_layout_is_recognised_and_read(tmp_path: Path, family: str) -> None:
    known = FAMILIES[family]
    transformer = known.make().transformer
    transformer.save_pretrained(tmp_path / "transformer")
    wanted = transformer.state_dict()
    originals = original(transformer, known.layout)
    layouts = {
        "diffusers": wanted,
        "original": originals,
        "comfy": {PREFIX + name: tensor for name, tensor in originals.items()},
    }
    for name, tensors in layouts.items():
        save_file(
            {each: tensor.contiguous() for each, tensor in tensors.items()}, file := tmp_path / f"{name}.safetensors"
        )
        description = sources.description_of(str(file))
        assert description is not None
        assert (description.pipeline, description.transformer_alone) == (known.pipeline, True), name
        assert description.told_guidance is bool(transformer.config.get("guidance_embeds")), name
        read = transformer_file.read(type(transformer), file, tmp_path, torch.float32).state_dict()
        assert read.keys() == wanted.keys()
        assert all(torch.equal(read[each], wanted[each]) for each in wanted), name


def test_a_flux_2_that_is_told_no_guidance_is_klein(tmp_path: Path) -> None:
    names = original(tiny_flux_2.dev(layers=1).transformer, transformer_layouts.FLUX_2)
    untold = {name: tensor for name, tensor in names.items() if not name.startswith("guidance_in")}
    description = sources.description_of(str(saved(untold, tmp_path / "klein.safetensors")))
    assert description is not None
    assert description.pipeline == "Flux2KleinPipeline"


@pytest.fixture(scope="module")
def flux(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of FLUX.1 dev, with files of its networks beside it as ComfyUI has them."""
    folder = tmp_path_factory.mktemp("flux")
    torch.manual_seed(0)
    pipeline = tiny.flux_pipeline()
    pipeline.save_pretrained(folder / "base")
    saved(
        {PREFIX + name: each for name, each in original(pipeline.transformer, transformer_layouts.FLUX).items()},
        folder / "transformer.safetensors",
    )
    clip = pipeline.text_encoder.state_dict()
    saved({f"text_model.{name}": each for name, each in clip.items()}, folder / "clip_l.safetensors")
    words = pipeline.text_encoder_2.state_dict()
    del words["encoder.embed_tokens.weight"]
    saved(words, folder / "t5xxl_fp16.safetensors")
    saved(dict(single_file.autoencoder(pipeline.vae)), folder / "ae.safetensors")
    return folder


@pytest.fixture(scope="module")
def right(flux: Path) -> Pixels:
    """The picture of the whole folder."""
    return drawn(small("whole", flux / "base"))


def test_the_rest_comes_from_a_base_by_its_place_or_its_name(flux: Path, right: Pixels) -> None:
    file = flux / "transformer.safetensors"
    assert abs(drawn(small("mine", file, base=str(flux / "base"))) - right).max() <= SAME
    whole = small("whole", flux / "base")
    assert abs(drawn(small("mine", file, base="whole"), whole) - right).max() <= SAME


def test_without_a_base_a_model_of_the_same_family_gives_the_rest(flux: Path, right: Pixels) -> None:
    file = flux / "transformer.safetensors"
    others = small("pocket", POCKET_DIRECTORY), small("whole", flux / "base")
    assert abs(drawn(small("mine", file), *others) - right).max() <= SAME
    catalogue = Catalogue([small("first", file), small("second", file, base=str(flux / "base"))])
    assert catalogue.completed("first").base == str(flux / "base"), "a file's base serves its family too"


def test_text_encoders_and_vae_are_files_of_their_own(flux: Path, right: Pixels, tmp_path: Path) -> None:
    """The folder that `config` names holds no weights then."""
    config = shutil.copytree(flux / "base", tmp_path / "config", ignore=shutil.ignore_patterns("*.safetensors"))
    files = (str(flux / "t5xxl_fp16.safetensors"), str(flux / "clip_l.safetensors"))
    spec = small(
        "mine",
        flux / "transformer.safetensors",
        config=str(config),
        text_encoders=files,
        vae=str(flux / "ae.safetensors"),
    )
    assert abs(drawn(spec) - right).max() <= SAME
    folders = (str(flux / "base" / "text_encoder"), str(flux / "base" / "text_encoder_2"))
    assert abs(drawn(replace(spec, text_encoders=folders)) - right).max() <= SAME
    whole = loader.needs_here(small("whole", flux / "base"), torch.float32)
    assert loader.needs_here(spec, torch.float32).weights == whole.weights
    for changes, missing in (
        ({"vae": ""}, "set text_encoders and vae to its vae, or base"),
        ({"text_encoders": files[:1]}, "set text_encoders and vae to its text_encoder, or base"),
        ({"text_encoders": (*files, files[0])}, r"t5xxl_fp16\.safetensors is T5 of width 32, and the model needs none"),
        ({"text_encoders": (str(flux / "ae.safetensors"),)}, "ae.safetensors is no text encoder, and the model needs"),
    ):
        with pytest.raises(ModelUnavailable, match=missing):
            load(replace(spec, **changes), CPU, torch.float32)


def test_one_file_may_hold_everything(flux: Path, right: Pixels, tmp_path: Path) -> None:
    """As some of ComfyUI's files do."""
    tensors = load_file(flux / "transformer.safetensors")
    for prefix, name in (
        ("text_encoders.clip_l.transformer.", "clip_l"),
        ("text_encoders.t5xxl.transformer.", "t5xxl_fp16"),
        ("vae.", "ae"),
    ):
        tensors |= {prefix + each: tensor for each, tensor in load_file(flux / f"{name}.safetensors").items()}
    config = shutil.copytree(flux / "base", tmp_path / "config", ignore=shutil.ignore_patterns("*.safetensors"))
    file = saved(tensors, tmp_path / "everything.safetensors")
    assert abs(drawn(small("mine", file, config=str(config))) - right).max() <= SAME


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "holds the transformer of a FluxPipeline alone; set base to another model of the config, or to a folder"),
        ({"base": "nothing"}, "there is no model in diffusers' format called nothing; name a folder or a hub id"),
        ({"base": "{pocket}"}, "is a StableDiffusionPipeline, which has no transformer; name another"),
        ({"base": "{chroma}"}, "does not fit the transformer of its base, a ChromaTransformer2DModel"),
        ({"base": "{empty}"}, "is not in diffusers' format: it has no model_index.json"),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(flux: Path, tmp_path: Path, options: dict[str, str], said: str) -> None:
    places = {"pocket": POCKET_DIRECTORY, "chroma": tmp_path / "chroma", "empty": tmp_path / "empty"}
    places["empty"].mkdir()
    if "{chroma}" in options.values():
        tiny_chroma.pipeline().save_pretrained(places["chroma"])
    filled = {name: value.format(**places) for name, value in options.items()}
    with pytest.raises(ModelUnavailable, match=said):
        load(small("mine", flux / "transformer.safetensors", **filled), CPU, torch.float32)


def test_a_file_tells_its_guidance_and_its_depth_whatever_its_base_has(flux: Path, tmp_path: Path) -> None:
    base = Path(shutil.copytree(flux / "base", tmp_path / "base"))
    config = base / "transformer" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"guidance_embeds": False, "num_layers": 3}))
    read = transformer_file.read(FluxTransformer2DModel, flux / "transformer.safetensors", base, torch.float32)
    assert (read.config.guidance_embeds, read.config.num_layers, len(read.transformer_blocks)) == (True, 1, 1)


@pytest.mark.parametrize(
    ("name", "lost", "said"),
    [
        (
            "transformer",
            "model.diffusion_model.img_in.weight",
            r"transformer\.safetensors does not fit .*img_in\.weight",
        ),
        ("clip_l", "text_model.final_layer_norm", "clip_l.safetensors lacks 2 of the text encoder's tensors"),
        ("ae", "decoder.conv_out", "ae.safetensors lacks 2 of the VAE's tensors, such as decoder.conv_out.bias"),
    ],
)
def test_files_that_lack_tensors_say_so(flux: Path, tmp_path: Path, name: str, lost: str, said: str) -> None:
    files = {each: flux / f"{each}.safetensors" for each in ("transformer", "clip_l", "ae")}
    left = {each: tensor for each, tensor in load_file(files[name]).items() if not each.startswith(lost)}
    files[name] = saved(left, tmp_path / f"{name}.safetensors")
    parts = {"text_encoders": (str(files["clip_l"]),), "vae": str(files["ae"])}
    with pytest.raises(ModelUnavailable, match=said):
        load(small("mine", files["transformer"], base=str(flux / "base"), **parts), CPU, torch.float32)


def test_the_pipeline_is_that_of_the_base(tmp_path: Path, flux: Path) -> None:
    """Files of FLUX.1 dev and Kontext have the same shapes."""
    FluxKontextPipeline(**tiny.flux_pipeline().components).save_pretrained(tmp_path)
    spec = small("mine", flux / "transformer.safetensors", base=str(tmp_path))
    assert abilities.of(spec).references == 1
    assert abilities.is_batched(spec)
    assert abilities.of(replace(spec, base="")).references == 0
    assert type(load(spec, CPU, torch.float32).pipeline).__name__ == "FluxKontextPipeline"


def test_of_a_base_on_the_hub_only_what_is_missing_is_fetched(flux: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def fetched(repository: str, patterns: Sequence[str], report: Any) -> Path:
        assert repository == "owner/model"
        asked.extend(patterns)
        return flux / "base"

    monkeypatch.setattr(hub, "fetched", fetched)
    spec = small("mine", flux / "transformer.safetensors", base="owner/model", vae=str(flux / "ae.safetensors"))
    load(spec, CPU, torch.float32)
    assert {each.partition("/")[0] for each in asked if "/" in each} == {"text_encoder", "text_encoder_2"}
    asked.clear()
    files = (str(flux / "t5xxl_fp16.safetensors"), str(flux / "clip_l.safetensors"))
    load(replace(spec, base="", config="owner/model", text_encoders=files), CPU, torch.float32)
    assert set(asked) == set(hub.SMALL)
