"""`noisefox imagine` with LoRAs, embeddings, ControlNet and IP-Adapter, with a worker of its own."""

from io import BytesIO
from pathlib import Path

import pytest
from diffusers import StableDiffusionPipeline
from PIL import Image, ImageDraw
from safetensors.torch import save_file

from tests.bot.cli.program import noisefox
from tests.generation.engine import tiny, tiny_guides, tiny_lora
from tests.generation.engine.conditioning.test_textual_inversion import FILES

CONFIG = """
[models.small]
source = "small"
width = 64
height = 64
steps = 2
controlnet = "control"
ip_adapter = "adapter/adapter.safetensors"

[loras.ink]
file = "ink.safetensors"
words = "black ink"

[embeddings]
folder = "words"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("models")
    tiny.stable_diffusion_1(made / "small")
    pipeline = StableDiffusionPipeline.from_pretrained(made / "small", local_files_only=True)
    tiny_guides.controlnet(made / "control", pipeline)
    tiny_guides.ip_adapter(made / "adapter", pipeline)
    tiny_lora.kohya(made / "ink.safetensors", pipeline)
    (made / "words").mkdir()
    save_file(FILES["old-paper"], made / "words" / "old-paper.safetensors")
    (made / "guides.toml").write_text(CONFIG)
    lines = Image.new("RGB", (64, 64), "black")
    ImageDraw.Draw(lines).line((0, 0, 63, 63), "white", 5)
    lines.save(made / "lines.png")
    return made


def test_all_at_once(folder: Path) -> None:
    words = "a fox on old-paper <lora:ink:0.8>"
    guides = ["--control", "lines.png", "--control-scale", "0.5", "--image-prompt", "lines.png"]
    prompt = f"{words} --control lines --control tile:0.4:0-0.5"
    drawn = noisefox("imagine", prompt, *guides, "--seed", "7", "--config", "guides.toml", folder=folder)
    assert drawn.returncode == 0, drawn.stderr
    text = str(Image.open(BytesIO((folder / "out" / "seed-7.png").read_bytes())).info["parameters"])
    assert text.startswith(f"{words}, black ink\n")
    assert 'Lora hashes: "ink: ' in text
    assert 'ControlNet weight: 0.5, Controls: "lines tile:0.4:0-0.5", Image prompt weight: 0.6' in text


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ["a fox <lora:inky:1>", "--config", "guides.toml"],
            "There's no LoRA called “inky” here. Did you mean one of these? ink.",
        ),
        (["a fox", "--control", "lines.png"], "pocket can't follow the lines of a picture: it has no ControlNet"),
        (["a fox", "--image-prompt", "lines.png"], "pocket can't use image prompts: it has no IP-Adapter"),
    ],
    ids=str,
)
def test_what_is_not_there_is_said_at_once(folder: Path, options: list[str], sentence: str) -> None:
    refused = noisefox("imagine", *options, folder=folder)
    assert refused.returncode == 1
    assert sentence in refused.stderr
