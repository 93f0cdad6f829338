"""Checks the body of a message: fields, lengths, allowed mentions, attachments."""

from playground.errors import Json
from playground.validation.components import check_components
from playground.validation.embeds import check_embeds
from playground.validation.form import Form, field_names

CONTENT_LIMIT = 2000
"""Characters of a message's content."""

FILE_LIMIT = 10 * 1024 * 1024
"""Bytes of one uploaded file."""

REQUEST_LIMIT = 25 * 1024 * 1024
"""Bytes of all files of one request."""

FILES_LIMIT = 10
"""Files of one message."""

_MESSAGE_FIELDS = field_names(
    "content nonce tts embed embeds allowed_mentions message_reference components sticker_ids attachments flags "
    "enforce_nonce poll username avatar_url"
)
_ATTACHMENT_FIELDS = field_names(
    "id filename description title size url proxy_url width height content_type ephemeral duration_secs waveform flags "
    "spoiler is_spoiler is_remix placeholder placeholder_version"
)
_LEGACY_FIELDS = ("content", "embeds", "embed", "poll", "sticker_ids")


def check_message(payload: Json, form: Form, *, v2: bool) -> None:
    """Add the errors of a message body to `form`. `v2` tells whether the message has the IS_COMPONENTS_V2 flag."""
    form.only(payload, _MESSAGE_FIELDS)
    form.text(payload, "content", CONTENT_LIMIT)
    form.text({"nonce": None if payload.get("nonce") is None else str(payload["nonce"])}, "nonce", 25)
    if v2:
        for name in _LEGACY_FIELDS:
            if payload.get(name):
                form.at(name).add_error(
                    "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
                    f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2",
                )
    check_embeds(payload, form)
    _check_mentions(payload, form.at("allowed_mentions"))
    _check_attachments(payload, form)
    check_components(payload, form, v2=v2)


def _check_mentions(payload: Json, form: Form) -> None:
    allowed = payload.get("allowed_mentions")
    if allowed is None:
        return
    if not isinstance(allowed, dict):
        form.add_error("MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return
    form.only(allowed, ("parse", "users", "roles", "replied_user"))
    parse = form.array(allowed, "parse", 3)
    for index, kind in enumerate(parse):
        if kind not in ("users", "roles", "everyone"):
            form.at("parse", index).add_error(
                "BASE_TYPE_CHOICES", "Value must be one of ('users', 'roles', 'everyone')."
            )
    for kind in ("users", "roles"):
        if form.array(allowed, kind, 100) and kind in parse:
            form.add_error(
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.',
            )


def _check_attachments(payload: Json, form: Form) -> None:
    for place, attachment in form.mappings(payload, "attachments", FILES_LIMIT):
        place.only(attachment, _ATTACHMENT_FIELDS)
        if not str(attachment.get("id", "")).isdecimal():
            place.at("id").add_error("BASE_TYPE_REQUIRED", "This field is required")
        place.text(attachment, "filename", 1024)
        place.text(attachment, "description", 1024)
