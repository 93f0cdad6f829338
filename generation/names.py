"""Names of models, LoRAs and embeddings, as far as Discord can show them."""

import unicodedata

from generation.errors import InvalidSetting

NAME_LENGTH = 100
"""Discord's limit for a name in a list, in characters."""

_DRAWN_BLANK = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and signs that look like spaces: fillers of Hangul, and Braille without dots."""


def is_blank(text: str) -> bool:
    """True where a text has nothing to see: it is empty, or all spaces, controls and characters without a shape."""
    return all(each in _DRAWN_BLANK or unicodedata.category(each)[0] in "ZC" for each in text)


def normal(name: str) -> str:
    """A name without spaces around it, in the one form of Unicode in which names are compared (NFC)."""
    return unicodedata.normalize("NFC", name).strip()


def key(name: str) -> str:
    """What two names have in common that differ in case, in the form of Unicode, or in spaces around them."""
    return normal(normal(name).lower())


def is_whole(text: str) -> bool:
    """False for a text with half of a character (a lone surrogate), which neither files nor databases can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check_visible(name: str) -> None:
    """Raise `InvalidSetting` for a name that has nothing to see."""
    if is_blank(name):
        raise InvalidSetting("name", "The name is blank. Choose one that can be seen.")


def check_listed(name: str) -> None:
    """Raise `InvalidSetting` for a name that Discord cannot show in a list, or would have to cut there."""
    check_visible(name)
    if len(name) > NAME_LENGTH:
        raise InvalidSetting(
            "name", "The name has {length} characters. Use at most {most}.", length=len(name), most=NAME_LENGTH
        )
