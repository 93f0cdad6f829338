"""The texts of the lessons."""

from dataclasses import dataclass
from enum import StrEnum

from generation.sentences import Sentence


class Topic(StrEnum):
    """What there is a lesson on."""

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
    """What a setting does, what people get wrong about it, and a rule of thumb."""

    emoji: str
    title: Sentence
    what: Sentence
    but: Sentence
    rule: Sentence


LESSONS = {
    Topic.STEPS: Lesson(
        "👣",
        Sentence("Steps"),
        Sentence(
            "A picture begins as noise, and each step takes some of it away; every step works on the whole picture."
        ),
        Sentence(
            "Anime needs few steps, photographs more; beyond that the same noise goes in smaller bites, which costs "
            "time, hardly changes the picture and can overwork it."
        ),
        Sentence("15 to 20 for anime, 25 to 35 for photographs, 4 to 8 with models made for few (LCM, Turbo)."),
    ),
    Topic.SEED: Lesson(
        "🌱",
        Sentence("Seed"),
        Sentence(
            "The seed is the number that the first noise is drawn from: the same seed, words, settings and size "
            "give the same picture again."
        ),
        Sentence("Seeds 7 and 8 are no more alike than 7 and 70000, and in another size the same seed is other noise."),
        Sentence(
            "Keep the seed while you change one setting; change it when you dislike the composition. /seed shows "
            "the noise itself."
        ),
    ),
    Topic.SIZE: Lesson(
        "📐",
        Sentence("Size"),
        Sentence(
            "A model has learned at one size and composes best near it: much smaller loses shapes, much larger "
            "repeats things."
        ),
        Sentence(
            "Another size is also other noise, so that the same seed draws another picture; `--seed-size` keeps "
            "the noise, and with it the composition."
        ),
        Sentence(
            "Choose the shape with `--ar 3:2`, stay near the model's own size, and make the picture larger "
            "afterwards: Upscale or Refine."
        ),
    ),
    Topic.CLIP_SKIP: Lesson(
        "🗣️",
        Sentence("Clip skip"),
        Sentence(
            "Your words go through the layers of a text encoder, and clip skip says which of them is listened to,"
            " from the end: 1 is the last, 2 the one before."
        ),
        Sentence(
            "Many people think that it skips steps of the noise; no step is skipped, the words are only heard "
            "differently."
        ),
        Sentence("2 for most anime models, 1 for most others. Beyond 3 the words get lost."),
    ),
    Topic.GUIDANCE: Lesson(
        "🧭",
        Sentence("Guidance"),
        Sentence(
            "At each step the model looks twice, once without your words and once with them, and guidance says "
            "how far to go from the first towards the second, and beyond it."
        ),
        Sentence("Too little wanders off the prompt; too much burns: glaring colours, hard edges, all seeds alike."),
        Sentence("5 to 8 for most models, 1 to 2 for those made for few steps. Looks burnt? Halve it."),
    ),
    Topic.SAMPLER: Lesson(
        "🎛️",
        Sentence("Sampler"),
        Sentence(
            "The sampler is the rule by which the model's guess becomes the next, less noisy picture; noise and "
            "model are the same for all."
        ),
        Sentence(
            "Most of them arrive at much the same picture and differ in how few steps they need; those with “a” "
            "or “SDE”, DDPM, LCM and TCD stir in fresh noise, so that more steps go on changing it."
        ),
        Sentence(
            "DPM++ 2M Karras is quick and steady, Euler a is livelier. When in doubt, leave it as the model has it."
        ),
    ),
    Topic.STRENGTH: Lesson(
        "🖌️",
        Sentence("Strength"),
        Sentence(
            "Where a picture starts from another one, strength says how much of the way from noise is drawn anew:"
            " at 0.3 nearly all stays, at 1 the other picture is forgotten."
        ),
        Sentence("Only that share of the steps is drawn, so that a low strength is also quick."),
        Sentence("0.3 to touch up, 0.6 for other words in the same composition, 0.8 for a new idea."),
    ),
    Topic.NEGATIVE: Lesson(
        "🚫",
        Sentence("Negative prompt"),
        Sentence(
            "Its words take the place of “without your words” when the model looks twice, so that guidance moves "
            "away from them at each step."
        ),
        Sentence(
            "“No hat” in the prompt itself often draws a hat, since the model mostly hears “hat”; and at guidance"
            " 1 the negative prompt is not heard at all."
        ),
        Sentence("Begin without one, then name what you see and do not want: `--no text, hat`."),
    ),
    Topic.MODEL: Lesson(
        "🧠",
        Sentence("Model"),
        Sentence(
            "The model is what has seen millions of pictures, and it decides more than all settings together what"
            " things look like."
        ),
        Sentence(
            "Each has a size, steps, guidance and clip skip of its own that it draws best with, and they are used"
            " where nothing else is named."
        ),
        Sentence("Choose the model first, then the words, and the settings last. /models lists them."),
    ),
}
