"""Checkpoints in a single .safetensors file: the weights of all networks, without their configuration.

The configuration that diffusers needs is derived from the tensors' shapes, so that nothing is downloaded.
"""

import gzip
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from generation.checkpoint_names import UNET, VAE, part, usual
from generation.engine.models import autoencoder_file, tensors
from generation.engine.models.edm_marks import EdmMarks
from generation.sources import Family, family_of_tensors
from generation.weights import Weight, head_of

MERGES = Path(__file__).parents[2] / "clip" / "merges.txt.gz"

PIECE = 64 * 2**20
"""Bytes read at a time."""

HEAD_WIDTH = 64
"""Channels of an attention head in OpenCLIP, 2.x and XL; 1.x has eight heads of any width."""

VAES = {
    Family.STABLE_DIFFUSION: "stabilityai/sd-vae-ft-mse",
    Family.XL: "madebyollin/sdxl-vae-fp16-fix",
}
"""Autoencoders to name where a checkpoint has none."""

Shapes = Mapping[str, Weight]


def read(
    file: Path, dtype: torch.dtype, workspace: Path, *, config: Path | None = None, vae: Path | None = None
) -> Any:
    """Read a checkpoint as diffusers' pipeline; `workspace` is an empty folder.

    `config` is a folder in diffusers' format whose configuration counts instead of what the shapes tell, `vae` the
    folder or the file of another autoencoder.

    Raises `OSError`, or `ValueError` where it is not Stable Diffusion 1.x, 2.x or XL, or has no autoencoder.
    """
    shapes = usual(head_of(file))
    own_vae = head_of(vae) if vae and vae.is_file() else part(shapes, VAE)
    family = family_of_tensors(shapes)
    if family is Family.OTHER:
        raise ValueError(
            "this checkpoint is not Stable Diffusion 1.x, 2.x or XL; name as its config a folder or a hub id in "
            "diffusers' format of the same family"
        )
    if not part(shapes, UNET):
        raise ValueError("the file holds no UNet, so it is not a whole model")
    if not (own_vae or vae):
        raise ValueError(f"the file holds no VAE; set vae to one, such as {VAES[family]}")
    if config is None:
        write_config(shapes, family, workspace, EdmMarks.of(file), own_vae)
    folder = config or workspace
    index = json.loads((folder / "model_index.json").read_text())
    found = usual(tensors.read(file, dtype))
    given = {
        "unet": _read_unet(part(found, UNET), folder, dtype),
        "vae": _read_vae(vae, part(found, VAE), folder, file, dtype),
        **_read_encoders(found, index, folder, dtype),
        **({} if config else _tokenizers(index, folder)),
        **{name: None for name, value in index.items() if value == [None, None]},
    }
    import diffusers

    kind = getattr(diffusers, index["_class_name"])
    return kind.from_pretrained(str(folder), dtype=dtype, local_files_only=True, **given)


def _read_unet(given: tensors.Tensors, folder: Path, dtype: torch.dtype) -> Any:
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel.from_single_file(
        given, config=str(folder), subfolder="unet", dtype=dtype, local_files_only=True
    )


def _read_vae(vae: Path | None, own: tensors.Tensors, folder: Path, file: Path, dtype: torch.dtype) -> Any:
    from diffusers import AutoencoderKL

    if vae and vae.is_dir():
        return AutoencoderKL.from_pretrained(str(vae), dtype=dtype, use_safetensors=True, local_files_only=True)
    config = json.loads((folder / "vae" / "config.json").read_text())
    if vae:
        return autoencoder_file.read(AutoencoderKL, vae, config, dtype)
    return autoencoder_file.from_tensors(AutoencoderKL, own, config, dtype, file.name)


def _read_encoders(
    given: tensors.Tensors, index: Mapping[str, Any], folder: Path, dtype: torch.dtype
) -> dict[str, Any]:
    import transformers
    from diffusers.loaders.single_file_utils import create_diffusers_clip_model_from_ldm

    return {
        name: create_diffusers_clip_model_from_ldm(
            getattr(transformers, value[1]), dict(given), name, str(folder), dtype, local_files_only=True
        )
        for name, value in index.items()
        if name.startswith("text_encoder") and value != [None, None]
    }


def read_ahead(file: Path, report: Callable[[float], None]) -> None:
    """Read a file into the page cache, from which its tensors are mapped next; `report` gets the share of bytes read
    after each piece. Raises `OSError`."""
    size, done, piece = file.stat().st_size, 0, bytearray(PIECE)
    with file.open("rb", buffering=0) as stream:
        while read := stream.readinto(piece):
            done += read
            report(done / size)


def write_config(shapes: Shapes, family: Family, folder: Path, edm: EdmMarks, vae: Shapes) -> None:
    """Write a checkpoint's configuration in diffusers' format into `folder`.

    `edm` are the marks of its file, `vae` the tensors of its autoencoder, which may be in another file.
    """
    import diffusers

    unet = _unet(shapes)
    inpaints = unet["in_channels"] == 9
    parts = {"unet": ("diffusers", "UNet2DConditionModel"), "vae": ("diffusers", "AutoencoderKL")}
    scheduler = _scheduler(shapes, edm)
    parts["scheduler"] = ("diffusers", scheduler["_class_name"])
    _write(folder / "unet" / "config.json", unet)
    if vae:
        _write(folder / "vae" / "config.json", {**_vae(autoencoder_file.bare(vae), family), **edm.autoencoder})
    _write(folder / "scheduler" / "scheduler_config.json", scheduler)
    if family is Family.XL:
        kind = diffusers.StableDiffusionXLInpaintPipeline if inpaints else diffusers.StableDiffusionXLPipeline
        first = _clip(shapes, "conditioner.embedders.0.transformer.text_model.")
        second = _open_clip(shapes, "conditioner.embedders.1.model.")
        encoders = {"": ("CLIPTextModel", first), "_2": ("CLIPTextModelWithProjection", second)}
        index: dict[str, Any] = {"force_zeros_for_empty_prompt": True}
    else:
        kind = diffusers.StableDiffusionInpaintPipeline if inpaints else diffusers.StableDiffusionPipeline
        second_version = "cond_stage_model.model.positional_embedding" in shapes
        encoder = (
            _open_clip(shapes, "cond_stage_model.model.", skipped=1)
            if second_version
            else _clip(shapes, "cond_stage_model.transformer.text_model.")
        )
        encoders = {"": ("CLIPTextModel", encoder)}
        index = {"safety_checker": (None, None), "feature_extractor": (None, None), "requires_safety_checker": False}
    for which, (name, config) in encoders.items():
        parts[f"text_encoder{which}"], parts[f"tokenizer{which}"] = ("transformers", name), _TOKENIZER
        _write(folder / f"text_encoder{which}" / "config.json", {"architectures": [name], **config})
    about = {"_class_name": kind.__name__, "_diffusers_version": diffusers.__version__}
    _write(folder / "model_index.json", {**about, **parts, **index})


_TOKENIZER = ("transformers", "CLIPTokenizer")


def _tokenizers(index: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The tokenizers beside text encoders: those of OpenCLIP, whose activation is GELU, fill up with another token."""
    tokenizers: dict[str, Any] = {}
    for name in (each for each in index if each.startswith("text_encoder")):
        tokenizer = clip_tokenizer()
        config = json.loads((folder / name / "config.json").read_text())
        tokenizer.pad_token = "!" if config["hidden_act"] == "gelu" else tokenizer.eos_token
        tokenizers[name.replace("text_encoder", "tokenizer")] = tokenizer
    return tokenizers


def clip_tokenizer() -> Any:
    """CLIP's tokenizer. Its vocabulary: the bytes, the bytes that end words, the merges, and two special tokens."""
    from transformers import CLIPTokenizer

    merges = [tuple(line.split()) for line in gzip.decompress(MERGES.read_bytes()).decode().splitlines()]
    bytes_ = list(_written_bytes())
    words = [*bytes_, *(f"{each}</w>" for each in bytes_), *("".join(pair) for pair in merges)]
    words += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: number for number, word in enumerate(words)}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=77)


def _written_bytes() -> Iterator[str]:
    """The character that stands for each byte, the printable ones first (Radford et al. 2019, section 2.2)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    yield from (chr(byte) for byte in printable)
    yield from (chr(256 + number) for number in range(256 - len(printable)))


def _unet(shapes: Shapes) -> dict[str, Any]:
    """The UNet's config. Each level but the deepest ends with a downsampling convolution."""
    channels: list[int] = []
    depths: list[int] = []
    layers = 0
    for block in range(1, _count(shapes, UNET + r"input_blocks\.(\d+)\.")):
        if f"{UNET}input_blocks.{block}.0.op.weight" in shapes:
            layers = 0
            continue
        if not layers:
            channels.append(shapes[f"{UNET}input_blocks.{block}.0.out_layers.3.weight"].shape[0])
            depths.append(_count(shapes, rf"{UNET}input_blocks\.{block}\.1\.transformer_blocks\.(\d+)\."))
        layers += 1
    attention = next(each for each in shapes if each.startswith(UNET) and each.endswith("1.proj_in.weight"))
    context = next(each for each in shapes if each.startswith(UNET) and each.endswith("attn2.to_k.weight"))
    linear = len(shapes[attention].shape) == 2
    config = {
        "_class_name": "UNet2DConditionModel",
        "sample_size": 64,
        "in_channels": shapes[f"{UNET}input_blocks.0.0.weight"].shape[1],
        "out_channels": shapes[f"{UNET}out.2.weight"].shape[0],
        "block_out_channels": channels,
        "layers_per_block": layers,
        "cross_attention_dim": shapes[context].shape[1],
        "attention_head_dim": [width // HEAD_WIDTH for width in channels] if linear else 8,
        "use_linear_projection": linear,
        "transformer_layers_per_block": [max(depth, 1) for depth in depths],
        "down_block_types": ["CrossAttnDownBlock2D" if depth else "DownBlock2D" for depth in depths],
        "up_block_types": ["CrossAttnUpBlock2D" if depth else "UpBlock2D" for depth in reversed(depths)],
    }
    if (told := shapes.get(f"{UNET}label_emb.0.0.weight")) is not None:
        config |= {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 256,
            "projection_class_embeddings_input_dim": told.shape[1],
        }
    return config


def _vae(shapes: Shapes, family: Family) -> dict[str, Any]:
    """The autoencoder's config, by the shapes of its decoder; diffusers counts its levels from the other end."""
    ours, theirs = r"decoder\.up_blocks\.(\d+)\.", r"decoder\.up\.(\d+)\."
    if count := _count(shapes, theirs):
        firsts = [f"decoder.up.{level}.block.0" for level in range(count)]
    else:
        firsts = [f"decoder.up_blocks.{level}.resnets.0" for level in reversed(range(_count(shapes, ours)))]
    layers = re.escape(firsts[0].removesuffix("0")) + r"(\d+)\."
    xl = family is Family.XL
    return {
        "_class_name": "AutoencoderKL",
        "block_out_channels": [shapes[f"{first}.conv2.weight"].shape[0] for first in firsts],
        "down_block_types": ["DownEncoderBlock2D"] * len(firsts),
        "up_block_types": ["UpDecoderBlock2D"] * len(firsts),
        "layers_per_block": _count(shapes, layers) - 1,
        "latent_channels": shapes["decoder.conv_in.weight"].shape[1],
        "sample_size": 1024 if xl else 512,
        "scaling_factor": 0.13025 if xl else 0.18215,
        "force_upcast": xl,
    }


def _scheduler(shapes: Shapes, edm: EdmMarks) -> dict[str, Any]:
    """The scheduler's config: v-prediction for 2.x except inpainting, and where a tensor `v_pred` says so.

    Playground 2.5 and CosXL have their own.
    A tensor `ztsnr` means zero terminal SNR, for which steps begin at the last noise level: "trailing" (Lin et al.,
    arXiv 2305.08891, section 3.3).
    """
    if edm.scheduler:
        return dict(edm.scheduler)
    second_version = "cond_stage_model.model.positional_embedding" in shapes
    inpaints = shapes[f"{UNET}input_blocks.0.0.weight"].shape[1] == 9
    predicts_velocity = (second_version and not inpaints) or "v_pred" in shapes
    return {
        "_class_name": "EulerDiscreteScheduler",
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "num_train_timesteps": 1000,
        "steps_offset": 1,
        "timestep_spacing": "trailing" if "ztsnr" in shapes else "leading",
        "prediction_type": "v_prediction" if predicts_velocity else "epsilon",
        "rescale_betas_zero_snr": "ztsnr" in shapes,
    }


def _clip(shapes: Shapes, prefix: str) -> dict[str, Any]:
    vocabulary, width = shapes[f"{prefix}embeddings.token_embedding.weight"].shape
    inner = shapes[f"{prefix}encoder.layers.0.mlp.fc1.weight"].shape[0]
    layers = _count(shapes, re.escape(prefix) + r"encoder\.layers\.(\d+)\.")
    tokens = shapes[f"{prefix}embeddings.position_embedding.weight"].shape[0]
    return _text_encoder(vocabulary, width, inner, layers, tokens) | {"hidden_act": "quick_gelu"}


def _open_clip(shapes: Shapes, prefix: str, skipped: int = 0) -> dict[str, Any]:
    """The config of an OpenCLIP text encoder without its last `skipped` layers."""
    vocabulary, width = shapes[f"{prefix}token_embedding.weight"].shape
    inner = shapes[f"{prefix}transformer.resblocks.0.mlp.c_fc.weight"].shape[0]
    layers = _count(shapes, re.escape(prefix) + r"transformer\.resblocks\.(\d+)\.") - skipped
    tokens = shapes[f"{prefix}positional_embedding"].shape[0]
    return _text_encoder(vocabulary, width, inner, layers, tokens) | {"hidden_act": "gelu"}


def _text_encoder(vocabulary: int, width: int, inner: int, layers: int, tokens: int) -> dict[str, Any]:
    return {
        "model_type": "clip_text_model",
        "vocab_size": vocabulary,
        "hidden_size": width,
        "projection_dim": width,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": width // HEAD_WIDTH,
        "max_position_embeddings": tokens,
        "bos_token_id": vocabulary - 2,
        "eos_token_id": vocabulary - 1,
        "pad_token_id": 1,
    }


def _count(shapes: Shapes, numbered: str) -> int:
    """One more than the largest number in a tensor's name at the group of `numbered`, a pattern; 0 for no match."""
    found = (re.match(numbered, name) for name in shapes)
    return max((int(match[1]) + 1 for match in found if match), default=0)


def _write(file: Path, config: Mapping[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(config))
