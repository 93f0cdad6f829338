"""Clean the art: every concept in every style as one square picture with a transparent ground.

``work/art/pictures.npy`` holds uint8 RGBA of shape (pictures, 256, 256, 4), colours multiplied by alpha, the subject
centred and 236 pixels long on its longer side. ``work/art/concepts.jsonl`` holds the concepts, ``index.json`` the
(concept, style) of every picture.
"""

from __future__ import annotations

import argparse
import io
import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import resvg_py
from PIL import Image
from tqdm import tqdm

from training.concepts import Concept, load_concepts, read_concepts, save_concepts

STYLES = ("3d", "flat", "cartoon")
SIZE = 256
LONGEST = 236
VECTOR_PACKAGES = {"flat": "fluent-flat", "cartoon": "noto"}

Pixels = npt.NDArray[np.uint8]


def code_key(code: str) -> str:
    """A code point sequence without the variation selectors, which the packages treat differently."""
    return "-".join(part for part in code.lower().split("-") if part != "fe0f")


@cache
def icons(packages: Path, style: str) -> tuple[dict[str, Any], dict[str, str]]:
    """An icon package's drawings, and which drawing belongs to which code."""
    folder = packages / VECTOR_PACKAGES[style]
    names: dict[str, str] = json.loads((folder / "chars.json").read_text())
    return json.loads((folder / "icons.json").read_text()), {code_key(code): name for code, name in names.items()}


@cache
def bitmaps(packages: Path) -> dict[str, Path]:
    """The files of the 3d art by code."""
    return {code_key(path.stem): path for path in (packages / "fluent-3d/assets").glob("*.webp")}


def render(packages: Path, style: str, code: str, size: int = SIZE) -> Image.Image | None:
    """The raw picture of a code in a style, RGBA, or None where the style lacks it. Vector art comes at ``size``."""
    if style == "3d":
        path = bitmaps(packages).get(code_key(code))
        return Image.open(path).convert("RGBA") if path else None
    package, names = icons(packages, style)
    name = names.get(code_key(code))
    if name is None:
        return None
    name = package.get("aliases", {}).get(name, {}).get("parent", name)
    icon = package["icons"].get(name)
    if icon is None:
        return None
    width, height = icon.get("width", package["width"]), icon.get("height", package["height"])
    left, top = icon.get("left", package.get("left", 0)), icon.get("top", package.get("top", 0))
    markup = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{left} {top} {width} {height}" width="{width}" height="{height}">{icon["body"]}</svg>'
    )
    png = resvg_py.svg_to_bytes(svg_string=markup, width=size, height=size)
    return Image.open(io.BytesIO(bytes(png))).convert("RGBA")


def fit(picture: Image.Image, size: int = SIZE, longest: int = LONGEST) -> Pixels | None:
    """Cut to what is visible, scale the longer side to ``longest``, centre; None for an empty picture."""
    box = picture.getchannel("A").point([0] * 9 + [255] * 247).getbbox()
    if box is None:
        return None
    cut = np.asarray(picture.crop(box)).astype(np.float32)
    cut[..., :3] *= cut[..., 3:] / 255
    factor = longest / max(cut.shape[:2])
    width, height = (max(1, round(side * factor)) for side in (cut.shape[1], cut.shape[0]))
    scaled = Image.fromarray(cut.round().astype(np.uint8)).resize((width, height), Image.Resampling.LANCZOS)
    canvas = Image.new("RGBA", (size, size))
    canvas.paste(scaled, ((size - width) // 2, (size - height) // 2))
    pixels: Pixels = np.array(canvas)
    pixels[..., :3] = np.minimum(pixels[..., :3], pixels[..., 3:])
    return pixels


def all_styles(packages: Path, concept: Concept) -> dict[str, Pixels]:
    """The cleaned pictures of one concept by style; empty where neither 3d nor flat art exists."""
    found = {}
    for style in STYLES:
        raw = render(packages, style, concept.code)
        pixels = fit(raw) if raw else None
        if pixels is not None:
            found[style] = pixels
    return found if "3d" in found or "flat" in found else {}


@dataclass(frozen=True)
class Art:
    """The cleaned art: concepts, pictures (N, 256, 256, 4) and the row of every (concept number, style)."""

    concepts: list[Concept]
    pictures: Pixels
    rows: dict[tuple[int, str], int]

    def styles(self, concept: int) -> list[str]:
        """The styles a concept exists in."""
        return [style for style in STYLES if (concept, style) in self.rows]

    def picture(self, concept: int, style: str) -> Pixels:
        """One picture, (256, 256, 4)."""
        pixels: Pixels = self.pictures[self.rows[concept, style]]
        return pixels

    def held_out(self) -> list[int]:
        """Rows of every 25th concept: never seen by autoencoder and upscaler, they measure both."""
        return [row for (concept, _), row in self.rows.items() if concept % 25 == 7 % len(self.concepts)]


def load_art(work: Path) -> Art:
    """Open the cleaned art; pictures stay on disk until they are touched."""
    folder = work / "art"
    index = json.loads((folder / "index.json").read_text())
    pictures = np.load(folder / "pictures.npy", mmap_mode="r")
    rows = {(concept, style): row for row, (concept, style) in enumerate(index)}
    return Art(load_concepts(folder / "concepts.jsonl"), pictures, rows)


def clean(work: Path, processes: int = 2) -> None:
    """Render and fit everything that ``work/packages`` holds."""
    packages, folder = work / "packages", work / "art"
    concepts: list[Concept] = []
    index: list[tuple[int, str]] = []
    pictures: list[Pixels] = []
    candidates = read_concepts(packages)
    job: Callable[[Concept], dict[str, Pixels]] = partial(all_styles, packages)
    with ProcessPoolExecutor(processes) as pool:
        for concept, found in zip(
            candidates, tqdm(pool.map(job, candidates, chunksize=16), total=len(candidates)), strict=True
        ):
            if found:
                index += [(len(concepts), style) for style in found]
                pictures += list(found.values())
                concepts.append(concept)
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "pictures.npy", np.stack(pictures))
    save_concepts(concepts, folder / "concepts.jsonl")
    (folder / "index.json").write_text(json.dumps(index))
    counts = Counter(style for _, style in index)
    tqdm.write(
        f"{len(concepts)} concepts, {sum(concept.core for concept in concepts)} of the core; pictures {dict(counts)}"
    )


def main() -> None:
    """``python -m training.art --work DIR``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(".pocket"))
    arguments = parser.parse_args()
    clean(arguments.work)


if __name__ == "__main__":
    main()
