"""Paint a scene from the cleaned art."""

from __future__ import annotations

import numpy as np
from PIL import Image

from training.art import LONGEST, SIZE, Art, Pixels
from training.colours import Floats, recolour, vary
from training.grounds import ground
from training.scenes import EARS, HATS, Scene

FULL = LONGEST / SIZE


def scaled(picture: Pixels, longest: float, turn: float = 0.0) -> Pixels:
    """The visible part of a picture, its longer side ``longest`` pixels long, turned by some degrees."""
    image = Image.fromarray(picture)
    left, top, right, bottom = visible(image)
    factor = longest / max(right - left, bottom - top)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    image = image.resize(size, Image.Resampling.LANCZOS)
    if abs(turn) > 0.2:
        image = image.rotate(turn, Image.Resampling.BICUBIC)
    result: Pixels = np.array(image.crop(visible(image)))
    result[..., :3] = np.minimum(result[..., :3], result[..., 3:])
    return result


def visible(image: Image.Image) -> tuple[int, int, int, int]:
    """The box of what can be seen: left, top, right, bottom; the whole image where nothing can."""
    return image.getchannel("A").point([0] * 9 + [255] * 247).getbbox() or (0, 0, *image.size)


def lay(canvas: Floats, picture: Pixels, left: float, top: float) -> None:
    """Lay a picture, colours multiplied by alpha, onto the canvas (H, W, 3); what falls outside is cut."""
    x, y = round(left), round(top)
    height, width = canvas.shape[:2]
    x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + picture.shape[1], width), min(y + picture.shape[0], height)
    if x1 <= x0 or y1 <= y0:
        return
    piece = picture[y0 - y : y1 - y, x0 - x : x1 - x].astype(np.float32)
    canvas[y0:y1, x0:x1] = piece[..., :3] + canvas[y0:y1, x0:x1] * (1 - piece[..., 3:] / 255)


def stack(parts: list[tuple[Pixels, float, float]]) -> Pixels:
    """Lay parts (picture, left, top) over one another on a transparent canvas just large enough."""
    left, top = min(part[1] for part in parts), min(part[2] for part in parts)
    right = max(x + picture.shape[1] for picture, x, _ in parts)
    bottom = max(y + picture.shape[0] for picture, _, y in parts)
    canvas = np.zeros((int(np.ceil(bottom - top)), int(np.ceil(right - left)), 4), np.float32)
    for picture, x, y in parts:
        row, column = round(y - top), round(x - left)
        height = min(picture.shape[0], canvas.shape[0] - row)
        width = min(picture.shape[1], canvas.shape[1] - column)
        piece = picture[:height, :width].astype(np.float32)
        under = canvas[row : row + height, column : column + width]
        canvas[row : row + height, column : column + width] = piece + under * (1 - piece[..., 3:] / 255)
    result: Pixels = canvas.round().clip(0, 255).astype(np.uint8)
    return result


def dressed(head: Pixels, worn: Pixels, hat: bool, chance: float) -> Pixels:
    """A head (S, S, 4) with a hat on top or spectacles before its eyes; ``chance`` in 0..1 moves them a little."""
    head = scaled(head, 200)
    height, width = head.shape[:2]
    if hat:
        item = scaled(worn, (0.62 + 0.12 * chance) * width)
        top = 0.16 * height - item.shape[0]
    else:
        item = scaled(worn, 0.74 * width)
        top = (0.45 + 0.04 * chance) * height - item.shape[0] / 2
    return stack([(head, 0, 0), (item, (width - item.shape[1]) / 2, top)])


def with_ears(person: Pixels, animal: Pixels, share: float) -> Pixels:
    """A person's head with the ears of an animal: the upper ``share`` of its face, set behind the hair."""
    head, face = scaled(person, 200), scaled(animal, 200)
    width = 0.92 * head.shape[1]
    face = scaled(animal, 200 * width / face.shape[1])
    ears = face[: round(share * face.shape[0])]
    return stack([(ears, (head.shape[1] - ears.shape[1]) / 2, -0.62 * ears.shape[0]), (head, 0, 0)])


def subject(scene: Scene, art: Art, rng: np.random.Generator) -> Pixels:
    """The scene's first thing with all it wears, RGBA."""
    picture: Pixels = np.array(art.picture(scene.things[0], scene.style))
    if scene.worn is not None:
        worn = art.picture(scene.worn, scene.style)
        picture = dressed(picture, worn, art.concepts[scene.worn].name in HATS, rng.random())
    if scene.ears is not None:
        picture = with_ears(picture, art.picture(scene.ears, scene.style), EARS[art.concepts[scene.ears].name])
    return picture


def paint(scene: Scene, art: Art, rng: np.random.Generator) -> Pixels:
    """The picture of a scene, (height, width, 3). Clean scenes are exact; all others leave a little to chance."""
    canvas = ground(scene.ground, scene.height, scene.width, rng)
    side = min(scene.width, scene.height)
    if len(scene.things) == 2:
        room = scene.width / 2
        for number, (thing, colour) in enumerate(zip(scene.things, scene.colours, strict=True)):
            longest = min(0.96 * room, 0.9 * side) * rng.uniform(0.9, 1.0)
            small = scaled(np.array(art.picture(thing, scene.style)), longest, rng.normal(0, 3))
            small = recolour(small, colour) if colour else small
            left = (number + 0.5) * room - small.shape[1] / 2 + rng.normal(0, 0.012) * side
            lay(canvas, small, left, (scene.height - small.shape[0]) / 2 + rng.normal(0, 0.03) * side)
        return canvas.round().clip(0, 255).astype(np.uint8)
    picture = subject(scene, art, rng)
    across, down = 0.0, 0.0
    if scene.kind == "clean":
        picture = scaled(picture, FULL * side)
    elif scene.kind == "posed":
        picture = scaled(picture, FULL * side * rng.uniform(0.95, 1.0), rng.normal(0, 5))
        picture = vary(picture, rng.normal(0, 8), rng.uniform(0.9, 1.1))
        across, down = rng.normal(0, 0.2), rng.normal(0, 0.2)
    else:
        share = {"small": rng.uniform(0.38, 0.5), "large": rng.uniform(1.25, 1.5), None: rng.uniform(0.82, 1.0)}[
            scene.extent
        ]
        if scene.where and scene.extent is None:
            share = rng.uniform(0.5, 0.65)
        picture = scaled(picture, FULL * side * share, rng.normal(0, 4))
        colour = scene.colours[0]
        picture = recolour(picture, colour) if colour else vary(picture, rng.normal(0, 7), rng.uniform(0.92, 1.06))
        across = {"left": -1.0, "right": 1.0}.get(scene.where or "", rng.normal(0, 0.25))
        down = {"top": -1.0, "bottom": 1.0}.get(scene.where or "", rng.normal(0, 0.25))
    centre(canvas, picture, across, down)
    return canvas.round().clip(0, 255).astype(np.uint8)


def centre(canvas: Floats, picture: Pixels, across: float, down: float) -> None:
    """Lay a picture in the middle, or towards an edge: -1 is against the left or upper edge, 1 the opposite one."""
    free_x, free_y = canvas.shape[1] - picture.shape[1], canvas.shape[0] - picture.shape[0]
    lay(canvas, picture, free_x / 2 * (1 + 0.92 * across), free_y / 2 * (1 + 0.92 * down))
