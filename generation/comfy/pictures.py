"""Pictures on their way to ComfyUI and back."""

from io import BytesIO

from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from generation import images, infotext
from generation.comfy.graph import Graph
from generation.comfy.roles import Role
from generation.errors import BrokenPicture
from generation.pictures import Picture, Preview

PREVIEW_SIDE = 512
"""The longest side of a preview in pixels."""


def inputs_of(graph: Graph, image: bytes, mask: bytes, size: tuple[int, int]) -> dict[Role, bytes]:
    """The files for a workflow, by what they are: a start picture and a mask, at the size of the request.

    `mask` is white where the picture is drawn anew; without one, all of it is. A mask goes into transparency and
    colours alike, so that it means the same whichever of them the workflow reads. One whose place is that of the start
    picture becomes its transparency. Raises `UnusableImage`.
    """
    if not graph.takes(Role.IMAGE) or not image:
        return {}
    given = images.read(image, limited=False)
    start = images.fitted(images.on_white(given), *size)
    if not graph.takes(Role.MASK):
        return {Role.IMAGE: _png(start)}
    drawn = Image.new("L", size, 255)
    if mask:
        drawn = images.fitted(images.mask(images.read(mask, limited=False)).resize(given.size), *size)
    if graph.inverts_mask:
        drawn = ImageOps.invert(drawn)
    if graph.places.get(Role.MASK) == graph.places.get(Role.IMAGE):
        start.putalpha(ImageOps.invert(drawn))
        return {Role.IMAGE: _png(start)}
    alone = drawn.convert("RGB")
    alone.putalpha(ImageOps.invert(drawn))
    return {Role.IMAGE: _png(start), Role.MASK: _png(alone)}


def finished(data: bytes, seed: int, text: str) -> Picture:
    """A picture as a server gives it, with `text`, an infotext, in place of all that it has written inside. Raises
    `BrokenPicture`."""
    try:
        image = images.on_white(images.read(data, limited=False))
    except images.UnusableImage as reason:
        raise BrokenPicture(f"the server sent no picture: {reason}") from reason
    return _with_text(image, seed, text)


def enlarged(data: bytes, factor: int, seed: int, upscaler: str, total_factor: int) -> Picture:
    """A finished picture, `factor` times as large, by Pillow's Lanczos."""
    with Image.open(BytesIO(data)) as small:
        text = infotext.with_upscale(str(small.info.get(infotext.CHUNK_NAME, "")), upscaler, total_factor)
        size = small.width * factor, small.height * factor
        return _with_text(small.convert("RGB").resize(size, Image.Resampling.LANCZOS), seed, text)


def preview(data: bytes) -> Preview | None:
    """A JPEG or PNG of an unfinished picture; None for anything else."""
    try:
        image = images.on_white(images.read(data, most=PREVIEW_SIDE))
    except images.UnusableImage:
        return None
    image.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    return Preview(image.width, image.height, image.tobytes(), decoded=True)


def grey(like: Preview | None) -> Preview:
    """The preview of a picture that is not begun, as large as another one."""
    width, height = (like.width, like.height) if like else (1, 1)
    return Preview(width, height, bytes([128]) * (3 * width * height))


def _with_text(image: Image.Image, seed: int, text: str) -> Picture:
    bare = Image.new("RGB", image.size)
    bare.paste(image)
    metadata = PngInfo()
    if text:
        metadata.add_text(infotext.CHUNK_NAME, text)
    file = BytesIO()
    bare.save(file, "PNG", pnginfo=metadata, compress_level=1)
    return Picture(file.getvalue(), seed, bare.width, bare.height)


def _png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()
