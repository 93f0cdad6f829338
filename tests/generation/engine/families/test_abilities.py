"""The table of abilities says of each family what its adapter does."""

import pytest

from generation import abilities, pipelines, sources
from generation.engine.families.registry import FAMILIES
from generation.sources import Description

ADAPTERS = {pipeline: family for family in FAMILIES for pipeline in family.pipelines}


def test_every_adapter_is_in_the_table() -> None:
    assert set(sources.FLOWING) == set(ADAPTERS)
    assert set(sources.FLOWING) <= set(pipelines.PIPELINES)


@pytest.mark.parametrize("pipeline", sources.FLOWING)
def test_sizes_and_references(pipeline: str) -> None:
    able, adapter = abilities.described(Description(pipeline)), ADAPTERS[pipeline]
    assert able.size_step == adapter.pixels_per_token
    assert able.references == adapter.references
    assert able.samplers == abilities.FLOW_SAMPLERS
    assert able.mask
    assert able.explain
