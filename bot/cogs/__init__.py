"""The slash commands, one module a family."""
