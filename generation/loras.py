"""LoRAs: what a prompt says of them, `<lora:name:0.8>`, and which there are.

A LoRA (Hu et al., arXiv 2106.09685) is a small file that changes a model's weights towards a style or a subject.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from errno import ENOTDIR
from pathlib import Path

from generation.errors import InvalidSetting, UnknownLora
from generation.sentences import Sentence
from generation.settings import LORA_SCALE, LORAS

_TAG = re.compile(r"<lora:(?P<name>[^<>:]*)(?::(?P<scales>[^<>]*))?>", re.IGNORECASE)

_RESERVED = r"[<>:,\n]"

SUFFIX = ".safetensors"

_OPENED = re.compile(r"(?:(?P<tag><lora:)|(?P<flag>--lora\s+))(?P<name>[^<>:]*)$", re.IGNORECASE)
"""What somebody types who is about to name a LoRA, at the end of a text."""


@dataclass(frozen=True, slots=True, order=True)
class Lora:
    """A LoRA at work: how much of it is added to the UNet and to the text encoder. 0 is none, 1 all, and a negative
    number its opposite."""

    name: str
    scale: float = 1.0
    text_scale: float = 1.0


LoraSet = tuple[Lora, ...]
"""Those that one picture is drawn with, sorted by name, each once."""


@dataclass(frozen=True, slots=True)
class LoraSpec:
    """A LoRA by name: its file, and for people the words it listens to."""

    name: str
    file: Path
    words: str = ""
    models: tuple[str, ...] = ()
    """The models it is for; all, where none is named."""

    def __post_init__(self) -> None:
        if not self.name.strip() or re.search(_RESERVED, self.name):
            raise InvalidSetting("name", "A LoRA's name is written between colons: it can have none, no <, > or comma.")
        if self.file.suffix != SUFFIX:
            raise InvalidSetting("file", f"LoRAs are read from {SUFFIX} files only: others could run code.")

    def fits(self, model: str) -> bool:
        return not self.models or model in self.models


def read(prompt: str) -> tuple[str, LoraSet]:
    """A prompt's words without its tags, and the LoRAs they name; of one that is named twice the strengths add up.

    `<lora:name>` is at full strength; of `<lora:name:0.5:0.8>` the first number is for the text encoder, the second for
    the UNet, as A1111 has it. Raises `InvalidSetting`.
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
    words = re.sub(r"[ \t]{2,}", " ", _TAG.sub("", prompt)).strip() if found else prompt
    return words, tuple(sorted(lora for lora in found.values() if lora.scale or lora.text_scale))


def tag(name: str, scale: float = 1.0) -> str:
    """What names a LoRA in a prompt."""
    return f"<lora:{name}:{scale:g}>"


def files_in(folder: Path) -> list[Path]:
    """The weights in a folder and in those in it; without those whose name no prompt can write. Raises `OSError`."""
    if not folder.is_dir():
        raise NotADirectoryError(ENOTDIR, "there is no such folder")
    return [file for file in sorted(folder.rglob(f"*{SUFFIX}")) if not re.search(_RESERVED, file.stem)]


class Loras:
    """The LoRAs by name."""

    def __init__(self, specs: Iterable[LoraSpec] = ()) -> None:
        self._specs = {spec.name.lower(): spec for spec in specs}

    def __iter__(self) -> Iterator[LoraSpec]:
        return iter(self._specs.values())

    def get(self, name: str, model: str) -> LoraSpec:
        """The LoRA called `name`, in letters of any case, for `model`; raises `UnknownLora` with the nearest names."""
        spec = self._specs.get(name.strip().lower())
        if spec is None:
            raise UnknownLora(name, self._nearest(name, self.of(model)))
        if not spec.fits(model):
            raise UnknownLora(name, self._nearest(name, self.of(model)), model)
        return spec

    def of(self, model: str) -> list[LoraSpec]:
        """Those that are for a model."""
        return [spec for spec in self if spec.fits(model)]

    def check(self, prompt: str, model: str) -> list[LoraSpec]:
        """The LoRAs that a prompt names. Raises `UserError` unless `model` can be drawn with all of them."""
        return [self.get(lora.name, model) for lora in read(prompt)[1]]

    def with_words(self, prompt: str, model: str) -> str:
        """A prompt with the words that its LoRAs listen to, where it lacks them. Raises `UserError` as `check` does."""
        for spec in self.check(prompt, model):
            if spec.words.lower() not in prompt.lower():
                prompt = f"{prompt}, {spec.words}"
        return prompt

    def completions(self, text: str, model: str) -> list[tuple[str, str]]:
        """The ways to end a text that breaks off while it names a LoRA: each LoRA's name, and the whole text then."""
        opened = _OPENED.search(text)
        if opened is None:
            return []
        typed = opened["name"].strip().lower()
        before = text[: opened.start()]
        return [
            (spec.name, before + (tag(spec.name) if opened["tag"] else f"--lora {spec.name}:1"))
            for spec in self.of(model)
            if typed in spec.name.lower()
        ]

    @staticmethod
    def _nearest(name: str, specs: Collection[LoraSpec]) -> list[str]:
        names = {spec.name.lower(): spec.name for spec in specs}
        close = get_close_matches(name.lower(), names, n=3, cutoff=0.5)
        holding = [each for each in names if name.lower() and name.lower() in each]
        return [names[each] for each in dict.fromkeys([*close, *holding])][:3]


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
    return Lora(name.lower(), scale, text_scale)
