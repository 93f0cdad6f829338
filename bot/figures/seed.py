"""The figure of a seed: its noise at several sizes, and the pictures that prompts make of it."""

import asyncio
from collections.abc import Sequence
from io import BytesIO

from PIL import Image

from bot.figures import title_of
from bot.locales import addressing, say
from generation.figures import files
from generation.figures.seeds import Column, Words, of_seed
from generation.pictures import Picture
from generation.settings import PIXELS_PER_LATENT, GenerationSettings
from storage.records import Generation

ROW_TITLE_LENGTH = 45
"""Characters of the prompt above a row."""


def drawn(asked: Sequence[GenerationSettings], pictures: Sequence[Picture]) -> tuple[bytes, str]:
    """The figure as a file, and the ending of its name. `pictures` are those of the settings in `asked`."""
    first, noises = asked[0], len({(each.width, each.seed_width, each.height) for each in asked})
    columns = [_column(first, asked[index::noises], pictures[index::noises]) for index in range(noises)]
    return files.still(of_seed(columns, words_for(asked[::noises], linked=noises > 1)))


def words_for(firsts: Sequence[GenerationSettings], *, linked: bool) -> Words:
    """The captions of a figure; `firsts` are the first settings of each prompt."""
    first = firsts[0]
    end = say("The words change nothing in the noise: each prompt makes its own picture of the same.")
    if linked:
        flag = f"--seed-size {first.width}x{first.height}"
        end = say(
            "The words change nothing in the noise; another size does. {flag} lays the noise of {size} into the "
            "middle, so that both compositions start alike.",
            flag=flag,
            size=f"{first.width}×{first.height}",
        )
    return Words(
        title=say("Seed {seed}", seed=str(first.seed)),
        noise=say(
            "The noise that every picture of this seed begins as. A square is one latent: {pixels}×{pixels} pixels of "
            "the picture.",
            pixels=PIXELS_PER_LATENT,
        ),
        prompts=[title_of(each.prompt, say("what the prompt makes of it"), ROW_TITLE_LENGTH) for each in firsts],
        end=end,
    )


def _column(first: GenerationSettings, asked: Sequence[GenerationSettings], pictures: Sequence[Picture]) -> Column:
    own, noise = asked[0], pictures[0].noise
    assert noise is not None
    shared, caption = None, ""
    if own.seed_width:
        shared = first.width // PIXELS_PER_LATENT, first.height // PIXELS_PER_LATENT
        caption = say("with the noise of {size}", size=f"{first.width}×{first.height}")
    elif (own.width, own.height) != (first.width, first.height):
        caption = say("other noise")
    images = [Image.open(BytesIO(each.png)) for each in pictures]
    return Column(f"{own.width}×{own.height}", noise, images, caption, shared)


async def figure_of(generation: Generation, pictures: Sequence[Picture]) -> Picture:
    """The figure of a request; `pictures` are those of its cells."""
    with addressing(generation.origin.locale):
        data, _ = await asyncio.to_thread(drawn, generation.cells, pictures)
    with Image.open(BytesIO(data)) as image:
        size = image.size
    flagged = any(each.flagged for each in pictures)
    return Picture(data, generation.settings.seed, *size, flagged=flagged)
