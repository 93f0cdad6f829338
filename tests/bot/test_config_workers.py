"""Sections of workers in the config."""

from pathlib import Path

import pytest

from bot.config import Config, ConfigError, WorkerConfig, load
from generation.local_pool import LOCAL

POOLS = """
[workers.gpus]
devices = ["cuda:0", "cuda:1"]
longest_line = 100

[workers.old]
device = "cuda:2"
dtype = "float16"

[models.pocket]
source = "pocket"

[models.far]
source = "someone/model"
workers = "old"
"""


def read(folder: Path, text: str) -> Config:
    file = folder / "config.toml"
    file.write_text(text)
    return load(file)


def test_each_pool_has_its_settings(tmp_path: Path) -> None:
    config = read(tmp_path, POOLS)
    gpus, old = config.pools.values()
    assert gpus == WorkerConfig(devices=("cuda:0", "cuda:1"), longest_line=100)
    assert old == WorkerConfig(device="cuda:2", dtype="float16")
    assert config.worker == gpus
    assert config.longest_line == 100 + 500


def test_each_pool_has_its_models(tmp_path: Path) -> None:
    config = read(tmp_path, POOLS)
    assert {each.name: config.pool_of(each) for each in config.models} == {"pocket": "gpus", "far": "old"}
    assert [each.name for each in config.options_of("gpus").models] == ["pocket"]
    assert [each.name for each in config.options_of("old").models] == ["far"]
    assert config.options_of("gpus").measurements != config.options_of("old").measurements


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
        ('[workers."a b"]', "workers.a b: Use letters, digits, - and _ for the name."),
        ("[workers.gpu]\ndevices = 2", "workers.gpu.devices must be a list, not 2."),
        ('[workers.gpu]\ndevices = ["cuda:0", "tpu"]', "workers.gpu.devices: Use auto, cpu, cuda, cuda:1, rocm or mps"),
        ('[workers.gpu]\ndevice = "cuda"\ndevices = ["cuda:1"]', "workers.gpu.devices: Set either device or devices."),
        ("[workers.gpu]\nactors = 2", "workers.gpu.actors is not a setting."),
        ('[models.a]\nsource = "pocket"\nworkers = "gpu"', "models.a.workers: There is no section [workers.gpu]."),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(tmp_path, text)
    assert sentence in str(error.value)
