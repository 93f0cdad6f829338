"""Requests: planned from words, settings and presses, then saved."""
