"""A job: one request on its way to becoming pictures."""

from dataclasses import dataclass, fields
from enum import StrEnum

from generation.settings import GenerationSettings
from generation.upscaling import FACTOR, UpscalerName


class JobState(StrEnum):
    """Where a request stands. The first two are unfinished and survive a restart."""

    QUEUED = "queued"
    DRAWING = "drawing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DELETED = "deleted"

    @property
    def unfinished(self) -> bool:
        return self in (JobState.QUEUED, JobState.DRAWING)


@dataclass(frozen=True, slots=True)
class Inputs:
    """Pictures that a drawing starts from or listens to: files' bytes, empty where there is none."""

    image: bytes = b""
    """Where the drawing starts, instead of noise alone."""
    mask: bytes = b""
    """White where `image` is drawn anew, black where it stays."""
    control: bytes = b""
    """What a ControlNet keeps to."""
    image_prompt: bytes = b""
    """What an IP-Adapter hears beside the words."""
    second: bytes = b""
    third: bytes = b""
    fourth: bytes = b""
    """What is blended with the first picture: with `image_prompt`, else with `image`."""

    @property
    def blended(self) -> tuple[bytes, ...]:
        """The pictures that go with the first one."""
        return tuple(filter(None, (self.second, self.third, self.fourth)))

    @property
    def image_prompts(self) -> tuple[bytes, ...]:
        """All that is heard at once."""
        return (self.image_prompt, *self.blended) if self.image_prompt else ()

    def given(self) -> list[tuple[str, bytes]]:
        """Those that are there, each with its field's name."""
        return [(field.name, data) for field in fields(self) if (data := getattr(self, field.name))]


@dataclass(frozen=True, slots=True)
class Draw:
    """Draw `settings.count` pictures, or one for each of the `cells` of a sheet."""

    settings: GenerationSettings
    inputs: Inputs = Inputs()
    explained: bool = False
    """Whether the first picture is to be shown from the inside too; it is the same picture either way."""
    cells: tuple[GenerationSettings, ...] = ()
    """Of a sheet: what draws each picture, in place of `settings`; of any sizes, and all of the settings' model."""
    check: bool = False
    """Whether the safety checker is to look at the pictures."""

    @property
    def each(self) -> tuple[GenerationSettings, ...]:
        """The settings that draw each picture by itself."""
        return self.cells or tuple(self.settings.of_picture(index) for index in range(self.settings.count))

    @property
    def pictures(self) -> int:
        return len(self.cells) or self.settings.count

    @property
    def draws(self) -> bool:
        """True where the settings' model is at work in it."""
        return True


class Manner(StrEnum):
    """How an upscale treats what is to be seen."""

    SUBTLE = "subtle"
    """Sharper, and otherwise as it is."""
    CREATIVE = "creative"
    """Enlarged, then drawn over by the picture's model, which finds new detail."""


@dataclass(frozen=True, slots=True)
class Upscale:
    """Enlarge one finished picture. `picture` is a picture file's bytes, `settings` what drew it.

    `enlarged_before` is the factor by which it is already larger than it was drawn; `upscaler` what is to enlarge it.
    """

    settings: GenerationSettings
    picture: bytes
    factor: int = FACTOR
    enlarged_before: int = 1
    upscaler: UpscalerName = UpscalerName.AUTO
    manner: Manner = Manner.SUBTLE
    check: bool = False

    @property
    def total_factor(self) -> int:
        return self.factor * self.enlarged_before

    @property
    def pictures(self) -> int:
        return 1

    @property
    def draws(self) -> bool:
        return self.manner is Manner.CREATIVE


Task = Draw | Upscale


@dataclass(frozen=True, slots=True)
class Job:
    """A task with a name and an owner. The queue is fair between owners."""

    id: int
    owner: str
    task: Task
