"""What models need, and how they are placed in the memory of common GPUs."""

import json
from pathlib import Path

import pytest

from generation import architectures, placement, plans
from generation.catalogue import ModelSpec
from generation.networks import Network
from generation.plans import GIGABYTE, Needs, Plan

MEGABYTE = 10**6
CARDS = (6, 8, 12, 16, 24)
"""Gigabytes of common GPUs."""

WHOLE, LEAVE, LEAVE_AND_TILES, BLOCKS, LAYERS = (
    "everything stays on the device",
    "text encoders leave after encoding",
    "text encoders leave after encoding, VAE in tiles",
    "text encoders leave after encoding, blocks are streamed, VAE in tiles",
    "text encoders leave after encoding, layers are streamed, VAE in tiles",
)

SD_1 = ModelSpec("m", "stable-diffusion-v1-5/stable-diffusion-v1-5")
XL = ModelSpec("m", "stabilityai/stable-diffusion-xl-base-1.0", width=1024, height=1024)
FLUX = ModelSpec("m", "black-forest-labs/FLUX.1-dev", width=1024, height=1024, guidance_scale=3.5)
FLUX_Q4 = ModelSpec("m", "city96/FLUX.1-dev-gguf/flux1-dev-Q4_K_S.gguf", width=1024, height=1024, guidance_scale=3.5)
KLEIN = ModelSpec("m", "black-forest-labs/FLUX.2-klein-4B", width=1024, height=1024, guidance_scale=1)
QWEN = ModelSpec("m", "Qwen/Qwen-Image", width=1024, height=1024, guidance_scale=4)
QWEN_Q4 = ModelSpec("m", "city96/Qwen-Image-gguf/qwen-image-Q4_K_M.gguf", width=1024, height=1024, guidance_scale=4)
Z_IMAGE = ModelSpec("m", "Tongyi-MAI/Z-Image-Turbo", width=1024, height=1024, guidance_scale=1)


MATRIX = [
    (SD_1, "", (WHOLE,) * 5),
    (XL, "", (LAYERS, LEAVE_AND_TILES, LEAVE, WHOLE, WHOLE)),
    (FLUX, "", (BLOCKS,) * 5),
    (FLUX, "fp8", (BLOCKS, BLOCKS, BLOCKS, LEAVE, WHOLE)),
    (FLUX, "nf4", (BLOCKS, BLOCKS, LEAVE, WHOLE, WHOLE)),
    (FLUX_Q4, "", (BLOCKS, BLOCKS, LEAVE, LEAVE, WHOLE)),
    (KLEIN, "", (BLOCKS, BLOCKS, LEAVE, LEAVE, WHOLE)),
    (KLEIN, "nf4", (LEAVE, LEAVE, WHOLE, WHOLE, WHOLE)),
    (QWEN, "", (BLOCKS,) * 5),
    (QWEN, "nf4", (BLOCKS, BLOCKS, BLOCKS, LEAVE, WHOLE)),
    (QWEN_Q4, "", (BLOCKS, BLOCKS, BLOCKS, LEAVE, LEAVE)),
    (Z_IMAGE, "", (BLOCKS, BLOCKS, BLOCKS, LEAVE, LEAVE)),
    (Z_IMAGE, "fp8", (BLOCKS, LEAVE_AND_TILES, LEAVE, WHOLE, WHOLE)),
    (Z_IMAGE, "nf4", (LEAVE_AND_TILES, LEAVE, WHOLE, WHOLE, WHOLE)),
]
"""Models, how they are quantised, and the plan for each card."""


@pytest.mark.parametrize(("spec", "quantize", "by_card"), MATRIX, ids=lambda each: getattr(each, "source", None))
def test_the_cheapest_plan_that_fits_is_taken(spec: ModelSpec, quantize: str, by_card: tuple[str, ...]) -> None:
    needs = placement.needs(spec, quantize=quantize)
    assert needs
    for gigabytes, told in zip(CARDS, by_card, strict=True):
        plan = plans.plan(needs, gigabytes * GIGABYTE)
        assert plan, "it is not refused"
        assert plan.told == told
        assert needs.peak(plan) <= gigabytes * GIGABYTE
        assert needs.held(plan) + needs.on_host(plan) == needs.weights


@pytest.mark.parametrize(
    ("spec", "billions"),
    [(SD_1, 1.07), (XL, 3.47), (FLUX, 16.87), (KLEIN, 7.99), (QWEN, 28.85), (Z_IMAGE, 10.26)],
    ids=lambda each: getattr(each, "source", None),
)
def test_weights_are_as_many_as_is_published(spec: ModelSpec, billions: float) -> None:
    needs = placement.needs(spec, "bfloat16")
    assert needs
    assert needs.weights / 2e9 == pytest.approx(billions, rel=0.01)


def test_the_page_about_memory_says_the_same() -> None:
    short = {WHOLE: "all", LEAVE: "leave", LEAVE_AND_TILES: "leave, tiles", BLOCKS: "blocks", LAYERS: "layers"}
    page = (Path(__file__).parents[2] / "docs" / "memory.md").read_text()
    rows = [line.split(" | ", 1)[1] for line in page.splitlines() if line.startswith("| ")][-len(MATRIX) :]
    assert rows == [f"{' | '.join(short[told] for told in by_card)} |" for _, _, by_card in MATRIX]


def test_of_a_streamed_network_as_much_stays_as_there_is_room_for() -> None:
    small, large = (plans.plan(needs_of(FLUX), size * GIGABYTE) for size in (12, 24))
    assert small
    assert large
    assert large.kept - small.kept == pytest.approx(12 * GIGABYTE * (1 - plans.SPARE))
    assert plans.plan(needs_of(FLUX), GIGABYTE) is None, "the activations alone take more"


def test_a_host_that_wants_streaming_gets_it_whatever_fits() -> None:
    assert plans.streaming("group") == Plan(encoders_leave=True, offload="group")
    assert plans.streaming("") == Plan()


def test_what_a_model_needs_is_told_in_a_sentence() -> None:
    assert needs_of(XL).told == (
        "It needs 11.7 GB of GPU memory (network 5.1, text encoders 1.6, VAE 0.3, drawing 4.6), "
        "or at least 2.5 GB with most of it streamed."
    )


def test_nothing_is_known_of_an_unknown_model() -> None:
    assert placement.needs(ModelSpec("m", "somebody/something")) is None


def test_a_folder_without_weights_is_told_by_its_configs(tmp_path: Path) -> None:
    index = {"_class_name": "FluxPipeline", "transformer": ["diffusers", "FluxTransformer2DModel"]}
    index |= {"text_encoder_2": ["transformers", "T5EncoderModel"], "vae": ["diffusers", "AutoencoderKL"]}
    configs = {
        "transformer": {
            "_class_name": "FluxTransformer2DModel",
            "num_layers": 19,
            "num_single_layers": 19,
            "num_attention_heads": 24,
            "attention_head_dim": 128,
        },
        "text_encoder_2": {"architectures": ["T5EncoderModel"], "d_model": 4096, "num_layers": 24},
        "vae": {"_class_name": "AutoencoderKL", "block_out_channels": [128, 256, 512, 512]},
    }
    (tmp_path / "model_index.json").write_text(json.dumps(index))
    for part, config in configs.items():
        (tmp_path / part).mkdir()
        (tmp_path / part / "config.json").write_text(json.dumps(config))
    needs = placement.needs(ModelSpec("mine", str(tmp_path), width=1024, height=1024))
    assert needs
    half_as_deep = architectures.NETWORKS["FLUX.1"].weights.times(2 * 0.75)
    assert needs.denoiser.whole == half_as_deep.whole, "a double block counts as two"
    assert needs.text_encoders == (architectures.NETWORKS["T5 XXL"].weights.times(2),)
    assert needs.others == pytest.approx(0.17 * GIGABYTE, rel=0.02)
    assert needs.decoding == needs_of(FLUX).decoding


def test_a_gguf_file_takes_what_it_takes_on_disk(tmp_path: Path) -> None:
    file = tmp_path / "flux1-dev-Q4_K_S.gguf"
    file.touch()
    with file.open("r+b") as stream:
        stream.truncate(MEGABYTE)
    needs = placement.needs(ModelSpec("mine", str(file)))
    assert needs
    assert needs.denoiser.whole == MEGABYTE
    assert sum(each.whole for each in needs.text_encoders) == pytest.approx(9.77 * GIGABYTE, rel=0.01)


def test_networks_are_sorted_into_blocks_and_layers() -> None:
    network = Network.of({"norm.weight": 1, "blocks.0.a.weight": 10, "blocks.0.b.weight": 5, "blocks.1.a.weight": 7})
    assert network == Network(whole=23, outside=1, blocks=22, layers=17)
    names = ["input_blocks.0.0", "input_blocks.1.0", "input_blocks.3.0", "output_blocks.2.0", "output_blocks.3.1"]
    unet = Network.of({f"{name}.weight": 1 for name in names})
    assert unet == Network(whole=5, outside=1, blocks=3, layers=2)


def needs_of(spec: ModelSpec) -> Needs:
    needs = placement.needs(spec)
    assert needs
    return needs
