"""Checks the embeds of a message."""

from datetime import datetime

from playground.errors import Json
from playground.validation.form import Form, field_names

EMBEDS_LIMIT = 10
TOTAL_LIMIT = 6000
"""Characters in all embeds of a message: titles, descriptions, fields, footers, author names."""

_PICTURE_SCHEMES = ("http", "https", "attachment")
_EMBED_FIELDS = field_names(
    "type title description url color timestamp image thumbnail author footer fields provider video flags "
    "content_scan_version"
)
_PICTURE_FIELDS = field_names(
    "url proxy_url width height content_type placeholder placeholder_version flags description"
)


def check_embeds(payload: Json, form: Form) -> None:
    """Add the errors of a message body's embeds to `form`."""
    embeds = form.mappings(payload, "embeds", EMBEDS_LIMIT)
    if isinstance(payload.get("embed"), dict):
        embeds.append((form.at("embed"), payload["embed"]))
    total = sum(_check_embed(place, embed) for place, embed in embeds)
    if total > TOTAL_LIMIT:
        form.at("embeds").add_error("MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {TOTAL_LIMIT}")


def _check_embed(form: Form, embed: Json) -> int:
    """Add the errors of one embed. Returns its number of characters that count towards TOTAL_LIMIT."""
    form.only(embed, _EMBED_FIELDS)
    texts = [form.text(embed, "title", 256), form.text(embed, "description", 4096)]
    form.url(embed, "url", ("http", "https"))
    form.number(embed, "color", 0, 0xFFFFFF)
    timestamp = form.text(embed, "timestamp", 64)
    if timestamp and not _is_timestamp(timestamp):
        form.at("timestamp").add_error("DATE_TIME_TYPE_PARSE", f"Could not parse {timestamp}. Should be ISO8601.")
    for name in ("image", "thumbnail"):
        if picture := form.mapping(embed, name):
            form.at(name).only(picture, _PICTURE_FIELDS)
            form.at(name).url(picture, "url", _PICTURE_SCHEMES, required=True)
    if author := form.mapping(embed, "author"):
        place = form.at("author")
        place.only(author, ("name", "url", "icon_url", "proxy_icon_url"))
        texts.append(place.text(author, "name", 256, minimum=1, required=True))
        place.url(author, "url", ("http", "https"))
        place.url(author, "icon_url", _PICTURE_SCHEMES)
    if footer := form.mapping(embed, "footer"):
        place = form.at("footer")
        place.only(footer, ("text", "icon_url", "proxy_icon_url"))
        texts.append(place.text(footer, "text", 2048))
        place.url(footer, "icon_url", _PICTURE_SCHEMES)
    for place, field in form.mappings(embed, "fields", 25):
        place.only(field, ("name", "value", "inline"))
        texts.append(place.text(field, "name", 256, minimum=1, required=True))
        texts.append(place.text(field, "value", 1024, minimum=1, required=True))
    has_picture = any(embed.get(name) for name in ("image", "thumbnail", "video"))
    if not has_picture and not any(text.strip() for text in texts):
        form.add_error("BASE_TYPE_REQUIRED", "This field is required")
    return sum(map(len, texts))


def _is_timestamp(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
