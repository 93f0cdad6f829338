"""A request that has passed every check and is not saved yet."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.policy.request_context import NsfwHandling, RequestContext
from bot.requests import pending, picture_roles
from bot.requests.pending import Pending
from generation import cost
from generation.comparison import Axis
from generation.jobs import Inputs
from generation.pace import Work
from generation.settings import GenerationSettings, Limits
from storage.records import NO_FILES, Ignored, InputFiles, Lineage, NewRequest, NsfwPolicy, Origin


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is saved of a request, and what it takes to save it."""

    context: RequestContext
    settings: GenerationSettings
    lineage: Lineage
    limits: Limits
    """The limits that its person has here."""
    factor: int = 1
    """How many times larger than drawn its pictures become."""
    inputs: Inputs = field(default_factory=Inputs)
    """Start pictures, masks and references that are not saved yet."""
    pending: Pending | None = None
    """The work that is left once it is saved."""
    source: str | None = None
    """Of an upscale or a cut-out: the file that it is made of."""
    files: InputFiles = NO_FILES
    """Inputs that are saved already."""
    cells: tuple[GenerationSettings, ...] = ()
    """The settings of each picture of a sheet."""
    axes: tuple[Axis, ...] = ()
    """The settings that a comparison varies."""
    size_open: bool = False
    """True where nobody named a size, so that a start picture may give its shape."""
    picture_as: Mapping[str, int] = field(default_factory=lambda: picture_roles.FIRST_PICTURE)
    """The roles of the pictures that are given with the prompt, as fields of `Inputs`: which picture has each."""
    from_picture: bool = False
    """True where it starts from another picture, whether that is here yet or not."""
    redrawn: Work | None = None
    """The work of a creative upscale: drawing over the enlarged picture."""
    ignored: tuple[Ignored, ...] = ()
    """What has no effect."""
    private: bool = False
    """True where a flag of the prompt says so, beside the command's own option."""
    spoiler: bool = False
    typed: str | None = None
    """The prompt before its random choices were made; None where it has none."""
    added: str = ""
    """What looks have added to the prompt."""

    @property
    def draws(self) -> bool:
        """False for what costs no steps."""
        return self.lineage.action.draws

    @property
    def drawn(self) -> tuple[GenerationSettings, ...]:
        """The settings of each thing it draws: of the request, or of every cell."""
        return self.cells or (self.settings,)

    @property
    def models(self) -> tuple[str, ...]:
        """The models that draw it."""
        return tuple(dict.fromkeys(each.model for each in self.drawn))

    @property
    def nsfw(self) -> NsfwHandling:
        """The strictest handling that any of its models needs here."""
        handlings = [self.context.nsfw(name) for name in self.models]
        strictest = max((each.guard for each in handlings), key=list(NsfwPolicy).index)
        return NsfwHandling(any(each.spoiler for each in handlings), strictest)

    @property
    def work(self) -> Work:
        """The work for a worker."""
        return self.redrawn or Work(self.settings, self.from_picture, self.cells)

    @property
    def charged(self) -> int:
        """The steps that budgets charge."""
        explained = cost.EXPLAINED if self.lineage.action.shows_steps else 0
        return self.work.charged + explained if self.draws else 0

    def to_save(self, origin: Origin) -> NewRequest:
        """Everything that is saved of it, with how its pictures are covered."""
        nsfw = self.nsfw
        return NewRequest(
            replace(origin, spoiler=origin.spoiler or nsfw.spoiler, guard=nsfw.guard),
            self.settings,
            self.lineage,
            self.factor,
            self.files,
            self.cells,
            self.axes,
            charged=self.charged,
            source=self.source,
            pending=pending.to_document(self.pending) if self.pending else None,
            ignored=self.ignored,
            typed=self.typed,
        )
