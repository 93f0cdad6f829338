"""Names of models as people and other tools write them: in any case, with spaces, or as a file."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import PureWindowsPath

from generation import names

LONGEST = 200
"""Characters of a name that are looked at."""

_ENDINGS = frozenset({".safetensors", ".ckpt", ".gguf", ".pt", ".pth", ".bin", ".sft"})

_ALIKE = 0.6
"""How much of two names is the same where one may be meant by the other, as difflib counts it."""


def stem(path: str | None) -> str:
    """The name of a model's file, without folders of any system and ending; empty without one."""
    file = PureWindowsPath(path or "")
    return file.stem if file.suffix.lower() in _ENDINGS else file.name


def meant(name: str, sources: Mapping[str, str]) -> str | None:
    """The model that is called `name`, or whose file is; None where none is, or more than one.

    `sources` are the models' files, folders or hub ids, by the models' names.
    """
    name = names.normal(name)
    if name in sources:
        return name
    wanted = _plain(name)
    for called in ({each: each for each in sources}, sources):
        same = [each for each, other in called.items() if _plain(other) == wanted]
        if wanted and len(same) == 1:
            return same[0]
    return None


def alike(name: str, others: Collection[str]) -> str:
    """The one of the others that is spelled most like `name`; empty where none is."""
    spelled = {_plain(each): each for each in others}
    found = get_close_matches(_plain(name), spelled, n=1, cutoff=_ALIKE)
    return spelled[found[0]] if found else ""


def _plain(name: str) -> str:
    """A name as it is compared: `Dream Shaper 8`, `dreamshaper_8` and `SD/dreamshaper_8.safetensors` are one."""
    return "".join(filter(str.isalnum, names.key(stem(name[:LONGEST].strip()).casefold())))
