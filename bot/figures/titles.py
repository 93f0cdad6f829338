"""Prompts as titles of figures."""

from generation.figures.typography import covers

LENGTH = 60
"""Characters of a prompt that a figure shows."""


def title_of(prompt: str, otherwise: str, most: int = LENGTH) -> str:
    """The prompt, cut where it is long; something else where the font has not all of its letters."""
    words = " ".join(prompt.split())
    if not covers(words):
        return otherwise
    return f"“{words}”" if len(words) <= most else f"“{words[:most].rstrip()}…”"
