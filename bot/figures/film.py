"""A short film of how a picture came about."""

from io import BytesIO

from PIL import Image

from generation.explanation import Explanation
from generation.figures import files, films


def made(explanation: Explanation, png: bytes) -> tuple[bytes, str]:
    """The film of a drawing that ends on its finished picture: a WebP within the upload limit, and its ending."""
    with Image.open(BytesIO(png)) as picture:
        frames, milliseconds = films.frames(explanation, picture.convert("RGB"))
    return files.animated(frames, milliseconds)
