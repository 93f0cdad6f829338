"""Pictures inside embeds and components: from `attachment://name` to the attachment, and from there to a signed link.

A stored message holds `attachment-id:<id>` where its author wrote `attachment://name` or one of this CDN's links, so
that each reading of it gets links that work.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from playground.errors import Json
from playground.state.attachments import Attachment, Attachments
from playground.state.cdn import Cdn
from playground.validation.form_errors import Form
from playground.validation.walk import walk

_MARK = "attachment-id:"
_EMBED_PICTURES = (("image", "url"), ("thumbnail", "url"), ("footer", "icon_url"), ("author", "icon_url"))


class Media:
    """Resolves references to attachments, and writes them as links."""

    def __init__(self, attachments: Attachments, cdn: Cdn) -> None:
        self._attachments = attachments
        self._cdn = cdn

    def _resolved(self, url: str, named: Mapping[str, Attachment]) -> str | None:
        """The url to store; None when it names an attachment that the message has not."""
        if url.startswith("attachment://"):
            attachment = named.get(url.removeprefix("attachment://"))
        else:
            attachment = self._cdn.attachment_at(url)
            if attachment is None:
                return url
        return f"{_MARK}{attachment.id}" if attachment else None

    def resolve_embeds(self, embeds: list[Json], named: Mapping[str, Attachment]) -> list[Json]:
        """Embeds to store; a picture that names no attachment of the message is left out, as Discord does."""
        resolved = []
        for embed in embeds:
            embed = {"type": "rich"} | {key: value for key, value in embed.items() if value is not None}
            for holder, key in _EMBED_PICTURES:
                if embed.get(holder, {}).get(key):
                    url = self._resolved(embed[holder][key], named)
                    embed[holder] = embed[holder] | {key: url}
                    if url is None:
                        del embed[holder][key]
            resolved.append({key: value for key, value in embed.items() if value != {}})
        return resolved

    def resolve_components(self, components: list[Json], named: Mapping[str, Attachment], form: Form) -> list[Json]:
        """Components to store, with ids; a media item that names no attachment of the message is refused."""
        taken = {item["id"] for item in walk(components) if item.get("id")}
        ids = (number for number in range(1, 1 << 31) if number not in taken)

        def resolve(value: Any, place: Form, key: str | int) -> Any:
            if isinstance(value, list):
                return [resolve(item, place.at(index), index) for index, item in enumerate(value)]
            if not isinstance(value, dict):
                return value
            if key in ("media", "file"):
                url = self._resolved(value["url"], named)
                if url is None:
                    place.at("url").refuse(
                        "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
                        f"The attachment {value['url'].removeprefix('attachment://')} was not found.",
                    )
                return {"url": url}
            kept = {name: item for name, item in value.items() if item is not None}
            if isinstance(value.get("type"), int):
                kept["id"] = value.get("id") or next(ids)
            return {name: resolve(item, place.at(name), name) for name, item in kept.items()}

        stored: list[Json] = resolve(components, form, "")
        return stored

    def referenced(self, embeds: list[Json], components: list[Json]) -> set[int]:
        """Ids of the attachments shown inside embeds and components; a message does not list those."""
        return {
            int(url.removeprefix(_MARK))
            for url in _urls([*embeds, *components])
            if isinstance(url, str) and url.startswith(_MARK)
        }

    def _marked(self, url: str) -> Attachment | None:
        return self._attachments.get(int(url.removeprefix(_MARK))) if url.startswith(_MARK) else None

    def embeds_json(self, embeds: list[Json]) -> list[Json]:
        """Stored embeds with links."""
        written = []
        for embed in embeds:
            embed = dict(embed)
            for holder, key in _EMBED_PICTURES:
                url = embed.get(holder, {}).get(key)
                attachment = self._marked(url) if url else None
                if attachment is None:
                    continue
                link = self._cdn.link(attachment)
                if key == "icon_url":
                    embed[holder] = embed[holder] | {"icon_url": link, "proxy_icon_url": link}
                else:
                    size = {"width": attachment.width or 0, "height": attachment.height or 0}
                    embed[holder] = embed[holder] | {"url": link, "proxy_url": link, **size}
            written.append(embed)
        return written

    def components_json(self, components: list[Json]) -> list[Json]:
        """Stored components with links, sizes and content types."""

        def write(value: Any, key: str) -> Any:
            if isinstance(value, list):
                return [write(item, "") for item in value]
            if not isinstance(value, dict):
                return value
            if key in ("media", "file"):
                return self._item_json(value["url"])
            written = {name: write(item, name) for name, item in value.items()}
            if value.get("type") == 13 and (attachment := self._marked(value["file"]["url"])):
                written |= {"name": attachment.filename, "size": attachment.size}
            return written

        document: list[Json] = write(components, "")
        return document

    def _item_json(self, url: str) -> Json:
        attachment = self._marked(url)
        if attachment is None:
            return {"url": url, "proxy_url": url, "width": 0, "height": 0, "loading_state": 1}
        link = self._cdn.link(attachment)
        return {
            "url": link,
            "proxy_url": link,
            "width": attachment.width or 0,
            "height": attachment.height or 0,
            "content_type": attachment.content_type,
            "attachment_id": str(attachment.id),
            "loading_state": 2,
            "flags": 0,
        }


def _urls(value: Any) -> Iterator[Any]:
    """The values of every `url` and `icon_url` below a value."""
    if isinstance(value, list):
        for item in value:
            yield from _urls(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name in ("url", "icon_url"):
                yield item
            else:
                yield from _urls(item)
