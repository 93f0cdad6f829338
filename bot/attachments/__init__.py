"""Finished pictures as files: encoded, fitted, with their metadata."""
