"""The sheet of a comparison."""

from collections.abc import Sequence
from io import BytesIO

from PIL import Image

from bot.figures import title_of
from bot.locales import say, say_many
from generation.comparison import Axis, Parameter
from generation.figures import compared, files
from generation.figures.compared import Words
from generation.sentences import Sentence
from generation.settings import GenerationSettings

NAMES = {
    Parameter.STEPS: Sentence("steps"),
    Parameter.GUIDANCE: Sentence("guidance"),
    Parameter.SAMPLER: Sentence("sampler"),
    Parameter.CLIP_SKIP: Sentence("clip skip"),
    Parameter.SEED: Sentence("seed"),
    Parameter.SIZE: Sentence("size"),
    Parameter.MODEL: Sentence("model"),
    Parameter.STRENGTH: Sentence("strength"),
    Parameter.CACHE: Sentence("cache"),
}


def drawn(settings: GenerationSettings, axes: Sequence[Axis], pictures: Sequence[bytes | None]) -> tuple[bytes, str]:
    """The sheet as a file, and the ending of its name. A cell whose picture is None stays empty."""
    images = [_opened(picture) if picture else None for picture in pictures]
    return files.still(compared.of_cells(images, words_for(settings, axes)))


def words_for(settings: GenerationSettings, axes: Sequence[Axis]) -> Words:
    """The title and headings of a sheet. The last axis goes from left to right."""
    columns = axes[-1]
    rows = axes[0] if len(axes) > 1 else None
    return Words(
        title=title_of(settings.prompt, say("A comparison")),
        settings=" · ".join(shared(settings, axes)),
        columns=say(NAMES[columns.parameter]),
        column_heads=columns.values,
        rows=say(NAMES[rows.parameter]) if rows else "",
        row_heads=rows.values if rows else (),
    )


def shared(settings: GenerationSettings, axes: Sequence[Axis]) -> list[str]:
    """The settings that all cells share. Each model has its own steps, guidance and so on."""
    differing = {axis.parameter for axis in axes}
    if Parameter.MODEL in differing:
        differing |= {Parameter.SIZE, Parameter.STEPS, Parameter.GUIDANCE, Parameter.SAMPLER}
    facts = {
        Parameter.SEED: say("seed {seed}", seed=str(settings.seed)),
        Parameter.SIZE: f"{settings.width}×{settings.height}",
        Parameter.STEPS: say_many(settings.steps, "{n} step", "{n} steps"),
        Parameter.GUIDANCE: say("guidance {scale:g}", scale=settings.guidance_scale),
        Parameter.SAMPLER: settings.sampler.value,
    }
    return [fact for parameter, fact in facts.items() if parameter not in differing]


def _opened(picture: bytes) -> Image.Image:
    with Image.open(BytesIO(picture)) as opened:
        return opened.convert("RGB")
