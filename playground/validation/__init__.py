"""Discord's limits on requests: messages, embeds, components, modals, commands."""
