"""Where a model comes from, as people write it after `noisefox models add NAME`."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from huggingface_hub import constants

from bot.cli.models.errors import UnusableSource
from generation import sources

FILES = (".safetensors", ".gguf")
"""The suffixes of models in one file."""

HUB = "huggingface.co"
CIVITAI = ("civitai.com", "civitai.red", "civitai.green")
_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w.-]+")
_HUB_FILE = re.compile(r"([\w-][\w.-]*/[\w.-]+)/(.+)")
_VERSION = re.compile(r"civitai:(\d+)|urn:air:.*civitai:\d+@(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class HubModel:
    """A repository of the hub in diffusers' format."""

    repository: str


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a repository of the hub."""

    repository: str
    path: str
    revision: str = "main"

    @property
    def address(self) -> str:
        return f"https://{HUB}/{self.repository}/resolve/{self.revision}/{self.path}"


@dataclass(frozen=True, slots=True)
class CivitaiVersion:
    """A version of a model on Civitai."""

    number: int

    @property
    def address(self) -> str:
        return f"civitai:{self.number}"


@dataclass(frozen=True, slots=True)
class CivitaiModel:
    """A model on Civitai, of which the newest version is meant."""

    number: int


@dataclass(frozen=True, slots=True)
class WebFile:
    """A file at another address."""

    address: str


@dataclass(frozen=True, slots=True)
class Local:
    """A file or a folder on this machine."""

    path: Path


Origin = HubModel | HubFile | CivitaiVersion | CivitaiModel | WebFile | Local


def parse(text: str) -> Origin:
    """What a text names. Raises `UnusableSource`."""
    text = text.strip()
    if text.endswith(sources.PICKLED):
        raise UnusableSource(
            f"{Path(text).name} is a pickle: loading it can run any code, so it is refused. Use a .safetensors file."
        )
    if version := _VERSION.fullmatch(text):
        return CivitaiVersion(int(version[1] or version[2]))
    if text.startswith(("http://", "https://")):
        return _of_address(text)
    path = Path(text).expanduser()
    if path.exists():
        return Local(path)
    if (file := _HUB_FILE.fullmatch(text)) and text.endswith(FILES):
        return HubFile(file[1], file[2])
    if _HUB_ID.fullmatch(text) and not text.endswith(FILES):
        return HubModel(text)
    raise UnusableSource(
        f"{text} is neither a file or a folder here nor a hub id. Use a hub id such as owner/model, the address of a "
        ".safetensors or .gguf file, a page of Civitai, or civitai: with the number of a version."
    )


def _of_address(text: str) -> Origin:
    address = urlsplit(text)
    parts = [unquote(part) for part in address.path.split("/") if part]
    if address.hostname in CIVITAI:
        return _of_civitai(parts, parse_qs(address.query), text)
    if address.netloc in (HUB, urlsplit(constants.ENDPOINT).netloc):
        match parts:
            case [owner, name]:
                return HubModel(f"{owner}/{name}")
            case [owner, name, "resolve" | "blob", revision, *path] if path and path[-1].endswith(FILES):
                return HubFile(f"{owner}/{name}", "/".join(path), revision)
            case [owner, name, "tree", *_]:
                return HubModel(f"{owner}/{name}")
    if address.path.endswith(FILES):
        return WebFile(text)
    raise UnusableSource(
        f"{text} is not the address of a .safetensors or .gguf file. Copy the address of the file itself."
    )


def _of_civitai(parts: list[str], query: dict[str, list[str]], text: str) -> Origin:
    match parts:
        case ["models", number, *_] if number.isdecimal():
            version = query.get("modelVersionId", [""])[0]
            return CivitaiVersion(int(version)) if version.isdecimal() else CivitaiModel(int(number))
        case ["api", "download", "models", number] if number.isdecimal():
            return CivitaiVersion(int(number))
    raise UnusableSource(f"{text} is not the page of a model on Civitai. Copy the address of the model's page.")
