import pytest

from bot.cli import ack_bench
from bot.config import Config, WorkerConfig
from generation.settings import Bounds
from playground import Playground
from playground.client.person import Person
from tests.fake_pool import FakePool


def busy() -> FakePool:
    """A pool that finishes nothing, so that requests wait."""
    pool = FakePool()
    pool.hold()
    return pool


async def test_every_request_is_acknowledged_though_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ack_bench, "QUEUED", 6)
    monkeypatch.setattr(ack_bench, "MEASURED", 4)
    config = Config(worker=WorkerConfig(longest_line=2))
    figures = await ack_bench.acknowledgements(config, Playground, Person, busy())
    assert 0 < figures["ack_p50_ms"] <= figures["ack_p99_ms"] < 3000


async def test_a_refusal_is_no_acknowledgement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ack_bench, "QUEUED", 1)
    monkeypatch.setattr(ack_bench, "WAITING", Bounds(1, 1))
    with pytest.raises(ExceptionGroup) as failed:
        await ack_bench.acknowledgements(Config(), Playground, Person, busy())
    assert failed.group_contains(RuntimeError, match="the bot refused a request")
