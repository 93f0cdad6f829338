"""`noisefox models`, against a hub and Civitai on this machine."""

import io
import shutil
import sys
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from bot import config
from bot.cli.models import hub, remote_file
from generation.catalogue import Prediction
from storage import database
from storage.paces import Paces
from tests.bot.cli.models.conftest import HEAD, HEAD_XL, checkpoint
from tests.bot.cli.program import noisefox
from tests.comfy import workflow
from tests.databases import save_empty
from tests.model_hosts import ModelHosts

Models = Callable[..., CompletedProcess[str]]

CIVITAI = "https://civitai.com/models/1/foxes?modelVersionId=2"


@pytest.fixture
def models(hosts: ModelHosts, tmp_path: Path) -> Models:
    """Calls the program in a folder of its own."""
    return partial(noisefox, "models", folder=tmp_path)


def section(folder: Path, name: str) -> dict[str, Any]:
    read: dict[str, Any] = tomllib.loads((folder / "config.toml").read_text())["models"][name]
    return read


def test_a_model_of_the_hub_is_added_downloaded_checked_and_made_the_default(
    models: Models, hosts: ModelHosts, tmp_path: Path
) -> None:
    added = models("add", "fox", "owner/foxes", "--accept-licence")
    assert added.returncode == 0, added.stderr
    for said in ("openrail++: Commercial use is allowed", "weights:  0.6 MB", "memory:", "time:     measured with"):
        assert said in added.stdout
    assert "noisefox models pull fox" in added.stdout
    assert section(tmp_path, "fox") == {
        "source": "owner/foxes",
        **{"width": 1024, "height": 1024, "steps": 30, "guidance_scale": 6.0, "clip_skip": 2},
        "licence": "openrail++",
    }
    assert "fox: owner/foxes; not downloaded; openrail++" in models("list").stdout
    assert "pull fox" in models("check", "fox").stdout
    pulled = models("pull", "fox")
    assert pulled.returncode == 0, pulled.stderr
    assert "100%" in pulled.stderr
    names = {each.name for each in (tmp_path / "hub").rglob("*") if each.is_symlink()}
    assert names == {"model_index.json", "config.json", "merges.txt", "diffusion_pytorch_model.safetensors"}
    assert not list((tmp_path / "hub").rglob("safety_checker"))
    assert models("check", "fox").stdout == "fox: fine\n"
    assert models("list").stdout.startswith("pocket (default)")
    assert models("default", "fox").returncode == 0
    assert models("list").stdout.startswith("fox (default): owner/foxes; 0.6 MB on this machine")
    asked = len(hosts.asked)
    assert "already" in models("pull", "fox").stdout
    assert not [each for each in hosts.asked[asked:] if each.host == "files"]
    assert models("remove", "fox", "--files").returncode == 0
    assert not [each for each in (tmp_path / "hub").rglob("*.safetensors") if each.exists()]


def test_a_page_of_civitai_is_added_with_what_its_file_and_its_name_tell(
    models: Models, hosts: ModelHosts, tmp_path: Path
) -> None:
    assert models("add", "fox", CIVITAI, "--accept-licence", "--pull").returncode == 0
    added = section(tmp_path, "fox")
    assert added["source"] == "models/model2.safetensors"
    assert added["address"] == "civitai:2"
    assert added["licence"] == "Civitai, fair-ai-public-license-1.0-sd (non-commercial)"
    assert (added["width"], added["sampler"], added["prediction"]) == (1024, "Euler", "v-ztsnr")
    served = (hosts.folder / "civitai" / "2.safetensors").read_bytes()
    assert (tmp_path / added["source"]).read_bytes() == served
    [spec] = [each for each in config.load(tmp_path / "config.toml").models if each.name == "fox"]
    assert spec.prediction is Prediction.VELOCITY_ZERO_SNR
    again = models("add", "second", "https://civitai.red/models/1", "--accept-licence")
    assert "v-pred 2" in again.stdout
    assert section(tmp_path, "second")["source"] == "models/second-model2.safetensors"


def test_the_file_that_a_removed_model_left_is_used_again(models: Models, hosts: ModelHosts, tmp_path: Path) -> None:
    models("add", "fox", CIVITAI, "--accept-licence", "--pull")
    models("remove", "fox")
    again = models("add", "fox", CIVITAI, "--accept-licence", "--pull")
    assert "model2.safetensors is there already" in again.stdout
    assert section(tmp_path, "fox")["source"] == "models/model2.safetensors"
    assert [each.name for each in (tmp_path / "models").iterdir()] == ["model2.safetensors"]
    models("remove", "fox")
    (tmp_path / "models" / "model2.safetensors").write_bytes(b"another")
    models("add", "fox", CIVITAI, "--accept-licence", "--pull")
    assert section(tmp_path, "fox")["source"] == "models/fox-model2.safetensors"


def test_the_list_says_what_a_model_needs_and_where_it_comes_from(models: Models, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[models.turbo]\nsource = "Tongyi-MAI/Z-Image-Turbo"\n')
    models("add", "fox", "owner/foxes/foxes.safetensors", "--accept-licence")
    of_turbo, of_fox = models("list").stdout.splitlines()
    assert "GB of GPU memory" in of_turbo
    assert of_fox.startswith("fox: foxes.safetensors from huggingface.co; not downloaded")


@pytest.mark.parametrize("source", ["owner/foxes/foxes.safetensors", "https://huggingface.co/owner/foxes/blob/main/"])
def test_a_file_of_the_hub_goes_beside_the_configuration(
    models: Models, hosts: ModelHosts, tmp_path: Path, source: str
) -> None:
    source = source.removesuffix("foxes.safetensors") + "foxes.safetensors"
    assert models("add", "fox", source, "--accept-licence", "--pull").returncode == 0
    assert section(tmp_path, "fox")["address"] == "https://huggingface.co/owner/foxes/resolve/main/foxes.safetensors"
    assert models("check", "fox").returncode == 0
    file = tmp_path / "models" / "foxes.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    assert "is cut short" in models("check", "fox").stdout
    assert models("remove", "fox", "--files").returncode == 0
    assert not file.exists()


def test_an_address_without_a_hash_is_checked_by_its_length(models: Models, hosts: ModelHosts, tmp_path: Path) -> None:
    added = models("add", "fox", f"{hosts.files}/hub/owner/foxes/foxes.safetensors", "--pull")
    assert "licence:  not stated" in added.stdout
    assert "its server names no hash" in added.stdout
    assert section(tmp_path, "fox")["width"] == 512


def test_a_file_that_says_what_it_predicts_needs_no_line_for_it(models: Models, tmp_path: Path) -> None:
    for number, names in enumerate([(HEAD_XL,), (HEAD_XL, "v_pred", "ztsnr")]):
        checkpoint(tmp_path / f"noob-vpred-{number}.safetensors", *names)
        assert models("add", f"noob {number}", f"noob-vpred-{number}.safetensors").returncode == 0
    assert section(tmp_path, "noob 0")["prediction"] == "v-ztsnr"
    assert "prediction" not in section(tmp_path, "noob 1")


def test_a_local_file_is_used_where_it_is(models: Models, tmp_path: Path) -> None:
    checkpoint(tmp_path / "mine.safetensors", HEAD)
    assert "default mine" in models("add", "mine", "mine.safetensors").stdout
    assert models("check", "mine").returncode == 0
    assert "left" in models("remove", "mine", "--files").stdout
    assert (tmp_path / "mine.safetensors").exists()


def test_what_a_section_names_beside_its_source_is_downloaded_too(models: Models, tmp_path: Path) -> None:
    checkpoint(tmp_path / "mine.safetensors", HEAD)
    (tmp_path / "config.toml").write_text('[models.mine]\nsource = "mine.safetensors"\nvae = "owner/vae"\n')
    assert models("check").stdout == "mine: owner/vae is not downloaded. Run `noisefox models pull mine`.\n"
    assert models("pull", "mine").returncode == 0
    assert models("check").stdout == "mine: fine\n"
    assert not list((tmp_path / "hub").rglob("*.bin"))


def test_a_download_goes_on_where_it_was_interrupted(
    models: Models, hosts: ModelHosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models("add", "fox", CIVITAI, "--accept-licence")
    hosts.cut = 100_000
    assert models("pull", "fox").returncode == 0, "it is tried again as long as something comes"
    starts = [each.range for each in hosts.asked if each.host == "files"][-4:]
    assert starts == ["", "bytes=100000-", "bytes=200000-", "bytes=300000-"]
    file = tmp_path / "models" / "model2.safetensors"
    file.unlink()
    monkeypatch.setattr(remote_file, "TRIES", 0)
    failed = models("pull", "fox")
    assert failed.returncode == 1
    assert "ended too early. Run the command again: it goes on from there." in failed.stderr
    assert not file.exists()
    hosts.cut = None
    assert models("pull", "fox").returncode == 0
    assert hosts.asked[-1].range == "bytes=100000-"
    assert models("check", "fox").returncode == 0
    assert not list(tmp_path.rglob("*.part"))


def test_a_server_without_ranges_sends_the_whole_again(
    models: Models, hosts: ModelHosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models("add", "fox", CIVITAI, "--accept-licence")
    hosts.cut, hosts.with_ranges = 100_000, False
    with monkeypatch.context() as patch:
        patch.setattr(remote_file, "TRIES", 0)
        assert models("pull", "fox").returncode == 1
    hosts.cut = None
    assert models("pull", "fox").returncode == 0
    assert models("check", "fox").returncode == 0


@pytest.mark.parametrize("source", [CIVITAI, "owner/foxes"])
def test_a_file_with_a_wrong_hash_is_refused_and_deleted(
    models: Models, hosts: ModelHosts, tmp_path: Path, source: str
) -> None:
    models("add", "fox", source, "--accept-licence")
    hosts.damaged = True
    refused = models("pull", "fox")
    assert refused.returncode == 1
    assert "is damaged or was exchanged: its SHA-256 is not" in refused.stderr
    assert not [each for each in tmp_path.rglob("*") if each.suffix in (".safetensors", ".part")]
    hosts.damaged = False
    assert models("pull", "fox").returncode == 0


@pytest.mark.parametrize(
    ("source", "variable", "advice"),
    [
        ("owner/foxes", "HF_TOKEN", "Accept its terms at https://huggingface.co/owner/foxes, then set HF_TOKEN"),
        ("owner/foxes/foxes.safetensors", "HF_TOKEN", "https://huggingface.co/owner/foxes, then set HF_TOKEN"),
        (CIVITAI, "NOISEFOX_CIVITAI_TOKEN", "set NOISEFOX_CIVITAI_TOKEN to it"),
    ],
)
def test_a_token_reaches_the_hub_or_civitai_and_nobody_else(
    models: Models,
    hosts: ModelHosts,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    source: str,
    variable: str,
    advice: str,
) -> None:
    hosts.token = "hf_secretsecretsecret"
    refused = models("add", "fox", source, "--accept-licence")
    assert refused.returncode == 1
    assert advice in refused.stderr
    monkeypatch.setenv(variable, hosts.token)
    done = models("add", "fox", source, "--accept-licence", "--pull")
    assert done.returncode == 0, done.stderr
    files = [each for each in hosts.asked if each.host == "files"]
    assert files
    assert {each.authorization for each in files} == {""}
    assert hosts.token not in done.stdout + done.stderr + (tmp_path / "config.toml").read_text()


def test_a_licence_with_terms_is_asked_for_once(
    models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = models("add", "fox", "owner/foxes")
    assert refused.returncode == 1
    assert "openrail++: Commercial use is allowed" in refused.stdout
    assert "add --accept-licence" in refused.stderr
    assert not (tmp_path / "config.toml").exists()
    for answer, status in (("no", 1), ("y", 0)):
        terminal = io.StringIO(f"{answer}\n")
        monkeypatch.setattr(terminal, "isatty", lambda: True)
        monkeypatch.setattr(sys, "stdin", terminal)
        assert models("add", "fox", "owner/foxes").returncode == status
    monkeypatch.undo()


def test_a_section_by_hand_is_asked_for_its_licence_before_its_download(models: Models, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[models.fox]  # mine\nsource = "owner/foxes"\n')
    assert "--accept-licence" in models("pull", "fox").stderr
    assert models("pull", "fox", "--accept-licence").returncode == 0
    text = '[models.fox]  # mine\nsource = "owner/foxes"\nlicence = "openrail++"\n'
    assert (tmp_path / "config.toml").read_text() == text


def test_a_disk_that_would_be_nearly_full_is_told_before_the_download(
    models: Models, hosts: ModelHosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    models("add", "fox", CIVITAI, "--accept-licence")
    asked = len(hosts.asked)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10**10, 9 * 10**9, 10**9))
    refused = models("pull", "fox")
    assert refused.returncode == 1
    assert "where 1.0 GB are free, and 1.0 GB must stay free for pictures" in refused.stderr
    assert len([each for each in hosts.asked[asked:] if each.host == "files"]) == 1, "its length was asked for"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["add", "x", "owner/none"], "The hub has no model owner/none, or it is private."),
        (["add", "x", "owner/foxes/other.safetensors"], "Use one of its files: owner/foxes/foxes.safetensors"),
        (["add", "x", "civitai:9"], "has no version 9. Look at its page"),
        (["add", "x", "civitai:8"], "civitai:8 is a LORA, not a model. Put LoRAs and embeddings into the folders"),
        (["add", "x", "https://civitai.com/user/fox"], "is not the page of a model on Civitai"),
        (["add", "x", "https://example.org/x.zip"], "is not the address of a .safetensors or .gguf file"),
        (["add", "x", "fox.ckpt"], "fox.ckpt is a pickle"),
        (["add", "x", "fox"], "neither a file or a folder here nor a hub id"),
        (["add", "x", "http://127.0.0.1:9/x.safetensors"], "127.0.0.1 cannot be reached (ConnectError)"),
        (["add", "x"], "Use `noisefox models add NAME SOURCE` or"),
        (["add", "x", "owner/foxes", "--starter", "sdxl"], "Use either a SOURCE or --starter."),
        (["add", "--starter", "none"], "There is no starter model none. Use one of: photo, anime"),
        (["pull", "x"], "There's no model called “x” here."),
        (["remove", "pocket"], "There's no model called “pocket” here."),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    models: Models, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    refused = models(*arguments)
    assert refused.returncode == 1
    assert sentence in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert not (tmp_path / "config.toml").exists()


def test_a_name_is_taken_once(models: Models, tmp_path: Path) -> None:
    checkpoint(tmp_path / "mine.safetensors", HEAD)
    assert models("add", "mine", "mine.safetensors").returncode == 0
    assert "has a model mine already" in models("add", "mine", "mine.safetensors").stderr


def test_a_starter_model_has_the_settings_of_its_card(models: Models, hosts: ModelHosts, tmp_path: Path) -> None:
    card = hosts.folder / "hub" / "stabilityai" / "stable-diffusion-xl-base-1.0"
    checkpoint(card / "sd_xl_base_1.0.safetensors", HEAD_XL)
    told = models("add", "--starter", "sdxl", "--accept-licence")
    assert "Settings are those of its card on 29 November 2026." in told.stdout
    added = section(tmp_path, "sdxl")
    assert (added["width"], added["steps"], added["guidance_scale"], added["clip_skip"]) == (1024, 30, 5.0, 2)
    assert added["licence"] == "openrail++"
    assert "sdxl-fast: RealVisXL" in models("list", "--starters").stdout


async def test_the_speed_is_told_once_it_was_measured(models: Models, tmp_path: Path) -> None:
    assert "time:     measured with the first picture" in models("show", "pocket").stdout
    save_empty(tmp_path / "data" / "noisefox.db")
    async with database.opened(tmp_path / "data" / "noisefox.db") as sessions:
        await Paces(sessions).keep("local/auto", "pocket", 128 * 128, 0.02)
        shown = models("show", "pocket").stdout
    assert "time:     about 1 s a picture, as measured" in shown, "25 steps of two rows"


def test_where_files_cannot_have_two_names_the_hub_s_own_library_places_them(
    models: Models, hosts: ModelHosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models("add", "fox", "owner/foxes", "--accept-licence")
    monkeypatch.setattr(hub, "can_link", lambda: False)
    assert models("pull", "fox").returncode == 0
    assert "on this machine" in models("list").stdout
    assert {each.authorization for each in hosts.asked if each.host == "files"} == {""}


def test_a_workflow_of_comfyui_says_what_it_takes_and_what_not(models: Models, tmp_path: Path) -> None:
    sections = [
        f'[models.{name}]\nsource = "{source}"\nworkers = "comfy"\n'
        for name, source in (("foxes", workflow("sd15")), ("broken", "broken.json"), ("gone", "workflows/gone.json"))
    ]
    comfy = '[workers.comfy]\nkind = "comfy"\naddresses = ["http://127.0.0.1:9"]\n'
    (tmp_path / "config.toml").write_text(comfy + "".join(sections))
    (tmp_path / "broken.json").write_text("{}")
    checked = models("check")
    assert checked.returncode == 1
    said = checked.stdout.splitlines()
    assert said[0] == "foxes: fine"
    assert "    takes seed: seed of node 3 (KSampler)" in said
    assert "    It takes no mask, so it can't draw a part of a picture, zoom out or pan." in said
    assert said[-2].startswith("broken: ")
    assert said[-1] == "gone: workflows/gone.json does not exist. Correct its source."
    assert "It takes no mask" in models("show", "foxes").stdout
    assert models("list").stdout.splitlines()[0].endswith("; a workflow of ComfyUI")


def test_a_transformer_alone_gets_the_repository_with_its_other_networks(models: Models, tmp_path: Path) -> None:
    names = ("double_blocks.0.img_attn.norm.key_norm.scale", "guidance_in.in_layer.weight", "img_in.weight")
    save_file({name: np.zeros((2, 2), np.float32) for name in names}, tmp_path / "flux.safetensors")
    added = models("add", "flux", "flux.safetensors")
    assert "text encoders and VAE come from black-forest-labs/FLUX.1-schnell" in added.stdout
    assert section(tmp_path, "flux")["base"] == "black-forest-labs/FLUX.1-schnell"


def test_a_file_that_is_no_model_is_not_added(models: Models, tmp_path: Path) -> None:
    (tmp_path / "lfs.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    refused = models("add", "lfs", "lfs.safetensors")
    assert refused.returncode == 1
    assert "Git LFS" in refused.stderr
    assert not (tmp_path / "config.toml").exists()
