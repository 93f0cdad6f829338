"""Jobs: requests in a form that workers run."""

from dataclasses import dataclass, fields
from enum import StrEnum

from generation import controls
from generation.settings import GenerationSettings
from generation.upscaling import FACTOR, UpscalerName

IMAGE_PROMPTS = ("image_prompt", "second", "third", "fourth")
"""The fields of `Inputs` with pictures for an IP-Adapter, or to look at."""


class JobState(StrEnum):
    """The state of a request. The first two are unfinished and continue after a restart."""

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
    """Input pictures as file bytes; empty where there is none."""

    image: bytes = b""
    """The start picture of image to image."""
    mask: bytes = b""
    """White where `image` is repainted, black where it is kept."""
    control: bytes = b""
    """The ControlNet's picture."""
    image_prompt: bytes = b""
    """The IP-Adapter's picture."""
    second: bytes = b""
    third: bytes = b""
    fourth: bytes = b""
    """Pictures to blend with the first one, which is `image_prompt` or else `image`."""
    second_control: bytes = b""
    third_control: bytes = b""
    """More pictures for ControlNets, beside `control`."""
    style_image: bytes = b""
    """The picture whose style alone the IP-Adapter takes."""

    @property
    def blended(self) -> tuple[bytes, ...]:
        """The pictures to blend with the first one."""
        return tuple(filter(None, (self.second, self.third, self.fourth)))

    @property
    def controls(self) -> tuple[bytes, ...]:
        """All pictures for ControlNets, in the order of the settings' controls."""
        return tuple(filter(None, (getattr(self, role) for role in controls.ROLES)))

    @property
    def image_prompts(self) -> tuple[bytes, ...]:
        """All pictures for the IP-Adapter."""
        return (self.image_prompt, *self.blended) if self.image_prompt else ()

    @property
    def roles(self) -> list[str]:
        """The fields of the pictures that are given."""
        return [role for role, _ in self.given()]

    def given(self) -> list[tuple[str, bytes]]:
        """The pictures that are given, each with its field's name."""
        return [(field.name, data) for field in fields(self) if (data := getattr(self, field.name))]


@dataclass(frozen=True, slots=True)
class Draw:
    """Generate `settings.count` pictures, or one for each of the `cells`."""

    settings: GenerationSettings
    inputs: Inputs = Inputs()
    explained: bool = False
    """True to record an explanation of the first picture. Its pixels are the same either way."""
    cells: tuple[GenerationSettings, ...] = ()
    """The settings of each picture, instead of `settings`. Sizes may differ; the model is that of `settings`."""
    check: bool = False
    """True to run the safety checker on the pictures."""
    weights: tuple[float, ...] = ()
    """The scale of each image prompt, in their order; empty where their mean has the settings' scale."""

    @property
    def each(self) -> tuple[GenerationSettings, ...]:
        """The settings of each picture by itself."""
        return self.cells or tuple(self.settings.of_picture(index) for index in range(self.settings.count))

    @property
    def pictures(self) -> int:
        return len(self.cells) or self.settings.count

    @property
    def draws(self) -> bool:
        """True where the task needs the settings' model."""
        return True


class Manner(StrEnum):
    """How an upscale treats the content of a picture."""

    SUBTLE = "subtle"
    """Enlarge only."""
    CREATIVE = "creative"
    """Enlarge, then let the picture's model add new detail."""


@dataclass(frozen=True, slots=True)
class Upscale:
    """Enlarge one finished picture: `picture` is its file's bytes, `settings` are those it was generated with.

    `enlarged_before` is the factor of earlier upscales.
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
    """A task with an id and an owner. The queue is fair between owners."""

    id: int
    owner: str
    task: Task
