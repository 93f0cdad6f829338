"""The texts of the lessons."""

from dataclasses import dataclass
from enum import StrEnum

from generation.sentences import Sentence


class Topic(StrEnum):
    """The settings that have a lesson."""

    STEPS = "steps"
    SEED = "seed"
    SIZE = "size"
    CLIP_SKIP = "clip skip"
    GUIDANCE = "guidance"
    SAMPLER = "sampler"
    STRENGTH = "strength"
    NEGATIVE = "negative prompt"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Lesson:
    """Texts of a lesson: `what` the setting does, the usual mistake (`but`), and a rule of thumb."""

    emoji: str
    title: Sentence
    what: Sentence
    but: Sentence
    rule: Sentence


LESSONS = {
    Topic.STEPS: Lesson(
        "👣",
        Sentence("Steps"),
        Sentence("A picture begins as noise. Each step works on the whole picture and takes some of the noise away."),
        Sentence(
            "Anime needs few steps, photographs more. Beyond that, each step does less: more steps cost time, "
            "hardly change the picture and can overwork it."
        ),
        Sentence("15 to 20 for anime, 25 to 35 for photographs, 4 to 8 with models made for few (LCM, Turbo)."),
    ),
    Topic.SEED: Lesson(
        "🌱",
        Sentence("Seed"),
        Sentence(
            "The seed is the number that the noise at the start is made from. The same seed, prompt, settings and "
            "size give the same picture."
        ),
        Sentence(
            "Seeds 7 and 8 are no more alike than 7 and 70000. At another size, the same seed gives different noise."
        ),
        Sentence(
            "Keep the seed while you change one setting. Change it if you don't like the composition. /seed shows "
            "the noise."
        ),
    ),
    Topic.SIZE: Lesson(
        "📐",
        Sentence("Size"),
        Sentence(
            "A model is trained at one size and composes best near it. Much smaller pictures lose shapes, much "
            "larger ones repeat things."
        ),
        Sentence(
            "Another size also gives different noise, so the same seed draws another picture. `--seed-size` keeps "
            "the noise and with it the composition."
        ),
        Sentence(
            "Choose the shape with `--ar 3:2` and stay near the model's own size. Enlarge the picture afterwards "
            "with Upscale or Refine."
        ),
    ),
    Topic.CLIP_SKIP: Lesson(
        "🗣️",
        Sentence("Clip skip"),
        Sentence(
            "A text encoder turns your prompt into numbers, layer by layer. Clip skip chooses the layer to use, "
            "counted from the end: 1 is the last, 2 the one before."
        ),
        Sentence(
            "Many people think that it skips denoising steps. It skips none; it only changes how the prompt is encoded."
        ),
        Sentence("2 for most anime models, 1 for most others. Beyond 3 the prompt gets lost."),
    ),
    Topic.GUIDANCE: Lesson(
        "🧭",
        Sentence("Guidance"),
        Sentence(
            "At each step the model predicts twice, without your prompt and with it. Guidance sets how far to go "
            "from the first prediction towards the second, and beyond. Some models, such as FLUX dev, are told the "
            "number instead and predict once."
        ),
        Sentence(
            "With too little, the picture ignores the prompt. Too much gives harsh colours, hard edges and "
            "seeds that look alike."
        ),
        Sentence("5 to 8 for most models, 1 to 2 for those made for few steps. Colours too harsh? Halve it."),
    ),
    Topic.SAMPLER: Lesson(
        "🎛️",
        Sentence("Sampler"),
        Sentence(
            "The sampler is the method that turns the model's prediction into the next, less noisy picture. Noise "
            "and model stay the same."
        ),
        Sentence(
            "Most reach nearly the same picture and differ in how many steps they need. Those with “a” or “SDE”, "
            "DDPM, LCM and TCD add new noise, so more steps keep changing the picture."
        ),
        Sentence("DPM++ 2M Karras is fast and steady, Euler a varies more. When in doubt, keep the model's own."),
    ),
    Topic.STRENGTH: Lesson(
        "🖌️",
        Sentence("Strength"),
        Sentence(
            "When you start from a picture, strength sets how much of it is redrawn: 0.3 keeps nearly all of it, 1 "
            "keeps nothing."
        ),
        Sentence("Only that share of the steps runs, so a low strength is also fast."),
        Sentence("0.3 to retouch, 0.6 for another prompt in the same composition, 0.8 for a new idea."),
    ),
    Topic.NEGATIVE: Lesson(
        "🚫",
        Sentence("Negative prompt"),
        Sentence(
            "The model's first prediction at each step is made with the negative prompt, and guidance moves the "
            "picture away from it."
        ),
        Sentence(
            "“No hat” in the prompt itself often draws a hat, because the model mostly reacts to “hat”. At guidance "
            "1 the negative prompt has no effect."
        ),
        Sentence("Start without one, then name what you see and don't want: `--no text, hat`."),
    ),
    Topic.MODEL: Lesson(
        "🧠",
        Sentence("Model"),
        Sentence(
            "The model has learned from many pictures. It decides more about the look than all settings together."
        ),
        Sentence(
            "Each model has its own best size, steps, guidance and clip skip. The bot uses them unless you choose "
            "others."
        ),
        Sentence("Choose the model first, then the prompt, and the settings last. /models lists the models."),
    ),
}
