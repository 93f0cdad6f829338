"""Errors that become responses.

Exception
 ├── ApiError      of Discord's HTTP API: HTTP status, JSON error code, nested form errors
 └── PageRefusal   of the page API: HTTP status and a sentence for the person
"""

from http import HTTPStatus
from typing import Any

Json = dict[str, Any]

_MESSAGES = {
    0: "404: Not Found",
    10003: "Unknown Channel",
    10004: "Unknown Guild",
    10007: "Unknown Member",
    10008: "Unknown Message",
    10013: "Unknown User",
    10014: "Unknown Emoji",
    10015: "Unknown Webhook",
    10062: "Unknown interaction",
    10063: "Unknown application command",
    30010: "Maximum number of reactions reached (20)",
    30032: "Maximum number of application commands reached (100)",
    40005: "Request entity too large",
    40094: "This interaction has reached the maximum number of follow up messages.",
    40060: "Interaction has already been acknowledged.",
    50001: "Missing Access",
    50005: "Cannot edit a message authored by another user",
    50006: "Cannot send an empty message",
    50007: "Cannot send messages to this user",
    50013: "Missing Permissions",
    50027: "Invalid Webhook Token",
    50035: "Invalid Form Body",
    50083: "Thread is archived",
    50240: "You cannot remove this app's Entry Point command in a bulk update operation. Please include the Entry "
    "Point command in your update request or delete it separately.",
    50109: "The request body contains invalid JSON.",
    160005: "Thread is locked",
}


class ApiError(Exception):
    """An error of the HTTP API, with Discord's HTTP status and JSON error code."""

    def __init__(self, status: int, code: int, message: str | None = None, errors: Json | None = None) -> None:
        self.status = status
        self.code = code
        self.message = message or _MESSAGES.get(code) or HTTPStatus(status).phrase
        self.errors = errors
        super().__init__(f"{status} ({code}): {self.message} {errors or ''}")

    def body(self) -> Json:
        """Return the JSON body of the response."""
        body: Json = {"message": self.message, "code": self.code}
        if self.errors is not None:
            body["errors"] = self.errors
        return body


class PageRefusal(Exception):
    """An error of the page API. The message is shown to the person who acted."""

    def __init__(self, message: str, status: int = 400) -> None:
        self.status = status
        super().__init__(message)
