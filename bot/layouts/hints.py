"""Hints in words."""

from generation.settings import GenerationSettings
from storage.records import Hint


def hint_line(hint: Hint, settings: GenerationSettings) -> str:
    """One quiet line: what a setting costs, and what the model likes."""
    return f"-# 💡 {_sentence(hint, settings)}"


def _sentence(hint: Hint, settings: GenerationSettings) -> str:
    match hint.setting:
        case "steps":
            return (
                f"{settings.steps} steps take {_times(settings.steps / int(hint.usual))} as long as the {hint.usual} "
                "that this model likes, and seldom look better."
            )
        case "size":
            return _size(hint.usual, settings)
    return (
        f"Guidance {settings.guidance_scale:g} costs no time, but colours burn and shapes harden. This model likes "
        f"about {hint.usual}."
    )


def _size(usual: str, settings: GenerationSettings) -> str:
    width, height = map(int, usual.split("×"))
    share = settings.width * settings.height / (width * height)
    own = f"{settings.width}×{settings.height}"
    if share < 1:
        return f"{own} leaves little room: this model learned at {usual}, and smaller pictures lose their shapes."
    return (
        f"{own} is {_times(share)} the work of the {usual} that this model learned at, and things may come twice. "
        f"Draw at {usual}, then choose Refine under More…"
    )


def _times(factor: float) -> str:
    return f"{factor:.1f}".removesuffix(".0") + " times"
