"""Slash commands, context menus, reactions and forms: one module a command family."""
