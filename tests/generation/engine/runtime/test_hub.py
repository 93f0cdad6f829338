"""Models that are fetched from a hub, which is told like the rest of the loading."""

import json
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
import torch
from diffusers import StableDiffusionPipeline
from huggingface_hub import constants
from huggingface_hub.errors import GatedRepoError

from generation.catalogue import ModelSpec
from generation.disk import SPARE
from generation.engine.models import loader
from generation.engine.models.loader import load
from generation.engine.runtime import memory
from generation.engine.runtime.hub import network
from generation.errors import ModelTooLarge, ModelUnavailable
from tests.forked_worker import ForkServer
from tests.generation.engine import tiny, tiny_guides
from tests.generation.engine.fake_hub import serving

CPU = torch.device("cpu")

LOADS = """
import json, sys, torch
from generation.catalogue import ModelSpec, PreviewKind
from generation.engine.models.loader import load, needs_here
adapter = "owner/guides/adapters/adapter.safetensors"
parts = dict(vae="owner/vae", controlnet="owner/guides", ip_adapter=adapter, preview_decoder="owner/tiny")
spec = ModelSpec("mine", "owner/model", preview=PreviewKind.TINY, **parts)
shares, known = [], []
def look():
    try:
        known.append(needs_here(spec, torch.float32).weights)
    except OSError:
        known.append(None)
look()
model = load(spec, torch.device("cpu"), torch.float32, shares.append)
look()
print(json.dumps([shares, bool(model.controlnets), model.image_prompts is not None, str(model.weights), known]))
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a model, and some with what is read beside it."""
    folder = tmp_path_factory.mktemp("hub") / "owner"
    tiny.stable_diffusion_1(folder / "model")
    (folder / "model" / "unet" / "diffusion_pytorch_model.fp16.safetensors").write_bytes(b"not wanted" * 100_000)
    (folder / "model" / "safety_checker").mkdir()
    (folder / "model" / "safety_checker" / "model.safetensors").write_bytes(b"not wanted")
    index = folder / "model" / "model_index.json"
    checker = ["stable_diffusion", "StableDiffusionSafetyChecker"]
    index.write_text(json.dumps(json.loads(index.read_text()) | {"safety_checker": checker}))
    pipeline = StableDiffusionPipeline.from_pretrained(folder / "model", local_files_only=True, safety_checker=None)
    tiny_guides.controlnet(folder / "guides", pipeline)
    tiny_guides.ip_adapter(folder / "guides" / "adapters", pipeline)
    tiny.autoencoder(latent_channels=4).save_pretrained(folder / "vae")
    tiny.preview_decoder(folder / "tiny", channels=4)
    return folder.parent


def in_a_process(server: ForkServer) -> Any:
    """The output of `LOADS`, run in a process of its own with the environment of the server."""
    ran = subprocess.run(server.command(LOADS), capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


def test_fetching_is_told_and_what_was_fetched_is_found_without_the_hub(hub: Path, tmp_path: Path) -> None:
    environment = {"HF_HOME": str(tmp_path), "HF_HUB_DISABLE_XET": "1"}
    with ExitStack() as stack:
        with serving(hub) as address:
            server = stack.enter_context(ForkServer(environment | {"HF_ENDPOINT": address}))
            fair_share, controlled, hears, weights, (before, after) = in_a_process(server)
        again, *_ = in_a_process(server)
    assert controlled
    assert hears
    assert before is None
    assert after > memory.needed(loader.files_of(Path(weights)), torch.float32), "what guides it is in it"
    assert fair_share == sorted(fair_share)
    assert (fair_share[0], fair_share[-1]) == (0.0, 1.0)
    while_fetching = [share for share in fair_share if 0 < share < loader.FETCHED]
    assert len(while_fetching) > 3
    beside = {share for share in fair_share if loader.OWN_FETCHED < share < loader.FETCHED}
    assert len(beside) >= 4, "an autoencoder, a decoder for previews, a ControlNet, an IP-Adapter"
    assert not list(Path(weights).rglob("*.fp16.*"))
    assert not list(Path(weights).rglob("safety_checker/*"))
    assert again[0] == 0.0
    assert 0 < again[1] < loader.FETCHED, "nothing is fetched, so reading begins at once"


def test_what_guides_a_model_is_in_its_loading_and_in_the_room_it_takes(
    hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = ModelSpec("mine", str(hub / "owner" / "model"))
    guided = ModelSpec(
        "mine",
        plain.source,
        controlnet=str(hub / "owner" / "guides"),
        ip_adapter=str(hub / "owner" / "guides" / "adapters" / "adapter.safetensors"),
    )
    fair_share: list[float] = []
    load(guided, CPU, torch.float32, fair_share.append)
    assert fair_share == sorted(fair_share)
    assert fair_share[-3] < fair_share[-2] < fair_share[-1] == 1.0
    alone = memory.needed(loader.files_of(Path(plain.source)), torch.float32)
    monkeypatch.setattr(memory, "free", lambda device: alone)
    load(plain, CPU, torch.float32)
    with pytest.raises(ModelTooLarge):
        load(guided, CPU, torch.float32)


def test_nothing_is_downloaded_onto_a_nearly_full_disk(
    hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10**10, 10**10, SPARE))
    with serving(hub) as address:
        monkeypatch.setattr(constants, "ENDPOINT", address)
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}"
        )
        with pytest.raises(
            ValueError, match=r"GB of owner/vae must be downloaded to .*whose disk would be nearly full"
        ):
            network("owner/vae", lambda share: None)
    assert not list(tmp_path.rglob("*.safetensors"))


def test_a_model_with_terms_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        try:
            answer = httpx2.Response(401, request=httpx2.Request("GET", "http://hub"))
            raise GatedRepoError("401 Client Error", response=answer)
        except GatedRepoError as refusal:
            raise OSError("Cannot load model owner/gated") from refusal

    monkeypatch.setattr(StableDiffusionPipeline, "download", refused)
    monkeypatch.setattr("diffusers.DiffusionPipeline.download", refused)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(
        ModelUnavailable, match="owner/gated only to accounts that have accepted its terms; accept them"
    ):
        load(ModelSpec("gated", "owner/gated"), CPU, torch.float32)
