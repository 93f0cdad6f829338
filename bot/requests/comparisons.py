"""From what somebody wants to compare to a plan that draws it."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from bot.errors import Refusal
from bot.policy.effective import EffectiveRules
from bot.policy.requester import Requester
from bot.policy.server_rules import ServerPolicy
from bot.requests.plan import Plan
from bot.requests.planner import Planner
from generation import comparison
from generation.catalogue import Catalogue
from generation.comparison import Axis, Parameter
from generation.errors import InvalidSetting, UserError
from generation.settings import SIZE, STEPS, GenerationSettings, PartialSettings

Wanted = Mapping[Parameter, str]
"""What is to be compared, with its values as somebody typed them; nothing leaves them open."""

Drawn = dict[str, GenerationSettings]
"""What draws the same picture by each of some models."""


@dataclass(frozen=True, slots=True)
class ComparedPicture:
    """A picture that is planned, the words and settings that made the plan, and whether a picture goes with them, there
    already or not."""

    plan: Plan
    text: str
    chosen: PartialSettings
    with_picture: bool = False

    @property
    def settings(self) -> GenerationSettings:
        """What draws it."""
        return self.plan.settings


class Comparisons:
    """Makes comparisons of pictures that are planned. What it refuses it refuses with a `UserError`."""

    def __init__(self, *, catalogue: Catalogue, policy: ServerPolicy, planner: Planner) -> None:
        self._catalogue = catalogue
        self._policy = policy
        self._planner = planner

    async def plan(self, asked: ComparedPicture, wanted: Wanted) -> Plan:
        """A picture with several values of one setting, or of two; where they are left open, with those that show best
        what it does, are allowed here, and fit."""
        models: Drawn = {}
        axes = []
        for parameter, values in wanted.items():
            if parameter is Parameter.STRENGTH and not asked.plan.from_picture:
                raise Refusal("Strength only works with a start picture. Attach one as `image`.")
            axis = comparison.read(parameter, values) if values else None
            if parameter is Parameter.MODEL:
                models = await self._models(asked, axis)
            axes.append(axis or await self._usual(asked.plan, parameter, models))
        axes = comparison.thinned(axes, [parameter for parameter, values in wanted.items() if not values])
        cells = comparison.cells(asked.settings, axes, models.__getitem__)
        return await self._planner.sheet(asked.plan, cells, axes, with_picture=asked.with_picture)

    async def usual(self, requester: Requester, parameter: Parameter, model: str | None) -> Axis:
        """The values that show best what a setting does to a picture of a model, as far as they are allowed."""
        text, chosen = "a picture", PartialSettings(model=model)
        plan = await self._planner.imagine(requester, text, 1, chosen)
        models = await self._models(ComparedPicture(plan, text, chosen)) if parameter is Parameter.MODEL else {}
        return await self._usual(plan, parameter, models)

    async def _usual(self, plan: Plan, parameter: Parameter, models: Drawn) -> Axis:
        effective = await self._policy.effective(plan.requester, self._catalogue.get(plan.settings.model))
        steps, side = effective.limits.steps or STEPS.high, effective.limits.side or SIZE.high
        axis = comparison.usual(parameter, plan.settings, list(models), steps, side)
        return axis if parameter is Parameter.MODEL else _allowed(axis, plan.settings, effective)

    async def _models(self, asked: ComparedPicture, axis: Axis | None = None) -> Drawn:
        """The models of an axis; without one the picture's own, and others that may draw the same here."""
        if axis:
            return {name: await self._by(name, asked) for name in axis.values}
        models = {asked.settings.model: asked.settings}
        for name in self._catalogue.names:
            with contextlib.suppress(UserError):
                if name not in models and len(models) < comparison.MOST_MODELS:
                    models[name] = await self._by(name, asked)
        return models

    async def _by(self, name: str, asked: ComparedPicture) -> GenerationSettings:
        """What draws a picture by a model, which has its own size, steps and so on."""
        own = asked.settings
        chosen = replace(asked.chosen, model=name, count=1, variation_seed=own.variation_seed)
        other = await self._planner.imagine(
            asked.plan.requester, asked.text, own.seed, chosen, with_picture=asked.with_picture
        )
        if asked.with_picture:
            self._planner.check_takes_picture([other])
            if other.size_open:
                other = await self._planner.shaped_as(other, (own.width, own.height))
        return other.settings


def _allowed(axis: Axis, settings: GenerationSettings, effective: EffectiveRules) -> Axis:
    """The values of an axis that are allowed. Raises `InvalidSetting` where those are too few to compare."""
    kept = []
    for value in axis.values:
        try:
            effective.check(comparison.with_value(settings, axis.parameter, value))
        except UserError:
            continue
        kept.append(value)
    if len(kept) < comparison.LEAST_VALUES:
        raise InvalidSetting(axis.parameter, "There are no other values to compare here.")
    return Axis(axis.parameter, tuple(kept))
