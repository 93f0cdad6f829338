"""The section of the page on which people paint over a picture."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.config.workers import is_address
from generation.errors import InvalidSetting


@dataclass(frozen=True, slots=True)
class WebConfig:
    """`address` is where the page is served, `public_url` how browsers reach it. There is no page without the latter.

    Port 0 is any free one, in a `public_url` of this machine too. `activity` lets Discord show the page in its frame.
    """

    address: str = "127.0.0.1:8080"
    public_url: str = ""
    activity: bool = False

    def __post_init__(self) -> None:
        if not _is_listening(self.address):
            raise InvalidSetting("address", "Use an address and a port, such as 127.0.0.1:8080.")
        if self.public_url and not _is_public(self.public_url):
            raise InvalidSetting("public_url", "Use an address that begins with https://, such as https://example.org.")

    @property
    def host(self) -> str:
        """The address to listen on, without its port."""
        return urlsplit(f"//{self.address}").hostname or ""

    @property
    def port(self) -> int:
        """The port to listen on; 0 for any free one."""
        return urlsplit(f"//{self.address}").port or 0


def _is_listening(address: str) -> bool:
    try:
        parts = urlsplit(f"//{address}")
        return bool(parts.hostname) and parts.port is not None and parts.netloc == address and "@" not in address
    except ValueError:
        return False


def _is_public(url: str) -> bool:
    """True for HTTPS, and for this machine, where browsers need none."""
    try:
        parts = urlsplit(url)
        if parts.scheme == "http":
            return _is_this_machine(parts.hostname or "") and is_address(url.replace(":0", "", 1))
    except ValueError:
        return False
    return parts.scheme == "https" and is_address(url)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
