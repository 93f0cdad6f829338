"""The cost of a picture, counted in rows that go through the UNet.

Steps alone do not measure time: Heun runs the UNet twice a step, and guidance takes two rows instead of one.
"""

from generation import faces
from generation.prompts import said
from generation.settings import GenerationSettings, Sampler

FORWARDS_A_STEP = {sampler: 2 if sampler is Sampler.HEUN else 1 for sampler in Sampler}
"""Forwards of the UNet in a step of each sampler, as budgets count them."""


EXPLAINED = 40
"""The steps that an explanation adds. It decodes about 36 pictures, each of which takes as long as a step, and without
guidance it computes three more predictions."""


def charged(settings: GenerationSettings, of_picture: bool = False) -> int:
    """The steps that a request takes from a budget: those of all pictures, of hires, and of one face of each picture
    whose faces are drawn anew, however many are found; times the forwards a step, and times the parts of the prompt."""
    of_one = FORWARDS_A_STEP[settings.sampler] * steps(settings, of_picture)
    return of_one * settings.count * said.most_parts(settings.prompt, settings.steps)


def steps_drawn(settings: GenerationSettings) -> int:
    """The steps that image to image takes at the settings' denoising strength: at least one."""
    return min(max(int(settings.steps * settings.denoising_strength), 1), settings.steps)


def stages(settings: GenerationSettings, of_picture: bool = False) -> list[tuple[GenerationSettings, int]]:
    """The stages of a picture, each with its number of steps: hires has a second one, and of faces one is counted, as
    large as the picture. `of_picture`: image to image."""
    found = [(settings, steps_drawn(settings) if of_picture else settings.steps)]
    if settings.hires_factor != 1:
        refined = settings.refinement
        found.append((refined, steps_drawn(refined)))
    if settings.faces:
        face = faces.settings_of(settings, settings.width, settings.height)
        found.append((face, steps_drawn(face)))
    return found


def steps(settings: GenerationSettings, of_picture: bool = False) -> int:
    """The steps of one picture, as progress counts them."""
    return sum(taken for _, taken in stages(settings, of_picture))


def forwards(settings: GenerationSettings, taken: int | None = None) -> int:
    """Forwards of the UNet in the last `taken` steps, or in all."""
    asked = settings.steps if taken is None else taken
    match settings.sampler:
        case Sampler.HEUN:
            return 2 * asked - 1
        case Sampler.PLMS:
            return asked + (settings.steps > 1)
    return asked


def forwards_of(settings: GenerationSettings, of_picture: bool = False) -> int:
    """The forwards of one picture, one after the other, in all its stages."""
    return sum(forwards(stage, taken) for stage, taken in stages(settings, of_picture))


def is_guided(settings: GenerationSettings, step: int) -> bool:
    """True if a step, counted from 0, uses classifier-free guidance, which takes two rows a forward.

    At scale 1 the guided prediction equals the conditional one, so the unconditional one is not computed. Guidance in
    an interval of the steps: Kynkäänniemi et al., arXiv 2404.07724.
    """
    share = step / settings.steps
    return settings.guidance_scale != 1.0 and settings.guidance_start <= share < settings.guidance_end


def rows(settings: GenerationSettings, of_picture: bool = False) -> int:
    """The rows of all pictures of a request, hires included, whose rows are larger."""
    return settings.count * sum(_rows(stage, taken) for stage, taken in stages(settings, of_picture))


def _rows(settings: GenerationSettings, taken: int) -> int:
    asked, skipped = forwards(settings, taken), settings.steps - taken
    guided = sum(is_guided(settings, skipped + forward * taken // asked) for forward in range(asked))
    return asked * said.most_parts(settings.prompt, settings.steps) + guided
