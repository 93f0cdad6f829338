"""What a server says went wrong, as a reason that people get a sentence for, and words for the host's log."""

from typing import Any

from generation.errors import FailureKind, WorkerError

_MISSING = ("invalid_prompt", "missing_node_type", "value_not_in_list", "custom_validation_failed")
"""Types of errors of a prompt whose node, or whose model's file, the server doesn't have."""

_LONGEST = 300


class PromptFailed(WorkerError):
    """A prompt that a server refuses, or that fails on it."""

    def __init__(self, kind: FailureKind, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


def refused(answer: Any) -> PromptFailed:
    """The answer to a prompt that is not queued."""
    document = answer if isinstance(answer, dict) else {}
    errors = [document.get("error"), *_errors_of_nodes(document.get("node_errors"))]
    told = [each for each in errors if isinstance(each, dict)]
    missing = any(each.get("type") in _MISSING for each in told)
    words = "; ".join(f"{each.get('message', '')} {each.get('details', '')}".strip() for each in told)
    kind = FailureKind.MODEL_UNAVAILABLE if missing else FailureKind.UNSUITABLE
    return PromptFailed(kind, f"ComfyUI refuses the workflow: {words[:_LONGEST] or 'it does not say why'}")


def failed(event: Any) -> PromptFailed:
    """An `execution_error`."""
    said = event if isinstance(event, dict) else {}
    node, kind = str(said.get("node_type", "")), str(said.get("exception_type", ""))
    words = str(said.get("exception_message", "")).strip()[:_LONGEST]
    reason = FailureKind.INTERNAL
    if "OutOfMemory" in kind or "out of memory" in words.lower():
        reason = FailureKind.OUT_OF_MEMORY
    elif "Loader" in node:
        reason = FailureKind.MODEL_UNAVAILABLE
    return PromptFailed(reason, f"node {node} of the workflow failed: {kind}: {words}")


def _errors_of_nodes(document: Any) -> list[Any]:
    nodes = document.values() if isinstance(document, dict) else ()
    return [error for node in nodes if isinstance(node, dict) for error in node.get("errors") or ()]
