"""What the history of a server says of a prompt that has ended."""

from collections.abc import Iterator, Mapping
from typing import Any

from generation.comfy import refusals
from generation.comfy.refusals import PromptFailed
from generation.errors import FailureKind


class Interrupted(PromptFailed):
    """A prompt that somebody has interrupted on the server."""

    def __init__(self) -> None:
        super().__init__(FailureKind.WORKER_UNAVAILABLE, "the prompt was interrupted on the server")


def picture_of(entry: Mapping[str, Any], output: str) -> Mapping[str, Any]:
    """The file of the picture that the node `output` shows, or another one where it shows none. Raises `PromptFailed`
    for a prompt without pictures, and `Interrupted`."""
    for kind, data in _messages(entry):
        if kind == "execution_error":
            raise refusals.failed(data)
        if kind == "execution_interrupted":
            raise Interrupted
    outputs = entry.get("outputs")
    outputs = outputs if isinstance(outputs, dict) else {}
    for shown in (outputs.get(output), *outputs.values()):
        for file in (shown.get("images") or ()) if isinstance(shown, dict) else ():
            if isinstance(file, dict) and file.get("filename"):
                return file
    raise PromptFailed(FailureKind.BROKEN_PICTURE, "the workflow ended without a picture")


def _messages(entry: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    status = entry.get("status")
    for message in (status.get("messages") or ()) if isinstance(status, dict) else ():
        match message:
            case [str() as kind, data]:
                yield kind, data
