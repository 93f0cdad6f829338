"""Backgrounds: one colour, or a simple place drawn here from gradients, dots and hills."""

from __future__ import annotations

import numpy as np

from training.colours import GROUND_COLOURS, Floats

PLACES = {
    "sky": "in the sky",
    "space": "in space",
    "night": "at night",
    "sea": "by the sea",
    "meadow": "on the grass",
    "snow": "in the snow",
    "sunset": "at sunset",
    "desert": "in the desert",
    "underwater": "under water",
    "forest": "in the forest",
}


def vertical(height: int, width: int, top: tuple[int, int, int], bottom: tuple[int, int, int]) -> Floats:
    """A run from one colour to another, (height, width, 3), 0..255."""
    run = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    column = np.asarray(top, np.float32) * (1 - run) + np.asarray(bottom, np.float32) * run
    return np.repeat(column, width, 1)


def blobs(
    canvas: Floats, count: int, radius: tuple[float, float], colour: tuple[int, int, int], rng: np.random.Generator
) -> None:
    """Soft discs in the canvas, their radius between two bounds in pixels."""
    height, width = canvas.shape[:2]
    rows, columns = np.mgrid[:height, :width]
    for _ in range(count):
        size = rng.uniform(*radius)
        distance = np.hypot(rows - rng.uniform(0, height), columns - rng.uniform(0, width))
        cover = np.clip(size + 0.5 - distance, 0, 1)[..., None]
        canvas += (np.asarray(colour, np.float32) - canvas) * cover


def below(canvas: Floats, share: float, colour: tuple[int, int, int], swell: float, rng: np.random.Generator) -> None:
    """Fill the lower part of the canvas up to a gently swelling line at ``share`` of its height from the top."""
    height, width = canvas.shape[:2]
    wave = swell * np.sin(np.linspace(0, rng.uniform(3, 8), width) + rng.uniform(0, 6.3))
    cover = np.clip(np.arange(height)[:, None] - (share + wave) * height + 0.5, 0, 1)[..., None]
    canvas += (np.asarray(colour, np.float32) - canvas) * cover


def place(name: str, height: int, width: int, rng: np.random.Generator) -> Floats:
    """One of ``PLACES``, (height, width, 3), 0..255; dots and lines fall differently each time."""
    line = rng.uniform(0.6, 0.75)
    if name == "sky":
        canvas = vertical(height, width, (96, 168, 240), (196, 228, 252))
        blobs(canvas, 5, (0.05 * height, 0.12 * height), (250, 252, 255), rng)
    elif name == "space":
        canvas = vertical(height, width, (12, 12, 34), (34, 18, 62))
        blobs(canvas, 28, (0.4, 1.3), (240, 240, 255), rng)
    elif name == "night":
        canvas = vertical(height, width, (16, 26, 66), (44, 62, 120))
        blobs(canvas, 14, (0.4, 1.2), (250, 246, 210), rng)
        blobs(canvas, 1, (0.07 * height, 0.1 * height), (250, 240, 190), rng)
    elif name == "sea":
        canvas = vertical(height, width, (140, 205, 250), (208, 236, 252))
        below(canvas, line - 0.15, (46, 134, 208), 0.005, rng)
        below(canvas, line + 0.1, (240, 216, 160), 0.02, rng)
    elif name == "meadow":
        canvas = vertical(height, width, (134, 200, 250), (214, 240, 252))
        below(canvas, line, (104, 186, 82), 0.03, rng)
    elif name == "snow":
        canvas = vertical(height, width, (148, 184, 222), (206, 224, 242))
        below(canvas, line, (246, 250, 255), 0.03, rng)
        blobs(canvas, 24, (0.6, 1.8), (255, 255, 255), rng)
    elif name == "sunset":
        canvas = vertical(height, width, (108, 66, 148), (252, 166, 76))
        blobs(canvas, 1, (0.12 * height, 0.16 * height), (255, 226, 120), rng)
        below(canvas, 0.82, (92, 52, 92), 0.02, rng)
    elif name == "desert":
        canvas = vertical(height, width, (122, 194, 246), (250, 232, 190))
        below(canvas, line, (232, 186, 112), 0.04, rng)
    elif name == "underwater":
        canvas = vertical(height, width, (60, 168, 220), (12, 58, 126))
        blobs(canvas, 12, (0.8, 3.0), (176, 226, 246), rng)
        below(canvas, 0.88, (206, 186, 134), 0.02, rng)
    else:
        canvas = vertical(height, width, (120, 176, 128), (52, 112, 66))
        blobs(canvas, 9, (0.1 * height, 0.2 * height), (36, 96, 52), rng)
        below(canvas, 0.78, (70, 130, 62), 0.02, rng)
    return canvas


def ground(name: str, height: int, width: int, rng: np.random.Generator) -> Floats:
    """The ground a word names, (height, width, 3), 0..255."""
    if name in PLACES:
        return place(name, height, width, rng)
    return np.full((height, width, 3), GROUND_COLOURS[name], np.float32)
