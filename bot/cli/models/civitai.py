"""Civitai: what its API says of a version of a model, and its file (developer.civitai.com/site/reference)."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bot.cli.models import remote_file
from bot.cli.models.errors import NotReachable, UnusableSource
from bot.cli.models.origin import CIVITAI, CivitaiModel, CivitaiVersion
from bot.cli.models.remote_file import RemoteFile
from generation import licences
from generation.licences import Licence

TOKEN_VARIABLE = "NOISEFOX_CIVITAI_TOKEN"
ENDPOINT_VARIABLE = "NOISEFOX_CIVITAI_ENDPOINT"
ENDPOINT = "https://civitai.com"

_DENIED = f"Log in to civitai.com, make an API key in your account's settings, and set {TOKEN_VARIABLE} to it."

_BASES = {
    "SD 1": "creativeml-openrail-m",
    "SD 2": "openrail++",
    "SDXL Turbo": "sai-nc-community",
    "SDXL": "openrail++",
    "Pony": "openrail++",
    "Illustrious": "fair-ai-public-license-1.0-sd",
    "NoobAI": "fair-ai-public-license-1.0-sd",
    "SD 3": "stabilityai-ai-community",
    "Flux.1 S": "apache-2.0",
    "Flux.1 D": "flux-1-dev-non-commercial-license",
    "Flux.2 Klein 4B": "apache-2.0",
    "Flux.2": "flux-non-commercial-license",
    "ZImage": "apache-2.0",
    "Qwen": "apache-2.0",
}
"""The licences of the models that others on Civitai are made from, by how the name of the base begins."""

_NOT_SOLD = ("NoobAI",)
"""Bases whose makers forbid commercial use beside what their licence's name says."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a model on Civitai."""

    number: int
    title: str
    base: str
    file: RemoteFile
    licence: Licence


def endpoint() -> str:
    """The address of Civitai, or of what stands in for it."""
    return os.environ.get(ENDPOINT_VARIABLE, "").rstrip("/") or ENDPOINT


def version(origin: CivitaiVersion | CivitaiModel) -> Version:
    """A version of a model; of a model, the newest. Raises `UnusableSource` and `NotReachable`."""
    if isinstance(origin, CivitaiModel):
        model = _asked(f"models/{origin.number}")
        published = model.get("modelVersions") or []
        if not published:
            raise UnusableSource(f"The model {origin.number} on Civitai has no version to download.")
        origin = CivitaiVersion(published[0]["id"])
    about = _asked(f"model-versions/{origin.number}")
    model = _asked(f"models/{about['modelId']}") if about.get("modelId") else {}
    kind = (about.get("model") or {}).get("type", "Checkpoint")
    if kind != "Checkpoint":
        raise UnusableSource(
            f"civitai:{origin.number} is a {kind}, not a model. Put LoRAs and embeddings into the folders that "
            "[loras] and [embeddings] name."
        )
    base = about.get("baseModel") or "another base"
    name = (about.get("model") or {}).get("name") or model.get("name") or f"civitai:{origin.number}"
    return Version(
        number=origin.number,
        title=f"{name} {about.get('name') or ''}".strip(),
        base=base,
        file=_file_of(about, origin),
        licence=_licence(base, model, about.get("modelId")),
    )


def _file_of(about: dict[str, Any], origin: CivitaiVersion) -> RemoteFile:
    """The main .safetensors or .gguf file of a version."""
    fitting = [
        each
        for each in about.get("files") or []
        if each.get("type", "Model") in ("Model", "Pruned Model") and each["name"].endswith((".safetensors", ".gguf"))
    ]
    if not fitting:
        raise UnusableSource(f"civitai:{origin.number} has no .safetensors or .gguf file. Choose another version.")
    chosen = next((each for each in fitting if each.get("primary")), fitting[0])
    hashes = chosen.get("hashes") or {}
    url = chosen.get("downloadUrl") or f"{endpoint()}/api/download/models/{origin.number}"
    return RemoteFile(
        url=url,
        name=chosen["name"].replace("\\", "/").rpartition("/")[2],
        sha256=(hashes.get("SHA256") or "").lower(),
        token=_token() if _is_civitai(url) else "",
        denied=_DENIED,
    )


def _licence(base: str, model: Mapping[str, Any], number: int | None) -> Licence:
    """The licence of the base model, with what the model's maker adds."""
    name = next((licence for prefix, licence in _BASES.items() if base.startswith(prefix)), f"that of {base}")
    of_base = licences.named(name)
    sold = model.get("allowCommercialUse", ["Image"])
    commercial = bool(sold) and sold not in ("None", ["None"]) and not base.startswith(_NOT_SOLD)
    if commercial and not of_base.has_terms:
        return of_base
    terms = of_base.terms if commercial else f"Its maker forbids commercial use. {of_base.terms}".strip()
    page = f"{ENDPOINT}/models/{number}" if number else ENDPOINT
    return Licence(f"Civitai, {name}", terms, page, commercial=commercial and of_base.commercial)


def _asked(path: str) -> dict[str, Any]:
    """An answer of the API. Raises `UnusableSource` and `NotReachable`."""
    url = f"{endpoint()}/api/v1/{path}"
    file = RemoteFile(
        url, path.replace("model-versions/", "version ").replace("models/", "model "), token=_token(), denied=_DENIED
    )
    try:
        with remote_file.reaching(file), remote_file.opened(file) as response:
            answer = json.loads(response.read())
    except ValueError as failure:
        raise NotReachable("Civitai answers with something that is not JSON. Try again later.") from failure
    if not isinstance(answer, dict):
        raise NotReachable("Civitai answers with something else than a model. Try again later.")
    return answer


def _token() -> str:
    return os.environ.get(TOKEN_VARIABLE, "").strip()


def _is_civitai(url: str) -> bool:
    """True for an address that may be sent the token."""
    return urlsplit(url).netloc in (*CIVITAI, urlsplit(endpoint()).netloc)
