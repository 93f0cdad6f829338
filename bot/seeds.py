"""What a seed is: the requests whose pictures show it, and the figure made of them."""

from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO

from PIL import Image

from bot.locales import say
from bot.titles import title_of
from generation.events import Picture
from generation.figures import files
from generation.figures.seeds import Column, Words, of_seed
from generation.settings import PIXELS_PER_LATENT, SIZE, GenerationSettings, PartialSettings

PROMPTS = ("a castle", "a cute fox")
"""What is drawn where nobody says what."""

TITLE_LENGTH = 45
"""Characters of a prompt that stands over a row."""

_GROWTH = 1.25
"""How much longer the other size is one way: enough to be other noise, and not too far from what a model likes."""


def plain(settings: PartialSettings) -> PartialSettings:
    """One picture that begins as the noise of its seed and size alone."""
    return replace(settings, count=1, hires_factor=1.0, variation_strength=0.0, seed_width=0, seed_height=0)


def cells(settings: GenerationSettings, prompts: Sequence[str], side: int) -> list[GenerationSettings]:
    """What draws the figure's pictures, prompt by prompt: at the settings' size, at another one, and there again with
    the noise of the first. No side is longer than `side` pixels; where no other size fits, the first is alone."""
    width, height = settings.width, settings.height
    sizes = [settings]
    if (larger := other_size(width, height, side)) != (width, height):
        other = replace(settings, width=larger[0], height=larger[1], seed_width=0, seed_height=0)
        sizes += [other, replace(other, seed_width=width, seed_height=height)]
    return [replace(each, prompt=prompt) for prompt in prompts for each in sizes]


def other_size(width: int, height: int, side: int) -> tuple[int, int]:
    """A size like another, with the shorter way a little longer, or the longer one shorter where that is too much."""
    grown = _scaled(min(width, height), _GROWTH)
    if grown <= side:
        return (width, grown) if height < width else (grown, height)
    shrunk = max(_scaled(max(width, height), 1 / _GROWTH), SIZE.low)
    return (width, shrunk) if height > width else (shrunk, height)


def drawn(asked: Sequence[GenerationSettings], pictures: Sequence[Picture]) -> tuple[bytes, str]:
    """The figure of what `cells` asked for, and its file's ending."""
    first, noises = asked[0], len({(each.width, each.seed_width, each.height) for each in asked})
    columns = [_column(first, asked[index::noises], pictures[index::noises]) for index in range(noises)]
    return files.still(of_seed(columns, words_for(asked[::noises], linked=noises > 1)))


def words_for(firsts: Sequence[GenerationSettings], *, linked: bool) -> Words:
    """What the figure says; `firsts` are the first settings of each prompt."""
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
        prompts=[title_of(each.prompt, say("what the prompt makes of it"), TITLE_LENGTH) for each in firsts],
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


def _scaled(length: int, factor: float) -> int:
    return round(length * factor / SIZE.multiple_of) * SIZE.multiple_of
