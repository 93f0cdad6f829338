"""One value of a configuration file, checked for its type."""

from enum import StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args

from bot.config.mistakes import ConfigError
from bot.config.workers import WorkerKind
from generation import sampler_names
from generation.catalogue import ControlNets, Prediction, PreviewKind, Resources
from generation.settings import Sampler
from generation.upscaling import UpscalerName


def typed(value: Any, kind: Any, where: str) -> Any:
    """A value as `kind`, the type of a field. Raises `ConfigError`, which repeats no text of the value."""
    if isinstance(kind, UnionType):
        kinds = [each for each in get_args(kind) if each is not NoneType]
        kind = type(value) if type(value) in kinds else kinds[0]
    if kind is float and type(value) is int:
        return float(value)
    if isinstance(kind, type) and issubclass(kind, StrEnum) and isinstance(value, str):
        try:
            return kind(sampler_names.own_name(value) if kind is Sampler else value)
        except ValueError:
            raise ConfigError(f"{where} must be one of: {', '.join(filter(None, kind))}.") from None
    if kind is Path:
        return path_of(typed(value, str, where), where)
    if kind == Resources:
        amounts = typed(value, dict, where).items()
        return tuple((name, typed(amount, float, f"{where}.{name}")) for name, amount in amounts)
    if kind == ControlNets:
        sources = typed(value, dict, where).items()
        return tuple((name, typed(source, str, f"{where}.{name}")) for name, source in sources)
    if kind in _LISTS:
        return tuple(typed(each, _LISTS[kind], where) for each in typed(value, list, where))
    if type(value) is not kind:
        raise ConfigError(f"{where} must be {_KINDS.get(kind, 'one of its names')}, not {_shown(value)}.")
    return value


def path_of(text: str, where: str) -> Path:
    """A path, whose "~" is the home of a user. Raises `ConfigError` where no file can have it."""
    if "\0" in text:
        raise ConfigError(f"{where} holds a character that no path has. Type the path again.")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        user = Path(text).parts[0]
        raise ConfigError(f"{where} begins with {user}, but there is no such user. Write the whole path.") from None


def _shown(value: Any) -> str:
    """A value for a message. Of text, only that it is text: it may be a token in the wrong place."""
    if isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 10**20):
        return repr(value)
    return _KINDS.get(type(value), "this")


_LISTS: dict[Any, Any] = {tuple[int, ...]: int, tuple[str, ...]: str}

_KINDS = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    dict: "a section",
    list: "a list",
    Sampler: "a sampler's name",
    PreviewKind: "a kind of preview",
    Prediction: "a kind of prediction",
    UpscalerName: "an upscaler's name",
    WorkerKind: "a kind of workers",
}
