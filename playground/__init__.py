"""A local simulation of Discord: its HTTP API, gateway and CDN, and a chat page that shows the same state."""

from playground.server import Playground

__all__ = ["Playground"]
