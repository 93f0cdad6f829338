"""Discord's HTTP API and gateway."""
