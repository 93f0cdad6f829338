"""The CDN: signs links to attachments, which expire, and serves the files."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from urllib.parse import quote, unquote, urlsplit

from aiohttp import web

from playground.state.attachments import Attachment, Attachments
from playground.state.store import Store

LINK_LIFETIME = 24 * 3600
"""Seconds until a link expires."""

_PATH = re.compile(r"^/(?:ephemeral-)?attachments/(\d+)/(\d+)/([^/]+)$")


class Cdn:
    """Signs and serves links of the form /attachments/{channel}/{id}/{filename}?ex=&is=&hm=."""

    def __init__(self, attachments: Attachments, store: Store, clock: Callable[[], float]) -> None:
        self._attachments = attachments
        self._clock = clock
        self.base = ""
        saved = store.all("secret").get(0)
        self._secret = bytes.fromhex(saved["key"]) if saved else secrets.token_bytes(32)
        store.put("secret", 0, {"key": self._secret.hex()})

    def _signature(self, path: str, expires: str, issued: str) -> str:
        return hmac.new(self._secret, f"{path} {expires} {issued}".encode(), hashlib.sha256).hexdigest()

    def link(self, attachment: Attachment) -> str:
        """Return a link that expires LINK_LIFETIME seconds from now."""
        folder = "ephemeral-attachments" if attachment.ephemeral else "attachments"
        path = f"/{folder}/{attachment.channel_id}/{attachment.id}/{attachment.filename}"
        now = int(self._clock())
        expires, issued = f"{now + LINK_LIFETIME:x}", f"{now:x}"
        return f"{self.base}{quote(path)}?ex={expires}&is={issued}&hm={self._signature(path, expires, issued)}&"

    def attachment_at(self, url: str) -> Attachment | None:
        """Return the attachment that a link points to, even an expired one. None for links to other sites."""
        if not url.startswith(self.base):
            return None
        match = _PATH.match(unquote(urlsplit(url).path))
        return self._attachments.get(int(match[2])) if match else None

    async def serve(self, request: web.Request) -> web.Response:
        """Serve a file. 404 when the link is forged or expired, or the attachment is deleted."""
        path = unquote(request.path)
        query = request.query
        expires, issued = query.get("ex", ""), query.get("is", "")
        signed = hmac.compare_digest(query.get("hm", ""), self._signature(path, expires, issued))
        match = _PATH.match(path)
        attachment = self._attachments.get(int(match[2])) if match else None
        if not signed or int(expires, 16) < self._clock() or attachment is None:
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(
            body=self._attachments.read(attachment),
            headers={
                "Content-Type": attachment.content_type or "application/octet-stream",
                "Cache-Control": "public, max-age=31536000",
            },
        )

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the CDN."""
        return [
            web.get("/attachments/{channel}/{id}/{filename}", self.serve),
            web.get("/ephemeral-attachments/{channel}/{id}/{filename}", self.serve),
        ]
