"""Teaching figures for the chat: their captions in the reader's language, and their files."""

from generation.figures.typography import covers

TITLE_LENGTH = 60
"""Characters of a prompt in a title."""


def title_of(prompt: str, otherwise: str, most: int = TITLE_LENGTH) -> str:
    """The prompt in quotes, cut after `most` characters; `otherwise` if the font lacks some of its letters."""
    words = " ".join(prompt.split())
    if not covers(words):
        return otherwise
    return f"“{words}”" if len(words) <= most else f"“{words[:most].rstrip()}…”"
