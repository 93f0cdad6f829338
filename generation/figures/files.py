"""Figures as files within the upload limit."""

from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageOps, ImageSequence

from generation.figures import palette

MOST_BYTES = 8 * 2**20
"""The default limit of a file. Discord accepts 10 MiB a file and 25 MiB a message, which may have three files."""

MOST_FRAMES = 30
GIF_SIDE = 560
"""Pixels of the longer side of a GIF, whose file is many times larger than a WebP's."""

_QUALITIES = (90, 80, 65, 50)


def still(figure: Image.Image, most: int = MOST_BYTES) -> tuple[bytes, str]:
    """Encode a figure in at most `most` bytes: as a PNG, else a WebP of the best quality that fits, else a smaller one.
    Returns the file and its suffix."""
    png = _saved(figure, "PNG")
    if len(png) <= most:
        return png, "png"
    while True:
        for quality in _QUALITIES:
            data = _saved(figure, "WEBP", quality=quality)
            if len(data) <= most:
                return data, "webp"
        figure = _halved(figure)


def animated(
    frames: Sequence[Image.Image], milliseconds: Sequence[int], most: int = MOST_BYTES, *, gif: bool = False
) -> tuple[bytes, str]:
    """Encode frames of one size as a looping WebP, or GIF, of at most `most` bytes. Returns the file and its suffix.
    Raises `ValueError` for more than `MOST_FRAMES`."""
    if not 0 < len(frames) <= MOST_FRAMES or len(milliseconds) != len(frames):
        raise ValueError(f"{len(frames)} frames for {len(milliseconds)} lengths; {MOST_FRAMES} is the most")
    shown = [_on_card(frame) for frame in frames]
    while True:
        for quality in (None,) if gif else _QUALITIES:
            data = _gif(shown, milliseconds) if quality is None else _webp(shown, milliseconds, quality)
            if len(data) <= most:
                return data, "gif" if gif else "webp"
        shown = [_halved(frame) for frame in shown]


def as_gif(animation: bytes, most: int = MOST_BYTES) -> bytes:
    """Convert a WebP of `animated` to a GIF."""
    frames, milliseconds = [], []
    with Image.open(BytesIO(animation)) as moving:
        for frame in ImageSequence.Iterator(moving):
            frames.append(ImageOps.contain(frame.convert("RGB"), (GIF_SIDE, GIF_SIDE)))
            milliseconds.append(int(frame.info["duration"]))
    return animated(frames, milliseconds, most, gif=True)[0]


def _webp(frames: Sequence[Image.Image], milliseconds: Sequence[int], quality: int) -> bytes:
    first, *rest = frames
    return _saved(
        first, "WEBP", save_all=True, append_images=rest, duration=list(milliseconds), loop=0, quality=quality, method=2
    )


def _gif(frames: Sequence[Image.Image], milliseconds: Sequence[int]) -> bytes:
    first, *rest = [frame.quantize(dither=Image.Dither.FLOYDSTEINBERG) for frame in frames]
    return _saved(first, "GIF", save_all=True, append_images=rest, duration=list(milliseconds), loop=0, disposal=1)


def _on_card(frame: Image.Image) -> Image.Image:
    """A frame without transparency, which animations support badly."""
    ground = Image.new("RGB", frame.size, palette.CARD)
    ground.paste(frame, mask=frame if frame.mode == "RGBA" else None)
    return ground


def _halved(image: Image.Image) -> Image.Image:
    return image.resize((max(image.width // 2, 1), max(image.height // 2, 1)), Image.Resampling.LANCZOS)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
