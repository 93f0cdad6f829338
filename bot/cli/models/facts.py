"""What is known of a model before it is downloaded."""

from dataclasses import dataclass, field

from generation.licences import UNSTATED, Licence
from generation.usual_settings import Settings


@dataclass(frozen=True, slots=True)
class Facts:
    """A model that can be added."""

    title: str
    """What it is called where it comes from, and what it is."""
    source: str
    """The `source` of its section."""
    settings: Settings = field(default_factory=dict)
    """The other lines of its section."""
    address: str = ""
    """Where its file is downloaded from; empty for a local one, and for a repository of the hub."""
    licence: Licence = UNSTATED
    size: int | None = None
    """Of its weights, in bytes; None if nobody says."""
    notes: tuple[str, ...] = ()
    """Sentences for the host: what else is needed."""
