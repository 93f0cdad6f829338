"""`noisefox explain` and `compare`: figures on the command line, with the same worker as the bot."""

import argparse
import re
from dataclasses import replace
from itertools import product
from pathlib import Path

from bot.cli.draw import (
    asked_for,
    free_path,
    inputs_of,
    make_folder,
    preferred_by,
    tell_unread,
)
from bot.cli.drawer import Drawer, NotDrawn
from bot.config import Config
from bot.figures import explanation
from bot.figures.comparison import drawn as comparison_sheet
from bot.prompts import flags
from generation import comparison, cost, suitability
from generation.catalogue import Catalogue
from generation.comparison import Axis, Parameter
from generation.errors import InvalidSetting
from generation.jobs import Draw
from generation.settings import STEPS, GenerationSettings, PartialSettings, random_seed


async def explain(options: argparse.Namespace, config: Config) -> int:
    """Draw a picture and show its steps; print the paths of figure, animation and picture."""
    settings, inputs = asked_for(options, config.catalogue)
    suitability.check_explains(config.catalogue.get(settings.model))
    make_folder(options.out)
    async with Drawer(config) as drawer:
        completed = await drawer.drawn(Draw(settings, inputs, explained=True), cost.steps(settings, bool(inputs.image)))
    if completed.explanation is None:
        raise NotDrawn("The worker sent no explanation.")
    [picture] = completed.pictures
    name = f"seed-{picture.seed}"
    _write(options.out, f"{name}-explained", explanation.figure(completed.explanation, settings))
    _write(options.out, f"{name}-steps", explanation.animation(completed.explanation, settings, gif=options.gif))
    _write(options.out, name, (picture.png, "png"))
    return 0


def _write(folder: Path, name: str, file: tuple[bytes, str]) -> None:
    data, ending = file
    path = free_path(folder, name, ending)
    path.write_bytes(data)
    print(path)


async def compare(options: argparse.Namespace, config: Config) -> int:
    """Draw a picture with several values of one or two settings; print the paths of the sheet and its pictures."""
    settings, axes, asked = compared(options, config.catalogue)
    inputs = inputs_of(options)
    make_folder(options.out)
    pictures: dict[int, bytes] = {}
    async with Drawer(config) as drawer:
        for model in dict.fromkeys(each.model for each in asked):
            group = [index for index, each in enumerate(asked) if each.model == model]
            drawn = tuple(asked[index] for index in group)
            completed = await drawer.drawn(Draw(drawn[0], inputs, cells=drawn))
            tell_unread(completed)
            pictures |= {index: each.png for index, each in zip(group, completed.pictures, strict=True)}
    sheet = comparison_sheet(settings, axes, [pictures[index] for index in range(len(asked))])
    name = "-".join(["compared", *(axis.parameter.replace(" ", "-") for axis in axes)])
    _write(options.out, name, sheet)
    for index, values in enumerate(product(*(axis.values for axis in axes))):
        _write(options.out, "-".join(re.sub(r"\W+", "-", value) for value in (name, *values)), (pictures[index], "png"))
    return 0


def compared(
    options: argparse.Namespace, catalogue: Catalogue
) -> tuple[GenerationSettings, list[Axis], list[GenerationSettings]]:
    """The settings that all cells share, the compared axes, and the settings of each cell. A setting is compared if it
    has several values, or an option without a value, which means the usual ones. Raises `UserError`."""
    given = {each: text for each in Parameter if (text := getattr(options, each.replace(" ", "_"))) is not None}
    wanted = {each: text for each, text in given.items() if not text or "," in text}
    if not 0 < len(wanted) <= 2:
        raise InvalidSetting(
            "values",
            "Give one or two settings several values, such as --steps 5,10,20. Leave the values out for "
            "the usual ones.",
        )
    if Parameter.STRENGTH in given and not options.image:
        raise InvalidSetting("strength", "Strength only works with a start picture. Attach one as `image`.")
    shared = {each: comparison.written(each, text) for each, text in given.items() if each not in wanted}
    typed = flags.read(options.prompt)
    named = replace(PartialSettings(negative_prompt=options.negative).over(typed.chosen), model=None, count=None)
    seed = random_seed() if typed.seed is None else typed.seed

    def of_model(name: str) -> GenerationSettings:
        """The defaults of a model with the values of the prompt's flags, then the shared ones."""
        model = catalogue.get(name)
        chosen = named.over(preferred_by(model, typed))
        prompt = catalogue.loras.with_words(typed.prompt, model.name)
        suitability.check_named(named, prompt, model)
        settings = chosen.of(prompt, seed)
        for parameter, value in shared.items():
            settings = comparison.with_value(settings, parameter, value)
        return settings

    settings = of_model(shared.get(Parameter.MODEL, typed.chosen.model or catalogue.default.name))
    side = 2 * max(settings.width, settings.height)
    names = [settings.model, *(name for name in catalogue.names if name != settings.model)]
    axes = [
        comparison.read(each, text) if text else comparison.usual(each, settings, names, STEPS.high, side)
        for each, text in wanted.items()
    ]
    axes = comparison.thinned(axes, [each for each, text in wanted.items() if not text])
    return settings, axes, comparison.cells(settings, axes, of_model)
