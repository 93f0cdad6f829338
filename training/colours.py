"""Colour words, and drawing a subject in the colour a word names.

A subject with one leading hue keeps its other colours: a blue apple has a green leaf. Any other subject is tinted as a
whole, keeping light and shade. Hues are degrees on the colour circle, 0 red, 120 green, 240 blue.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from training.art import Pixels

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Colour:
    """The effect of a colour word: hue in degrees, bounds of the saturation, factor and minimum of the lightness."""

    hue: float
    least: float
    most: float = 1.0
    value: float = 1.0
    floor: float = 0.0


SUBJECT_COLOURS = {
    "red": Colour(0, 0.65),
    "orange": Colour(28, 0.7, floor=0.5),
    "yellow": Colour(50, 0.65, floor=0.6),
    "green": Colour(125, 0.5, 0.85),
    "teal": Colour(178, 0.5, 0.85),
    "blue": Colour(217, 0.6),
    "purple": Colour(275, 0.5, 0.85),
    "pink": Colour(330, 0.35, 0.6, floor=0.7),
    "brown": Colour(24, 0.45, 0.65, 0.62),
    "golden": Colour(44, 0.6, 0.8, 0.95, 0.35),
    "black": Colour(220, 0.0, 0.12, 0.3),
    "gray": Colour(220, 0.0, 0.06, 0.75),
    "white": Colour(220, 0.0, 0.04, 1.0, 0.72),
}
CIRCLE = ("red", "orange", "yellow", "green", "teal", "blue", "purple", "pink")
HUES = {name: SUBJECT_COLOURS[name].hue for name in CIRCLE}
GROUND_COLOURS = {
    "white": (255, 255, 255),
    "black": (16, 16, 18),
    "gray": (128, 128, 128),
    "red": (214, 48, 48),
    "orange": (245, 150, 50),
    "yellow": (250, 218, 80),
    "green": (88, 178, 92),
    "dark green": (24, 92, 52),
    "teal": (60, 180, 175),
    "blue": (64, 120, 220),
    "dark blue": (28, 44, 112),
    "light blue": (170, 215, 245),
    "purple": (140, 85, 200),
    "pink": (248, 170, 200),
    "brown": (120, 80, 50),
    "beige": (240, 226, 200),
}


def unseen(name: str, colour: str) -> bool:
    """True if this thing is never trained in this colour (one pair in seven), so that obedience can be measured."""
    return zlib.crc32(f"{colour} {name}".encode()) % 7 == 0


def to_hsv(picture: Pixels) -> tuple[Floats, Floats]:
    """A picture (H, W, 4), colours multiplied by alpha, as hue in degrees, saturation, value 0..1, and its alpha."""
    alpha = picture[..., 3].astype(np.float32) / 255
    straight = picture[..., :3] / np.maximum(alpha, 1 / 255)[..., None]
    hsv = np.asarray(Image.fromarray(straight.clip(0, 255).astype(np.uint8)).convert("HSV")).astype(np.float32) / 255
    hsv[..., 0] *= 360
    return hsv.astype(np.float32), alpha.astype(np.float32)


def from_hsv(hsv: Floats, alpha: Floats) -> Pixels:
    """The inverse of ``to_hsv``."""
    levels = np.stack([hsv[..., 0] % 360 / 360, hsv[..., 1].clip(0, 1), hsv[..., 2].clip(0, 1)], -1) * 255
    image = Image.frombytes("HSV", (hsv.shape[1], hsv.shape[0]), levels.round().clip(0, 255).astype(np.uint8).tobytes())
    coloured = np.asarray(image.convert("RGB")).astype(np.float32) * alpha[..., None]
    return np.concatenate([coloured, alpha[..., None] * 255], -1).round().astype(np.uint8)


def hue_distance(a: Floats | float, b: float) -> Floats:
    """Degrees between hues, 0 to 180."""
    distance: Floats = np.abs((np.asarray(a, np.float32) - b + 180) % 360 - 180)
    return distance


def mean_hue(hsv: Floats, weight: Floats) -> float | None:
    """The circular mean of hues, weighted by saturation, value and ``weight``; None where there is hardly colour."""
    strength = weight * hsv[..., 1] * hsv[..., 2]
    if strength.sum() < 0.06 * max(float(weight.sum()), 1e-6):
        return None
    angle = np.deg2rad(hsv[..., 0])
    return float(np.rad2deg(np.arctan2((strength * np.sin(angle)).sum(), (strength * np.cos(angle)).sum())) % 360)


def recolour(picture: Pixels, word: str) -> Pixels:
    """The picture (H, W, 4) with its subject in the colour that ``word`` names."""
    colour = SUBJECT_COLOURS[word]
    hsv, alpha = to_hsv(picture)
    lead = mean_hue(hsv, alpha)
    near = np.ones_like(alpha)
    if lead is not None:
        vivid = alpha * (hsv[..., 1] > 0.3) * (hsv[..., 2] > 0.2)
        close = (hue_distance(hsv[..., 0], lead) < 45).astype(np.float32)
        if (vivid * close).sum() > 0.7 * vivid.sum() and vivid.sum() > 0.35 * alpha.sum():
            near = close * np.clip((hsv[..., 1] - 0.12) / 0.12, 0, 1)
    dark = np.clip((hsv[..., 2] - 0.15) / 0.2, 0, 1)
    new = hsv.copy()
    new[..., 0] = colour.hue
    new[..., 1] = np.clip(hsv[..., 1], colour.least, max(colour.most, colour.least)) * dark
    new[..., 2] = np.maximum(hsv[..., 2] * colour.value, colour.floor * (0.6 + 0.4 * hsv[..., 2]) * dark)
    old, fresh = from_hsv(hsv, alpha).astype(np.float32), from_hsv(new, alpha).astype(np.float32)
    mixed = old + (fresh - old) * near[..., None]
    mixed[..., 3] = picture[..., 3]
    return mixed.round().astype(np.uint8)


def vary(picture: Pixels, turn: float, brightness: float) -> Pixels:
    """A picture with all hues turned by some degrees and its value scaled: the same thing under another light."""
    hsv, alpha = to_hsv(picture)
    hsv[..., 0] += turn
    hsv[..., 2] *= brightness
    return from_hsv(hsv, alpha)
