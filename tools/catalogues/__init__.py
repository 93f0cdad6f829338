"""Keeps the catalogues of `bot/locales` in step with the source: `make locales`."""
