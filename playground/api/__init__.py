"""Discord's HTTP API and gateway, as the bot sees them."""
