"""The work that is left of a request after it was saved, as a document in its row."""

from dataclasses import asdict, dataclass
from typing import Any

from bot.policy.requester import Requester
from bot.requests.picture_request import PictureRequest
from generation.outpainting import Direction


@dataclass(frozen=True, slots=True)
class Outpaint:
    """Make a start picture with room around it from the one that the request names; see `PictureReader.canvas`."""

    size: tuple[int, int]
    zoom_or_direction: float | Direction
    side: int


@dataclass(frozen=True, slots=True)
class Downloads:
    """Download the pictures of a request of one prompt, and plan it again by the rules as they are then."""

    request: PictureRequest
    requester: Requester


@dataclass(frozen=True, slots=True)
class References:
    """Download the pictures that an edit looks at beside the one that it changes."""

    urls: tuple[str, ...]
    requester: Requester


@dataclass(frozen=True, slots=True)
class Region:
    """Make the mask of a part of a picture: what `part` names in it, or cells of its grid; see `generation.regions`."""

    cells: int
    part: str = ""


@dataclass(frozen=True, slots=True)
class Controls:
    """Make control pictures of the saved pictures with these roles, as the settings name them."""

    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CutOut:
    """Make the background of a picture transparent, which ends the request."""


Pending = Controls | Outpaint | Downloads | References | Region | CutOut


def to_document(pending: Pending) -> dict[str, Any]:
    """The work as JSON can hold it; `of_document` reads it back."""
    if isinstance(pending, Outpaint):
        return {"outpaint": asdict(pending)}
    if isinstance(pending, CutOut):
        return {"cut_out": True}
    if isinstance(pending, Controls):
        return {"controls": asdict(pending)}
    if isinstance(pending, Region):
        return {"region": asdict(pending)}
    if isinstance(pending, References):
        return {"references": asdict(pending)}
    return {"downloads": {"request": pending.request.to_document(), "requester": asdict(pending.requester)}}


def of_document(document: dict[str, Any]) -> Pending:
    """The work that `to_document` wrote down."""
    if outpaint := document.get("outpaint"):
        view = outpaint["zoom_or_direction"]
        return Outpaint(tuple(outpaint["size"]), Direction(view) if isinstance(view, str) else view, outpaint["side"])
    if "cut_out" in document:
        return CutOut()
    if following := document.get("controls"):
        return Controls(tuple(following["roles"]))
    if region := document.get("region"):
        return Region(**region)
    if references := document.get("references"):
        return References(tuple(references["urls"]), _requester(references["requester"]))
    downloads = document["downloads"]
    return Downloads(PictureRequest.of_document(downloads["request"]), _requester(downloads["requester"]))


def _requester(document: dict[str, Any]) -> Requester:
    return Requester.of_document(document)
