"""Everything that one command asks for, as a document that outlives the process."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from bot.requests.picture_roles import BY_FLAGS
from generation import controls
from generation.comparison import Parameter
from generation.settings import PartialSettings, Sampler, Schedule


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """One or more pictures for each of its prompts; with `of_seed`, one figure for all of them."""

    prompts: list[str]
    seed: int | None
    chosen: PartialSettings
    private: bool = False
    spoiler: bool = False
    image_urls: tuple[str, ...] = ()
    """The addresses of the pictures that it starts from."""
    roles: tuple[str, ...] = ()
    """The role of each as a field of `Inputs`, where options named them; empty where flags of the prompt decide."""
    blended: bool = False
    """True for `/blend`, whose prompt may be empty."""
    edited: bool = False
    """True for `/edit`, whose prompt says what to change of the first picture."""
    explained: bool = False
    """True for `/explain`."""
    of_seed: bool = False
    """True for `/seed`."""
    compared: Mapping[Parameter, str] = field(default_factory=dict)
    """The settings to compare, with their values as typed. An empty text leaves the values to the bot."""
    unpaired: bool = False
    """True where a brace of the typed prompt has no partner."""
    looks: tuple[tuple[str, float | None], ...] = ()
    """The names of the looks that it draws with, each with its weight where one was given."""
    typed: list[str] = field(default_factory=list)
    """Each prompt before its random choices were made, "" where it has none; empty where no prompt has any."""

    @property
    def given(self) -> tuple[str, ...]:
        """The role of each given picture, or `picture_roles.BY_FLAGS`."""
        return self.roles or (BY_FLAGS,) * len(self.image_urls)

    @property
    def each(self) -> "list[PictureRequest]":
        """What makes one plan each."""
        if self.of_seed:
            return [self]
        typed = self.typed or [""] * len(self.prompts)
        return [replace(self, prompts=[prompt], typed=[own]) for prompt, own in zip(self.prompts, typed, strict=True)]

    def to_document(self) -> dict[str, Any]:
        """The request as JSON can hold it; `of_document` reads it back."""
        chosen = self.chosen.given()
        if self.chosen.controls is not None:
            chosen["controls"] = [asdict(each) for each in self.chosen.controls]
        return {each.name: getattr(self, each.name) for each in fields(self)} | {"chosen": chosen}

    @classmethod
    def of_document(cls, document: dict[str, Any]) -> "PictureRequest":
        chosen = document["chosen"]
        if "sampler" in chosen:
            chosen["sampler"] = Sampler(chosen["sampler"])
        if "schedule" in chosen:
            chosen["schedule"] = Schedule(chosen["schedule"])
        if "controls" in chosen:
            chosen["controls"] = controls.of_documents(chosen["controls"])
        return cls(
            **document
            | {
                "chosen": PartialSettings(**chosen),
                "compared": {Parameter(name): values for name, values in document["compared"].items()},
                "image_urls": tuple(document["image_urls"]),
                "roles": tuple(document.get("roles", ())),
                "looks": tuple((name, weight) for name, weight in document.get("looks", ())),
            }
        )
