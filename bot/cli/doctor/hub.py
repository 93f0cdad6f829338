"""Repositories of the Hugging Face hub that a configuration names."""

import os
from collections.abc import Collection

from httpx2 import HTTPError
from huggingface_hub import HfApi, get_token
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
)

from bot.cli.doctor.findings import Finding

SECONDS = 10.0
"""Seconds that the hub may take to answer."""

TOKEN_VARIABLE = "HF_TOKEN"

_REFUSED_TOKEN = "Invalid credentials"
"""How the hub's message begins that answers a token that it does not know."""

_UNKNOWN = "is neither a file or folder here nor a repository on the hub"


def looked_up(repository: str, files: Collection[str] = ()) -> Finding:
    """Whether a repository is on the hub, can be downloaded, and has `files`. Asks the hub, or `HF_ENDPOINT`."""
    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT"))
    try:
        about = api.model_info(repository, timeout=SECONDS)
        if about.gated:
            api.auth_check(repository)
    except UnicodeEncodeError:
        return False, f"{repository}, not checked: {TOKEN_VARIABLE} has a character that no token has. Copy it again"
    except HFValidationError:
        return False, f"{repository} {_UNKNOWN}: hub ids are written owner/name"
    except GatedRepoError:
        return False, _gated(f"{api.endpoint}/{repository}")
    except HfHubHTTPError as refusal:
        return _refused(repository, refusal)
    except OfflineModeIsEnabled:
        return None, f"{repository}, not checked: HF_HUB_OFFLINE is set"
    except (HTTPError, OSError):
        return None, f"{repository}, not checked: {api.endpoint} can't be reached"
    if lacking := sorted(set(files) - {each.rfilename for each in about.siblings or ()}):
        return False, f"{repository} on the hub has no {lacking[0]}"
    return True, f"{repository}, will be downloaded from the hub at first use"


def _refused(repository: str, refusal: HfHubHTTPError) -> Finding:
    status = refusal.response.status_code
    if refusal.response.headers.get("X-Error-Message", "").startswith(_REFUSED_TOKEN):
        return False, f"{repository}: the hub refuses the token. Make a new one and set {TOKEN_VARIABLE} to it"
    if status not in (401, 404):
        return None, f"{repository}, not checked: the hub answers with status {status}"
    seen = "the token's account may see" if get_token() else f"can be seen without {TOKEN_VARIABLE}"
    return False, f"{repository} {_UNKNOWN} that {seen}. Check the spelling"


def _gated(page: str) -> str:
    if get_token():
        return f"{page} asks for consent, which the token's account has not given. Log in there and accept the terms"
    return f"{page} asks for consent. Log in there, accept the terms, and set {TOKEN_VARIABLE} to a token of yours"
