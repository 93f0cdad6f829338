"""From what somebody wants to compare to a plan that draws it."""

import contextlib
from collections.abc import Mapping
from dataclasses import replace

from bot.asker import Asker
from bot.errors import Refusal
from bot.house import House, Standing
from bot.intake import Intake, Plan
from generation import comparison
from generation.catalogue import Catalogue
from generation.comparison import Axis, Parameter
from generation.errors import InvalidSetting, UserError
from generation.settings import SIZE, STEPS, GenerationSettings, PartialSettings

Wanted = Mapping[Parameter, str]
"""What is to be compared, with its values as somebody typed them; nothing leaves them open."""

Drawn = dict[str, GenerationSettings]
"""What draws the same picture by each of some models."""


class Comparisons:
    """Makes comparisons of pictures that are planned. What it refuses it refuses with a `UserError`."""

    def __init__(self, *, catalogue: Catalogue, house: House, intake: Intake) -> None:
        self._catalogue = catalogue
        self._house = house
        self._intake = intake

    async def plan(self, plan: Plan, text: str, chosen: PartialSettings, wanted: Wanted) -> Plan:
        """The picture of a plan with several values of one setting, or of two; where they are left open, with those
        that show best what it does, are allowed here, and fit. `text` and `chosen` made the plan, and make it for
        other models."""
        models: Drawn = {}
        axes = []
        for parameter, values in wanted.items():
            if parameter is Parameter.STRENGTH and not plan.inputs.image:
                raise Refusal("Strength is of a picture to start from. Give one as image.")
            axis = comparison.read(parameter, values) if values else None
            if parameter is Parameter.MODEL:
                models = await self._models(plan, text, chosen, axis)
            axes.append(axis or await self._usual(plan, parameter, models))
        axes = comparison.thinned(axes, [parameter for parameter, values in wanted.items() if not values])
        cells = comparison.cells(plan.settings, axes, models.__getitem__)
        return await self._intake.sheet(plan, cells, axes)

    async def usual(self, asker: Asker, parameter: Parameter, model: str | None) -> Axis:
        """The values that show best what a setting does to a picture of a model, as far as they are allowed."""
        plan = await self._intake.imagine(asker, "a picture", 1, PartialSettings(model=model))
        models = await self._models(plan, "a picture", PartialSettings()) if parameter is Parameter.MODEL else {}
        return await self._usual(plan, parameter, models)

    async def _usual(self, plan: Plan, parameter: Parameter, models: Drawn) -> Axis:
        standing = await self._house.standing(plan.asker, self._catalogue.get(plan.settings.model))
        steps, side = standing.limits.steps or STEPS.high, standing.limits.side or SIZE.high
        axis = comparison.usual(parameter, plan.settings, list(models), steps, side)
        return axis if parameter is Parameter.MODEL else _allowed(axis, plan.settings, standing)

    async def _models(self, plan: Plan, text: str, chosen: PartialSettings, axis: Axis | None = None) -> Drawn:
        """The models of an axis; without one the plan's own, and others that may draw the same here."""
        if axis:
            return {name: await self._by(name, plan, text, chosen) for name in axis.values}
        models = {plan.settings.model: plan.settings}
        for name in self._catalogue.names:
            with contextlib.suppress(UserError):
                if name not in models and len(models) < comparison.MOST_MODELS:
                    models[name] = await self._by(name, plan, text, chosen)
        return models

    async def _by(self, name: str, plan: Plan, text: str, chosen: PartialSettings) -> GenerationSettings:
        """What draws a plan's picture by a model, which has its own size, steps and so on."""
        other = await self._intake.imagine(plan.asker, text, plan.settings.seed, replace(chosen, model=name, count=1))
        if plan.inputs.image and other.size_open:
            other = await self._intake.shaped_as(other, (plan.settings.width, plan.settings.height))
        return other.settings


def _allowed(axis: Axis, settings: GenerationSettings, standing: Standing) -> Axis:
    """The values of an axis that are allowed. Raises `InvalidSetting` where those are too few to compare."""
    kept = []
    for value in axis.values:
        try:
            standing.check(comparison.with_value(settings, axis.parameter, value))
        except UserError:
            continue
        kept.append(value)
    if len(kept) < comparison.LEAST_VALUES:
        raise InvalidSetting(axis.parameter, "There are no other values to compare here.")
    return Axis(axis.parameter, tuple(kept))
