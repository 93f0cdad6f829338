"""What the page sends, which may be anything."""

import binascii
import json
from base64 import b64decode
from dataclasses import dataclass
from typing import Any, Self

from bot.errors import Refusal
from generation.outpainting import Margins
from generation.sentences import Sentence
from generation.settings import PROMPT_LENGTH, SIZE

_BROKEN = Sentence("The page has sent something that I can't read. Load it again.")


@dataclass(frozen=True, slots=True)
class Submitted:
    """The words for the whole picture, the margins around it, and a picture file that is white where it is painted."""

    words: str
    margins: Margins
    mask: bytes

    @classmethod
    def read(cls, body: bytes) -> Self:
        """The content of a JSON object. Raises `Refusal`."""
        try:
            document = json.loads(body)
            words, sides, mask = document["words"], document["margins"], document["mask"]
            if not (isinstance(words, str) and isinstance(mask, str) and isinstance(sides, list)):
                raise TypeError
            left, up, right, down = map(_side, sides)
            return cls(_words(words), Margins(left, up, right, down), b64decode(mask, validate=True))
        except (ValueError, LookupError, TypeError, RecursionError, binascii.Error):
            raise Refusal(_BROKEN) from None


def _words(text: str) -> str:
    words = " ".join(text.split())
    if len(words) > PROMPT_LENGTH.high:
        raise Refusal("The prompt is too long. Use at most {most} characters.", most=PROMPT_LENGTH.high)
    return words


def _side(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= SIZE.high:
        raise TypeError
    return value
