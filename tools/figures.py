"""Makes the README's figures with the pocket model: `python -m tools.figures FOLDER`."""

import asyncio
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image

from bot.cli.drawer import Drawer
from bot.config import Config, WorkerConfig
from bot.figures import explanation
from bot.figures.comparison import drawn as comparison_sheet
from generation import comparison
from generation.catalogue import POCKET
from generation.comparison import Axis, Parameter
from generation.jobs import Draw
from generation.settings import GenerationSettings
from tools import prompt_figure, region_figure

EXPLAINED = {"apple": ("an apple", 7), "fox-girl": ("a cute fox girl", 44)}
"""Prompt and seed of each explanation, by the name of its files."""

COMPARED = "a robot", 7
"""Prompt and seed of the comparison."""

STEPS = Axis(Parameter.STEPS, ("1", "5", "10", "20", "30", "50", "150"))


def settings_of(prompt: str, seed: int) -> GenerationSettings:
    return POCKET.preferred.of(prompt, seed)


async def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    async with Drawer(Config(worker=WorkerConfig(dtype="float32"))) as drawer:
        for name, (prompt, seed) in EXPLAINED.items():
            settings = settings_of(prompt, seed)
            completed = await drawer.drawn(Draw(settings, explained=True))
            assert completed.explanation is not None
            *halves, (animation, _) = explanation.for_chat(completed.explanation, settings)
            for (half, _), part in zip(halves, ("becoming", "merging"), strict=True):
                save(half, folder / f"explain-{name}-{part}.webp")
            (folder / f"explain-{name}-steps.webp").write_bytes(animation)
        settings = settings_of(*COMPARED)
        cells = tuple(comparison.cells(settings, [STEPS], lambda _: settings))
        completed = await drawer.drawn(Draw(settings, cells=cells))
        sheet, _ = comparison_sheet(settings, [STEPS], [each.png for each in completed.pictures])
        save(sheet, folder / "compare-steps.webp")
        each = prompt_figure.settings()
        completed = await drawer.drawn(Draw(each[0], cells=tuple(each)))
        save(prompt_figure.drawn([each.png for each in completed.pictures]), folder / "prompts.webp")
        pairs = []
        for example in region_figure.EXAMPLES:
            [before] = (await drawer.drawn(region_figure.first(example))).pictures
            [after] = (await drawer.drawn(region_figure.second(example, before.png))).pictures
            pairs.append((before.png, after.png))
        save(region_figure.drawn(pairs), folder / "regions.webp")


def save(figure: bytes, path: Path) -> None:
    """Save a figure as a WebP that is small enough for the repository."""
    with Image.open(BytesIO(figure)) as image:
        image.save(path, "WEBP", quality=90, method=6)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
