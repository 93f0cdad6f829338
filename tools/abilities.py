"""Writes what each family of models can do into docs/models.md: `python -m tools.abilities`."""

import re
from pathlib import Path

from generation import abilities, pipelines, sources
from generation.abilities import Abilities
from generation.pipelines import Guidance
from generation.settings import Sampler
from generation.sources import Description

PAGE = Path(__file__).parents[1] / "docs" / "models.md"

_TABLE = re.compile(r"(?m)^\| pipeline \|(?:.*\n)+?(?=\n|\Z)")

_COLUMNS = (
    "pipeline",
    "drawn",
    "tokens of a prompt",
    "negative prompt",
    "guidance",
    "start picture",
    "mask",
    "references",
    "LoRAs",
    "samplers",
    "sides in pixels",
    "explain",
)


def table() -> str:
    """A row for each pipeline: the shared batch first, then those that diffusers draws."""
    batched = [*sorted(abilities.FAMILIES), *sorted(sources.FLOWING)]
    others = [name for name in sorted(pipelines.PIPELINES) if name not in abilities.BATCHED]
    rows = [_COLUMNS, tuple("---" for _ in _COLUMNS), *(_row(name) for name in (*batched, *others))]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(name: str) -> tuple[str, ...]:
    most = abilities.described(Description(name, told_guidance=True))
    least = abilities.described(Description(name))
    guidance = dict.fromkeys(each.guidance.value for each in (least, most))
    return (
        name.removesuffix("Pipeline"),
        "together" if name in abilities.BATCHED else "one by one",
        "any number" if most.emphasis else str(most.words or "–"),
        _yes(most.negative_prompt),
        " or ".join(each for each in guidance if each != Guidance.NONE or len(guidance) == 1) or "–",
        _yes(most.start_picture),
        _yes(most.mask),
        str(most.references or "–") + " needed" * most.picture_needed,
        _yes(most.loras),
        _samplers(most),
        _sides(most),
        _yes(most.explain),
    )


def _yes(able: bool) -> str:
    return "yes" if able else "–"


def _samplers(able: Abilities) -> str:
    if len(able.samplers) == len(Sampler):
        return "all"
    return ", ".join(each.value for each in able.samplers)


def _sides(able: Abilities) -> str:
    if able.sizes:
        return ", ".join(f"{width}×{height}" for width, height in able.sizes)
    return f"multiples of {able.size_step}"


def written(page: str) -> str:
    """The text of the page with the table of today."""
    return _TABLE.sub(lambda _: table(), page)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
