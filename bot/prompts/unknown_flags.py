"""What to use instead of a flag that isn't there: a known flag that is spelled alike, or the replacement for a flag of
Midjourney's."""

from collections.abc import Collection
from difflib import get_close_matches

from generation.errors import InvalidSetting
from generation.sentences import Sentence

_LONGEST = 20
"""Characters of a flag's name that are compared and shown."""

_ALIKE = 0.6
"""How much of two names is the same where one may be meant by the other, as difflib counts it."""

_MODEL = Sentence("To choose a model, use `--model NAME`.")
_PICTURE = Sentence("Attach the picture as `image` and add `--image-weight 0.6`, where the model has an IP-Adapter.")
_GUIDANCE = Sentence("To follow your words more or less closely, use `--cfg 6`.")
_STEPS = Sentence("To take more or fewer steps, use `--steps 30`.")
_SEVERAL = Sentence("For several different pictures, use `--repeat 4`.")
_WEIGHT = Sentence("For the weight of an attached picture, use `--image-weight 0.6`.")
_SIZE = Sentence("For width and height, use `--size 512x768`.")
_LARGER = Sentence("For a larger picture, use `--hires 2`, or press Upscale below the picture.")
_NOTHING = Sentence("There's nothing like it here. Remove it.")
_STILL = Sentence("There are no videos here. Remove it.")
_SPEED = Sentence("Remove it: every picture is drawn as soon as it can be.")

ELSEWHERE = {
    "v": _MODEL,
    "version": _MODEL,
    "niji": _MODEL,
    "stylize": _GUIDANCE,
    "s": _GUIDANCE,
    "scale": _GUIDANCE,
    "chaos": _SEVERAL,
    "c": _SEVERAL,
    "n": _SEVERAL,
    "q": _STEPS,
    "quality": _STEPS,
    "stop": _STEPS,
    "sref": _PICTURE,
    "cref": _PICTURE,
    "oref": _PICTURE,
    "iw": _WEIGHT,
    "cw": _WEIGHT,
    "sw": _WEIGHT,
    "ow": _WEIGHT,
    "hd": _LARGER,
    "video": _STILL,
    "motion": _STILL,
    "loop": _STILL,
    "p": _NOTHING,
    "profile": _NOTHING,
    "exp": _NOTHING,
    "test": _NOTHING,
    "testp": _NOTHING,
    "sv": _NOTHING,
    "stealth": Sentence("To show a picture to nobody else, use `--private`."),
    "public": _NOTHING,
    "weird": Sentence("There's nothing like it here. Say in the prompt what should be strange."),
    "w": _SIZE,
    "h": _SIZE,
    "raw": Sentence("For a saved style, use `--style NAME`."),
    "fast": _SPEED,
    "relax": _SPEED,
    "turbo": _SPEED,
    "draft": _SPEED,
}
"""By the name of a flag that others have: what does the same here, or comes near."""


def plain(name: str) -> str:
    """The name of a flag as it is looked up: `--CFG_Scale` is `cfg-scale`."""
    return name.lower().replace("_", "-")


def unknown(name: str, known: Collection[str]) -> InvalidSetting:
    """The error for a flag called `name`, which is none of those that are `known`."""
    name = name[:_LONGEST]
    if instead := ELSEWHERE.get(plain(name)):
        return InvalidSetting("prompt", "There's no flag `--{name}`. {instead}", name=name, instead=instead)
    if alike := get_close_matches(name.lower(), known, n=1, cutoff=_ALIKE):
        return InvalidSetting(
            "prompt", "There's no flag `--{name}`. Did you mean `--{alike}`?", name=name, alike=alike[0]
        )
    return InvalidSetting(
        "prompt", "There's no flag `--{name}`. Remove it, or remove its dashes to keep the word.", name=name
    )
