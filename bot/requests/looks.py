"""What looks add to a request, by what its model can do: pictures to look at, image prompts, LoRAs, and words."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from bot.policy.look_book import ChosenLook
from generation import abilities, loras, names
from generation.abilities import Abilities
from generation.catalogue import Catalogue, ModelSpec
from generation.errors import Unsuitable
from generation.jobs import IMAGE_PROMPTS
from generation.prompts import framing
from storage.look_records import UsedLook
from storage.records import Ignored, IgnoredPart, InputFiles


@dataclass(frozen=True, slots=True)
class PlacedPicture:
    """A picture of a look, the role that it takes, and its share of the look's weight."""

    chosen: ChosenLook
    file: str
    role: str
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class LookUse:
    """What looks add: words and tags of LoRAs for the end of the prompt, pictures in their roles, and what is left
    out."""

    words: str = ""
    tags: tuple[str, ...] = ()
    pictures: tuple[PlacedPicture, ...] = ()
    ignored: tuple[Ignored, ...] = ()

    def added_to(self, prompt: str) -> str:
        """A prompt, without its flags, followed by the words and tags."""
        words = framing.followed(prompt, self.words) if prompt and self.words else prompt or self.words
        return " ".join([words, *self.tags])

    @property
    def roles(self) -> tuple[str, ...]:
        return tuple(each.role for each in self.pictures)

    def files(self, scale: float) -> InputFiles:
        """The files of a request; `scale` is the weight of looks without one of their own."""
        looks = [
            UsedLook(
                each.role,
                (scale if each.chosen.weight is None else each.chosen.weight) * each.share,
                each.chosen.look.audience,
            )
            for each in self.pictures
        ]
        return InputFiles(**{each.role: each.file for each in self.pictures}, looks=tuple(looks))


def used(chosen: Sequence[ChosenLook], model: ModelSpec, catalogue: Catalogue, given: Collection[str]) -> LookUse:
    """What looks add to a request of a model, beside pictures that are `given` in these roles. Raises `Unsuitable`
    where the model can use nothing of one."""
    able = abilities.of(model)
    free = _free_roles(able, given) if sees(able) and not model.is_workflow else []
    placed = _placed([each for each in chosen if each.look.files], free)
    seen = {each.chosen.look.id for each in placed}
    tags, ignored = [], []
    for each in chosen:
        if each.look.id in seen:
            continue
        if each.look.lora and _fits(each.look.lora, model, able, catalogue):
            tags.append(loras.tag(each.look.lora, 1 if each.weight is None else each.weight))
        elif not each.look.words:
            raise Unsuitable(
                "{model} can't use the look “{name}”: choose a model that takes pictures as prompts, or give the look "
                "words.",
                model=model.name,
                name=each.look.name,
            )
        else:
            ignored.append(Ignored(IgnoredPart.LOOK))
    if seen and len(placed) < sum(len(each.look.files) for each in chosen):
        ignored.append(Ignored(IgnoredPart.LOOK_PICTURES, str(len(placed))))
    if not able.image_prompt and any(each.chosen.weight is not None for each in placed):
        ignored.append(Ignored(IgnoredPart.LOOK_WEIGHT))
    words = ", ".join(filter(None, (each.look.words for each in chosen)))
    return LookUse(words, tuple(tags), tuple(placed), tuple(dict.fromkeys(ignored)))


def sees(able: Abilities) -> bool:
    """True for a model that takes the pictures of looks: to look at, or by its IP-Adapter."""
    return able.image_prompt or looks_at(able) > 0


def looks_at(able: Abilities) -> int:
    """How many pictures a model looks at that describe what is new; InstructPix2Pix changes what it looks at."""
    return 0 if able.emphasis else able.references


def _free_roles(able: Abilities, given: Collection[str]) -> list[str]:
    """The roles that are left for pictures of looks."""
    free = [role for role in IMAGE_PROMPTS if role not in given]
    return free if able.image_prompt else free[: max(looks_at(able) - len({"image", *IMAGE_PROMPTS} & set(given)), 0)]


def _placed(chosen: Sequence[ChosenLook], roles: Sequence[str]) -> list[PlacedPicture]:
    """The pictures that get a role: the first ones of all looks before the second ones."""
    pictures = [(index, file, each) for each in chosen for index, file in enumerate(each.look.files)]
    pictures.sort(key=lambda each: each[0])
    placed = [PlacedPicture(each, file, role) for role, (_, file, each) in zip(roles, pictures, strict=False)]
    of_looks = [each.chosen.look.id for each in placed]
    return [replace(each, share=1 / of_looks.count(each.chosen.look.id)) for each in placed]


def _fits(lora: str, model: ModelSpec, able: Abilities, catalogue: Catalogue) -> bool:
    """True where the model can draw with a LoRA that the host still has."""
    return able.loras and any(names.key(each.name) == names.key(lora) for each in catalogue.loras.of(model.name))
