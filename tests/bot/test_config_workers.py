"""Sections of workers in the config."""

from pathlib import Path

import pytest

from bot.config import ComfyConfig, Config, ConfigError, RayConfig, WorkerConfig, load
from generation.local_pool import LOCAL

POOLS = """
[workers.gpus]
devices = ["cuda:0", "cuda:1"]
longest_line = 100

[workers.cluster]
kind = "ray"
address = "10.0.0.5:6379"
actors = 3
dtype = "float16"

[workers.comfy]
kind = "comfy"
addresses = ["http://127.0.0.1:8188"]
longest_line = 20

[models.pocket]
source = "pocket"

[models.far]
source = "someone/model"
workers = "cluster"
resources = {GPU = 1, A100 = 0.5}

[models.flux]
source = "workflows/flux.json"
"""


def read(folder: Path, text: str) -> Config:
    file = folder / "config.toml"
    file.write_text(text)
    return load(file)


def test_each_kind_of_workers(tmp_path: Path) -> None:
    config = read(tmp_path, POOLS)
    gpus, cluster, comfy = config.pools.values()
    assert gpus == WorkerConfig(devices=("cuda:0", "cuda:1"), longest_line=100)
    assert cluster == RayConfig(address="10.0.0.5:6379", actors=3, dtype="float16")
    assert comfy == ComfyConfig(addresses=("http://127.0.0.1:8188",), longest_line=20)
    assert config.worker == gpus
    assert config.longest_line == 100 + 500 + 20


def test_each_pool_has_its_models(tmp_path: Path) -> None:
    config = read(tmp_path, POOLS)
    assert {each.name: config.pool_of(each) for each in config.models} == {
        "pocket": "gpus",
        "far": "cluster",
        "flux": "comfy",
    }
    assert [each.name for each in config.options_of("gpus").models] == ["pocket"]
    assert [each.name for each in config.options_of("cluster").models] == ["far"]
    assert dict(config.catalogue.get("far").resources) == {"GPU": 1, "A100": 0.5}
    assert config.options_of("gpus").measurements != config.options_of("cluster").measurements


def test_one_section_of_the_old_name_is_the_first_pool(tmp_path: Path) -> None:
    config = read(tmp_path, "[worker]\nmax_pictures = 7")
    assert config.pools == {LOCAL: WorkerConfig(max_pictures=7)}
    assert config.options_of(LOCAL) == config.worker_options


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[worker]\n[workers.gpu]",
            "Use either [worker] or [workers.NAME], not both: rename [worker]",
        ),
        ("[workers]", "[workers] is empty. Add a section such as [workers.gpu], or remove it."),
        ('[workers.gpu]\nkind = "slurm"', "workers.gpu.kind must be one of: local, ray, comfy."),
        ('[workers."a b"]', "workers.a b: Use letters, digits, - and _ for the name."),
        ("[workers.gpu]\ndevices = 2", "workers.gpu.devices must be a list, not 2."),
        ('[workers.gpu]\ndevices = ["cuda:0", "tpu"]', "workers.gpu.devices: Use auto, cpu, cuda, cuda:1, rocm or mps"),
        ('[workers.gpu]\ndevice = "cuda"\ndevices = ["cuda:1"]', "workers.gpu.devices: Set either device or devices."),
        ("[workers.gpu]\nactors = 2", "workers.gpu.actors is not a setting."),
        ('[workers.far]\nkind = "ray"\nactors = 0', "workers.far.actors: Actors must be between 1 and 1024"),
        (
            '[workers.far]\nkind = "ray"\ndevice = "cuda:1"',
            "workers.far.device: Ray numbers the devices of each actor.",
        ),
        ('[workers.c]\nkind = "comfy"', 'workers.c has no addresses. Set them, such as ["http://127.0.0.1:8188"].'),
        ('[workers.c]\nkind = "comfy"\naddresses = ["8188"]', "workers.c.addresses: Use addresses such as http://"),
        ('[models.a]\nsource = "pocket"\nworkers = "gpu"', "models.a.workers: There is no section [workers.gpu]."),
        ('[models.a]\nsource = "a.json"', 'A workflow of ComfyUI needs a section of [workers] with kind = "comfy".'),
        (
            '[workers.c]\nkind = "comfy"\naddresses = ["http://a:1"]\n[models.a]\nsource = "pocket"',
            "models.a.workers: ComfyUI draws workflows.",
        ),
        (
            '[models.a]\nsource = "pocket"\nresources = {GPU = "one"}',
            "models.a.resources.GPU must be a number",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(tmp_path, text)
    assert sentence in str(error.value)


def test_an_address_with_a_query_is_refused_without_repeating_it(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[workers.comfy]\nkind = "comfy"\naddresses = ["http://127.0.0.1:8188/?token=secret"]\n')
    with pytest.raises(ConfigError, match="Use addresses such as") as refused:
        load(file)
    assert "secret" not in str(refused.value)


def test_each_device_of_this_machine_is_known_once() -> None:
    local = WorkerConfig(devices=("cpu", "cuda:1", "cpu"))
    assert Config(workers=(("a", local), ("b", WorkerConfig(device="cuda:2")))).devices_here == [
        "cpu",
        "cuda:1",
        "cuda:2",
    ]
    assert Config().devices_here == ["auto"]
