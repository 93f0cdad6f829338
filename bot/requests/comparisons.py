"""Plans of comparisons."""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from bot.errors import Refusal
from bot.policy.effective import EffectiveRules
from bot.policy.request_context import RequestContext
from bot.requests.plan import Plan
from bot.requests.planner import Planner
from generation import abilities, comparison, suitability
from generation.catalogue import Catalogue, ModelSpec
from generation.comparison import Axis, Parameter
from generation.errors import InvalidSetting, UserError
from generation.settings import SIZE, STEPS, GenerationSettings, PartialSettings

Wanted = Mapping[Parameter, str]
"""Settings to compare, with their values as typed. An empty text leaves the values to the bot."""

Drawn = dict[str, GenerationSettings]
"""The settings of one picture for each of several models."""


@dataclass(frozen=True, slots=True)
class ComparedPicture:
    """A planned picture, with the words and settings that made the plan. `given` are the roles of the pictures that it
    uses, whether those are here yet or not; see `Planner.imagine`."""

    plan: Plan
    text: str
    chosen: PartialSettings
    given: tuple[str, ...] = ()

    @property
    def settings(self) -> GenerationSettings:
        """The settings of the picture."""
        return self.plan.settings


class Comparisons:
    """Plans comparisons. It raises `UserError` for what is refused."""

    def __init__(self, *, catalogue: Catalogue, planner: Planner) -> None:
        self._catalogue = catalogue
        self._planner = planner

    def plan(self, asked: ComparedPicture, wanted: Wanted) -> Plan:
        """A picture with several values of one setting, or of two.

        Values that are left open are those that show best what the setting does, are allowed here, and fit on a
        sheet.
        """
        models: Drawn = {}
        axes = []
        for parameter, values in wanted.items():
            if parameter is Parameter.STRENGTH and not asked.plan.from_picture:
                raise Refusal("Strength only works with a start picture. Attach one as `image`.")
            if parameter is Parameter.CACHE:
                suitability.check(replace(asked.settings, step_cache=False), self._catalogue.get(asked.settings.model))
            axis = comparison.read(parameter, values) if values else None
            if axis and parameter is Parameter.SIZE:
                axis = comparison.on_sizes(axis, self._drawable(asked.settings))
            if parameter is Parameter.MODEL:
                models = self._models(asked, axis)
            axes.append(axis or self._usual(asked.plan, parameter, models))
        axes = comparison.thinned(axes, [parameter for parameter, values in wanted.items() if not values])
        cells = comparison.cells(asked.settings, axes, models.__getitem__)
        if Parameter.STRENGTH in wanted:
            self._check_weighs_pictures({each.model for each in cells})
        return self._planner.sheet(asked.plan, cells, axes, with_picture=bool(asked.given))

    def usual(self, context: RequestContext, parameter: Parameter, model: str | None) -> Axis:
        """The values that show best what a setting does with a model, as far as the rules allow them."""
        text, chosen = "a picture", PartialSettings(model=model)
        plan = self._planner.imagine(context, text, 1, chosen)
        models = self._models(ComparedPicture(plan, text, chosen)) if parameter is Parameter.MODEL else {}
        return self._usual(plan, parameter, models)

    def _usual(self, plan: Plan, parameter: Parameter, models: Drawn) -> Axis:
        rules = plan.context.effective(plan.settings.model)
        steps, side = rules.limits.steps or STEPS.high, rules.limits.side or SIZE.high
        axis = comparison.usual(parameter, plan.settings, list(models), steps, side)
        if parameter is Parameter.SIZE:
            axis = comparison.on_sizes(axis, self._drawable(plan.settings))
        model = self._catalogue.get(plan.settings.model)
        return axis if parameter is Parameter.MODEL else _allowed(axis, plan.settings, rules, model)

    def _check_weighs_pictures(self, names: Iterable[str]) -> None:
        """Raise `Refusal` where a model ignores strength: it looks at a picture as a whole."""
        for name in names:
            if self._catalogue.abilities_of(name).edits:
                raise Refusal(
                    "{model} looks at a picture and doesn't start from it, so strength changes nothing. Compare "
                    "another setting, or choose another model.",
                    model=name,
                )

    def _drawable(self, settings: GenerationSettings) -> Callable[[int, int], tuple[int, int]]:
        """The nearest size that the settings' model can draw."""
        able = abilities.of(self._catalogue.get(settings.model))
        return lambda width, height: suitability.nearest_size(width, height, able)

    def _models(self, asked: ComparedPicture, axis: Axis | None = None) -> Drawn:
        """The models of an axis, or else the picture's own and others that may draw the same here."""
        if axis:
            return {name: self._by(name, asked) for name in axis.values}
        models = {asked.settings.model: asked.settings}
        for name in self._catalogue.names:
            with contextlib.suppress(UserError):
                if name not in models and len(models) < comparison.MOST_MODELS:
                    models[name] = self._by(name, asked)
        return models

    def _by(self, name: str, asked: ComparedPicture) -> GenerationSettings:
        """The settings of a picture with another model, which has its own size, steps and so on."""
        own = asked.settings
        if looks := asked.plan.files.named:
            given = asked.plan.picture_as
            suitability.check_pictures(self._catalogue.get(name), (*looks, *given))
        chosen = replace(asked.chosen, model=name, count=1, variation_seed=own.variation_seed)
        other = self._planner.imagine(asked.plan.context, asked.text, own.seed, chosen, given=asked.given)
        if asked.given:
            self._planner.check_takes_picture([other])
            if other.size_open:
                other = self._planner.shaped_as(other, (own.width, own.height))
        return other.settings


def _allowed(axis: Axis, settings: GenerationSettings, rules: EffectiveRules, model: ModelSpec) -> Axis:
    """The values of an axis that the rules allow and the model supports. Raises `InvalidSetting` where too few are left
    to compare."""
    kept = []
    for value in axis.values:
        try:
            changed = comparison.with_value(settings, axis.parameter, value)
            rules.check(changed, model)
            suitability.check(changed, model)
        except UserError:
            continue
        kept.append(value)
    if len(kept) < comparison.LEAST_VALUES:
        raise InvalidSetting(axis.parameter, "There are no other values to compare here.")
    return Axis(axis.parameter, tuple(kept))
