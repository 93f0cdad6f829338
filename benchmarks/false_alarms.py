"""How often the offline NSFW check flags harmless pictures: `python -m benchmarks.false_alarms FOLDER...`.

The folders hold pictures that belong in any channel, such as the sample images of scikit-image. The table has the share
that is flagged at several thresholds, and the pictures with the highest scores.
"""

import argparse
import time
from pathlib import Path

from PIL import Image

from generation.engine.models.open_nsfw import THRESHOLD, OpenNsfw

THRESHOLDS = (0.2, THRESHOLD, 0.8)
SHOWN = 5
"""Pictures that are named."""

ENDINGS = {".png", ".jpg", ".jpeg", ".webp"}


def measured(folders: list[Path]) -> list[tuple[float, Path]]:
    """The score of every picture in the folders, the highest first."""
    checker = OpenNsfw.read()
    scores = []
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.suffix.lower() in ENDINGS):
        with Image.open(path) as image:
            scores.append((checker.score(image.convert("RGB")), path))
    return sorted(scores, reverse=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    started = time.monotonic()
    scores = measured(parser.parse_args().folders)
    for threshold in sorted(set(THRESHOLDS)):
        flagged = sum(score >= threshold for score, _ in scores)
        print(f"at {threshold:.2f}: {flagged} of {len(scores)} flagged ({flagged / len(scores):.1%})")
    for score, path in scores[:SHOWN]:
        print(f"{score:.3f}  {path}")
    print(f"{(time.monotonic() - started) / len(scores):.3f} s a picture")


if __name__ == "__main__":
    main()
