import importlib.util

import pytest

from bot.cli.doctor.ray import ray_findings
from bot.config import Config, RayConfig, WorkerConfig

CONFIG = Config(workers=(("gpus", WorkerConfig()), ("cluster", RayConfig(address="10.0.0.5:6379"))))


@pytest.mark.parametrize(
    ("spec", "finding"),
    [
        (None, (False, 'workers.cluster: Ray is not installed. Install it with: pip install "noisefox[ray]"')),
        (object(), (None, "workers.cluster: Ray is installed; the cluster at 10.0.0.5:6379 is not asked")),
    ],
)
def test_ray_is_needed_where_the_config_has_a_pool_on_it(
    spec: object, finding: tuple[bool | None, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    assert ray_findings(CONFIG) == [finding]
    assert ray_findings(Config()) == []
