"""Media of embeds and components: resolves `attachment://name` when a message is saved, signs links when it is read.

A stored message has `attachment-id:<id>` in place of `attachment://name` and of links to this CDN, so that its links
work whenever it is read.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from playground.errors import Json
from playground.state.attachments import Attachment, Attachments
from playground.state.cdn import Cdn
from playground.validation.components import walk
from playground.validation.form import Form

_PREFIX = "attachment-id:"
_EMBED_PICTURES = (("image", "url"), ("thumbnail", "url"), ("footer", "icon_url"), ("author", "icon_url"))


class Media:
    """Resolves references to attachments, and writes references as links."""

    def __init__(self, attachments: Attachments, cdn: Cdn) -> None:
        self._attachments = attachments
        self._cdn = cdn

    def _resolve_url(self, url: str, named: Mapping[str, Attachment]) -> str | None:
        """Return the url to store. None for an attachment that the message doesn't have."""
        if url.startswith("attachment://"):
            attachment = named.get(url.removeprefix("attachment://"))
        else:
            attachment = self._cdn.attachment_at(url)
            if attachment is None:
                return url
        return f"{_PREFIX}{attachment.id}" if attachment else None

    def resolve_embeds(self, embeds: list[Json], named: Mapping[str, Attachment]) -> list[Json]:
        """Return embeds to store. Pictures whose attachment the message doesn't have are dropped, as Discord does."""
        resolved = []
        for embed in embeds:
            embed = {"type": "rich"} | {key: value for key, value in embed.items() if value is not None}
            for holder, key in _EMBED_PICTURES:
                if embed.get(holder, {}).get(key):
                    url = self._resolve_url(embed[holder][key], named)
                    embed[holder] = embed[holder] | {key: url}
                    if url is None:
                        del embed[holder][key]
            resolved.append({key: value for key, value in embed.items() if value != {}})
        return resolved

    def resolve_components(self, components: list[Json], named: Mapping[str, Attachment], form: Form) -> list[Json]:
        """Return components to store, with ids. A media item whose attachment the message doesn't have is an error."""
        used_ids = {item["id"] for item in walk(components) if item.get("id")}
        ids = (number for number in range(1, 1 << 31) if number not in used_ids)

        def resolve(value: Any, place: Form, key: str | int) -> Any:
            if isinstance(value, list):
                return [resolve(item, place.at(index), index) for index, item in enumerate(value)]
            if not isinstance(value, dict):
                return value
            if key in ("media", "file"):
                url = self._resolve_url(value["url"], named)
                if url is None:
                    place.at("url").add_error(
                        "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
                        f"The attachment {value['url'].removeprefix('attachment://')} was not found.",
                    )
                return {"url": url}
            fields = {name: item for name, item in value.items() if item is not None}
            if isinstance(value.get("type"), int):
                fields["id"] = value.get("id") or next(ids)
            return {name: resolve(item, place.at(name), name) for name, item in fields.items()}

        stored: list[Json] = resolve(components, form, "")
        return stored

    def referenced(self, embeds: list[Json], components: list[Json]) -> set[int]:
        """Return the ids of attachments that embeds and components display. The message object doesn't list those."""
        return {
            int(url.removeprefix(_PREFIX))
            for url in _urls([*embeds, *components])
            if isinstance(url, str) and url.startswith(_PREFIX)
        }

    def _attachment(self, url: str) -> Attachment | None:
        return self._attachments.get(int(url.removeprefix(_PREFIX))) if url.startswith(_PREFIX) else None

    def write_embeds(self, embeds: list[Json]) -> list[Json]:
        """Write stored embeds with links."""
        written = []
        for embed in embeds:
            embed = dict(embed)
            for holder, key in _EMBED_PICTURES:
                url = embed.get(holder, {}).get(key)
                attachment = self._attachment(url) if url else None
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

    def write_components(self, components: list[Json]) -> list[Json]:
        """Write stored components with links, sizes and content types."""

        def write(value: Any, key: str) -> Any:
            if isinstance(value, list):
                return [write(item, "") for item in value]
            if not isinstance(value, dict):
                return value
            if key in ("media", "file"):
                return self._media_item(value["url"])
            written = {name: write(item, name) for name, item in value.items()}
            if value.get("type") == 13 and (attachment := self._attachment(value["file"]["url"])):
                written |= {"name": attachment.filename, "size": attachment.size}
            return written

        document: list[Json] = write(components, "")
        return document

    def _media_item(self, url: str) -> Json:
        attachment = self._attachment(url)
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
    """Yield the value of every `url` and `icon_url`, at any depth."""
    if isinstance(value, list):
        for item in value:
            yield from _urls(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name in ("url", "icon_url"):
                yield item
            else:
                yield from _urls(item)
