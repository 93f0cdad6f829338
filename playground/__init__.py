"""A local stand-in for Discord: HTTP API, gateway, CDN, and a chat page over the same world."""

from playground.server import Playground

__all__ = ["Playground"]
