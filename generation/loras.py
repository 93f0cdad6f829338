"""LoRAs (Hu et al., arXiv 2106.09685): tags in prompts, `<lora:name:0.8>`, and the ones that a host offers.

A LoRA is a small file that changes a model's weights towards a style or a subject.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from errno import ENOTDIR
from pathlib import Path

from generation import names
from generation.errors import InvalidSetting, UnknownLora, UserError
from generation.sentences import Sentence
from generation.settings import LORA_SCALE, LORAS

_TAG = re.compile(r"<lora:(?P<name>[^<>:]*)(?::(?P<scales>[^<>]*))?>", re.IGNORECASE)

_RESERVED = r"[<>:,\n]"

SUFFIX = ".safetensors"

_OPENING = re.compile(r"<lora:|--lora(?=\s)", re.IGNORECASE)
"""The beginning of a LoRA's tag or flag."""

_NAME = re.compile(r"[^<>:]*+")


@dataclass(frozen=True, slots=True, order=True)
class Lora:
    """A LoRA to apply, with its scales for the UNet and the text encoder. 0 is none, 1 is full strength, and negative
    scales apply the opposite."""

    name: str
    scale: float = 1.0
    text_scale: float = 1.0


LoraSet = tuple[Lora, ...]
"""The LoRAs of one picture, sorted by name, each once."""


@dataclass(frozen=True, slots=True)
class LoraSpec:
    """A LoRA's name, its file, and its trigger words."""

    name: str
    file: Path
    words: str = ""
    models: tuple[str, ...] = ()
    """The models it is for. If empty, all."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", names.normal(self.name))
        object.__setattr__(self, "models", tuple(map(names.normal, self.models)))
        names.check_visible(self.name)
        if re.search(_RESERVED, self.name):
            raise InvalidSetting("name", "A LoRA's name can't contain a colon, a comma, < or >.")
        if self.file.suffix != SUFFIX:
            raise InvalidSetting("file", f"A LoRA must be a {SUFFIX} file: other formats can run code.")

    def fits(self, model: str) -> bool:
        return not self.models or model in self.models


def read(prompt: str) -> tuple[str, LoraSet]:
    """Split a prompt into its words and its LoRAs. The scales of a LoRA that is named twice add up.

    `<lora:name>` has scale 1. In `<lora:name:0.5:0.8>` the first number is for the text encoder and the second for the
    UNet, as in A1111. Raises `InvalidSetting`.
    """
    found: dict[str, Lora] = {}
    for match in _TAG.finditer(prompt):
        lora = _lora(match)
        if before := found.get(lora.name):
            lora = Lora(lora.name, lora.scale + before.scale, lora.text_scale + before.text_scale)
        found[lora.name] = lora
    if len(found) > LORAS.high:
        raise InvalidSetting(
            "prompt",
            Sentence("The prompt has {number} LoRAs, and {most} is the maximum.", number=len(found), most=LORAS.high),
        )
    words = apart(prompt)[0] if found else prompt
    return words, tuple(sorted(lora for lora in found.values() if lora.scale or lora.text_scale))


def apart(prompt: str) -> tuple[str, list[str]]:
    """A prompt without its tags, and the tags as typed."""
    return re.sub(r"[ \t]{2,}", " ", _TAG.sub("", prompt)).strip(), [match[0] for match in _TAG.finditer(prompt)]


def tag(name: str, scale: float = 1.0) -> str:
    """The tag of a LoRA in a prompt."""
    return f"<lora:{name}:{scale:g}>"


def files_in(folder: Path) -> list[Path]:
    """The LoRA files in a folder and below it, except for names that a tag cannot contain. Raises `OSError`."""
    if not folder.is_dir():
        raise NotADirectoryError(ENOTDIR, "there is no such folder")
    return [file for file in sorted(folder.rglob(f"*{SUFFIX}")) if not re.search(_RESERVED, file.stem)]


class Loras:
    """The LoRAs of a host, by name."""

    def __init__(self, specs: Iterable[LoraSpec] = ()) -> None:
        self._specs = {names.key(spec.name): spec for spec in specs}

    def __iter__(self) -> Iterator[LoraSpec]:
        return iter(self._specs.values())

    def get(self, name: str, model: str) -> LoraSpec:
        """The LoRA called `name`, in any case, for `model`. Raises `UnknownLora` with the nearest names."""
        spec = self._specs.get(names.key(name))
        if spec is None:
            raise UnknownLora(name, self._nearest(name, self.of(model)))
        if not spec.fits(model):
            raise UnknownLora(name, self._nearest(name, self.of(model)), model)
        return spec

    def of(self, model: str) -> list[LoraSpec]:
        """The LoRAs for a model."""
        return [spec for spec in self if spec.fits(model)]

    def check(self, prompt: str, model: str) -> list[LoraSpec]:
        """The LoRAs in a prompt. Raises `UserError` unless all of them are for `model`."""
        return [self.get(lora.name, model) for lora in read(prompt)[1]]

    def without_others(self, prompt: str, model: str, allowed: Callable[[str], bool]) -> str:
        """A prompt without the tags of LoRAs that are not for `model`, or not `allowed` by name."""

        def kept(match: "re.Match[str]") -> str:
            try:
                spec = self.get(_lora(match).name, model)
            except UserError:
                return ""
            return match[0] if allowed(spec.name) else ""

        return re.sub(r"[ \t]{2,}", " ", _TAG.sub(kept, prompt)).strip(" ,")

    def with_words(self, prompt: str, model: str) -> str:
        """Add the trigger words of a prompt's LoRAs, where they are missing. Raises `UserError` as `check` does."""
        for spec in self.check(prompt, model):
            if names.key(spec.words) not in names.key(prompt):
                prompt = f"{prompt}, {spec.words}"
        return prompt

    def completions(self, text: str, model: str) -> list[tuple[str, str]]:
        """Completions for a text that ends in an unfinished LoRA: the name of each match, and the completed text."""
        opened = _opened(text)
        if opened is None:
            return []
        typed = names.key(text[opened.end() :])
        before = text[: opened.start()]
        return [
            (spec.name, before + (tag(spec.name) if opened[0].startswith("<") else f"--lora {spec.name}:1"))
            for spec in self.of(model)
            if typed in names.key(spec.name)
        ]

    @staticmethod
    def _nearest(name: str, specs: Collection[LoraSpec]) -> list[str]:
        wanted, known = names.key(name), {names.key(spec.name): spec.name for spec in specs}
        close = get_close_matches(wanted, known, n=3, cutoff=0.5)
        holding = [each for each in known if wanted and wanted in each]
        return [known[each] for each in dict.fromkeys([*close, *holding])][:3]


def _opened(text: str) -> "re.Match[str] | None":
    """The first beginning of a LoRA whose name reaches the end of the text. Reads each character at most twice."""
    reached = 0
    for opening in _OPENING.finditer(text):
        if opening.end() < reached:
            continue
        name = _NAME.match(text, opening.end())
        reached = name.end() if name else opening.end()
        if reached == len(text):
            return opening
    return None


def _lora(match: "re.Match[str]") -> Lora:
    name = match["name"].strip()
    try:
        scales = [float(scale) for scale in match["scales"].split(":")] if match["scales"] is not None else [1.0]
        [text_scale, scale] = scales if len(scales) == 2 else scales * 2
    except ValueError:
        wrong = Sentence(
            "The strength in “{tag}” must be a number, for example `{example}`.",
            tag=match[0][:60],
            example=tag(name[:40], 0.8),
        )
        raise InvalidSetting("prompt", wrong) from None
    LORA_SCALE.check("lora_strength", scale)
    LORA_SCALE.check("lora_strength", text_scale)
    return Lora(names.key(name), scale, text_scale)
