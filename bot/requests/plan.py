"""A request that has passed every check and is not saved yet."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.policy.requester import Requester
from generation import cost
from generation.comparison import Axis
from generation.jobs import Inputs
from generation.pace import Work
from generation.settings import GenerationSettings, Limits
from storage.records import NO_FILES, Action, InputFiles, Lineage


@dataclass(frozen=True, slots=True)
class Plan:
    """A request that has passed every check and is not saved yet."""

    requester: Requester
    settings: GenerationSettings
    lineage: Lineage
    limits: Limits
    """What its asker is held to."""
    factor: int = 1
    inputs: Inputs = field(default_factory=Inputs)
    """Pictures to start from that are not saved yet."""
    prepare: Callable[[], Awaitable[Inputs]] | None = None
    """Makes such pictures, where that takes its time."""
    files: InputFiles = NO_FILES
    """Such as are saved already."""
    cells: tuple[GenerationSettings, ...] = ()
    """Of a sheet: what draws each of its pictures."""
    axes: tuple[Axis, ...] = ()
    """Of a comparison: what its cells differ in."""
    size_open: bool = False
    """True where nobody named a size: a picture to start from may give its own aspect."""
    picture_as: tuple[str, ...] = ("image",)
    """What a picture is for that is given with the words, as fields of `Inputs`."""
    from_picture: bool = False
    """Whether it starts from another picture, there already or not."""
    redrawn: Work | None = None
    """Of a creative upscale: what is drawn over the enlarged picture."""
    private: bool = False
    spoiler: bool = False
    """What flags say of whoever may see it, beside the command's own options."""

    @property
    def draws(self) -> bool:
        """False for what costs no steps."""
        return self.lineage.action is not Action.UPSCALE

    @property
    def drawn(self) -> tuple[GenerationSettings, ...]:
        """What it draws: one request's pictures, or each cell."""
        return self.cells or (self.settings,)

    @property
    def models(self) -> tuple[str, ...]:
        """Those that draw it."""
        return tuple(dict.fromkeys(each.model for each in self.drawn))

    @property
    def work(self) -> Work:
        """What is to be drawn."""
        return self.redrawn or Work(self.settings, self.from_picture, self.cells)

    @property
    def charged(self) -> int:
        """The steps that count against a budget."""
        explained = cost.EXPLAINED if self.lineage.action is Action.EXPLAIN else 0
        return self.work.charged + explained if self.draws else 0
