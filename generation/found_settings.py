"""Settings that a picture carries, whichever tool wrote them, as near as they can be drawn here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import floor
from typing import Any, TypeVar

from generation import sampler_names
from generation.settings import NUMBERS, SEED, SIZE, Bounds, GenerationSettings, PartialSettings, Sampler, Schedule

_USUAL = GenerationSettings(prompt="a picture", seed=0, model="", width=512, height=512)

_CALLED = {"guidance_scale": "cfg", "clip_skip": "clip", "hires_factor": "hires"}
"""The flags of settings that aren't called as their flag is."""

_OTHERS = (
    "guidance_scale",
    "clip_skip",
    "variation_strength",
    "guidance_rescale",
    "guidance_start",
    "guidance_end",
    "denoising_strength",
    "hires_strength",
    "control_scale",
    "image_prompt_scale",
    "style_scale",
)
"""Numbers whose bounds depend on nothing else."""

_SHOWN = 40
"""Characters of a value that was replaced."""


_Near = TypeVar("_Near")


@dataclass(frozen=True, slots=True)
class FoundSettings:
    """Settings that a picture carries. `prompt` may be empty. `changed` tells the values that were replaced by what can
    be drawn here, such as "steps 200 → 150"; it is empty where none was."""

    prompt: str
    seed: int
    others: PartialSettings
    changed: str = ""
    step_cache: bool = True

    def complete(self, prompt: str = "") -> GenerationSettings:
        """All settings, with another `prompt` if one is given. Raises `InvalidSetting` for an empty or long prompt."""
        return replace(self.others.of(prompt or self.prompt, self.seed), step_cache=self.step_cache)


def found(prompt: str, written: Mapping[str, Any], picture: tuple[int, int] | None = None) -> FoundSettings:
    """Settings from values as a tool wrote them, by the fields of `GenerationSettings`.

    Numbers may be text; sampler and schedule have any tool's names. Missing values are the usual ones, and a missing
    size is that of the `picture`, in pixels. Raises `ValueError`, `TypeError` and `OverflowError` for what is no value.
    """
    near = _Nearest({field: value for field, value in written.items() if value is not None})
    sampler, schedule = near.sampler_and_schedule()
    width, height = near.size("width", "height") or _nearest_size(*picture or (_USUAL.width, _USUAL.height))
    seed_width, seed_height = near.size("seed_width", "seed_height") or (0, 0)
    others = PartialSettings(
        model=text_of(written.get("model") or "").strip(),
        negative_prompt=text_of(written.get("negative_prompt") or ""),
        sampler=sampler,
        schedule=schedule,
        width=width,
        height=height,
        seed_width=seed_width,
        seed_height=seed_height,
        variation_seed=near.seed("variation_seed"),
        tile=written.get("tile") == "True",
        faces=written.get("faces") == "True",
        steps=near.number("steps", sampler.steps),
        hires_factor=near.hires_factor(width, height),
        **{field: near.number(field, NUMBERS[field]) for field in _OTHERS},
    )
    seed = near.seed("seed")
    is_cached = written.get("step_cache") != "off"
    return FoundSettings(text_of(prompt), seed, others, ", ".join(near.changes), is_cached)


def text_of(value: object) -> str:
    """A text without halves of characters, which can be neither stored nor sent. Raises `TypeError`."""
    if not isinstance(value, str):
        raise TypeError(f"not a text: {type(value).__name__}")
    return value.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _nearest_size(width: int, height: int) -> tuple[int, int]:
    """The nearest size that can be drawn, in about the same aspect."""
    grid = SIZE.multiple_of
    factor = min(1, SIZE.high / max(width, height, 1))
    across, down = (max(SIZE.low, round(side * factor / grid) * grid) for side in (width, height))
    return across, down


class _Nearest:
    """Reads written values as the nearest that can be drawn, and notes the `changes`."""

    def __init__(self, written: Mapping[str, Any]) -> None:
        self._written = written
        self.changes: list[str] = []

    def number(self, field: str, bounds: Bounds) -> Any:
        """A number within `bounds`; the usual one where none was written."""
        usual = getattr(_USUAL, field)
        if field not in self._written:
            return min(usual, bounds.high)
        written = self._written[field]
        value = _whole(written) if isinstance(usual, int) else float(written)
        if value != value:
            raise ValueError(f"no number: {field}")
        return self._noted(field, written, value, min(max(value, bounds.low), bounds.high))

    def hires_factor(self, width: int, height: int) -> float:
        """The factor, or less where the picture would be too large."""
        factor: float = self.number("hires_factor", NUMBERS["hires_factor"])
        room = floor(100 * SIZE.high / max(width, height)) / 100
        return self._noted("hires_factor", f"{factor:g}", factor, min(factor, room))

    def seed(self, field: str) -> int:
        """A seed. Of a larger one, torch's generator on the CPU reads the lowest 32 bits alone, so that these give the
        same noise and nothing is changed."""
        return _whole(self._written.get(field, 0)) % (SEED.high + 1)

    def size(self, across: str, down: str) -> tuple[int, int] | None:
        """A size; None where none was written."""
        width, height = (max(0, _whole(self._written.get(side, 0))) for side in (across, down))
        if not (width and height):
            return None
        return self._noted("size", f"{width}×{height}", (width, height), _nearest_size(width, height), "{0[0]}×{0[1]}")

    def sampler_and_schedule(self) -> tuple[Sampler, Schedule]:
        """The sampler and the noise schedule. Older tools wrote the schedule behind the sampler's name."""
        name, levels = str(self._written.get("sampler", "")), str(self._written.get("schedule", ""))
        known = sampler_names.sampler(name)
        sampler, in_name = known or (_USUAL.sampler, Schedule.SAMPLER)
        if name and not known:
            self._noted("sampler", name, name, sampler)
        named = sampler_names.schedule(levels) if levels else in_name
        schedule = named if named in sampler.schedules else Schedule.SAMPLER
        if sampler is not Sampler.OWN:
            self._noted("schedule", levels or in_name, named, schedule)
        return sampler, schedule

    def _noted(self, field: str, written: object, read: object, near: _Near, form: str = "{0}") -> _Near:
        """`near`, once it is noted where it is not what was `read`."""
        if near != read:
            shown = form.format(f"{near:g}" if isinstance(near, float) else near)
            self.changes.append(f"{_CALLED.get(field, field.replace('_', ' '))} {str(written)[:_SHOWN]} → {shown}")
        return near


def _whole(written: Any) -> int:
    return int(written) if isinstance(written, (int, str)) else int(float(written))
