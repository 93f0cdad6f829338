"""Axes of comparisons, and what draws each cell."""

from dataclasses import replace

import pytest

from generation import comparison
from generation.comparison import Axis, Parameter
from generation.errors import InvalidSetting
from generation.settings import GenerationSettings, Sampler

BASE = GenerationSettings(prompt="a fox", seed=7, model="pocket", width=128, height=64)


def of_model(name: str) -> GenerationSettings:
    return replace(BASE, model=name, steps=4)


@pytest.mark.parametrize(
    ("parameter", "text", "values"),
    [
        (Parameter.STEPS, "5, 10,20", ("5", "10", "20")),
        (Parameter.STEPS, "5,5,10", ("5", "10")),
        (Parameter.GUIDANCE, "1, 7.50", ("1", "7.5")),
        (Parameter.SAMPLER, "euler a, DDIM", ("Euler a", "DDIM")),
        (Parameter.SIZE, "64x128, 128", ("64×128", "128×128")),
        (Parameter.MODEL, "pocket, other", ("pocket", "other")),
        (Parameter.STRENGTH, ".2,1.0", ("0.2", "1")),
    ],
)
def test_values_are_read_as_people_type_them(parameter: Parameter, text: str, values: tuple[str, ...]) -> None:
    assert comparison.read(parameter, text) == Axis(parameter, values)


@pytest.mark.parametrize(
    ("parameter", "text", "sentence"),
    [
        (Parameter.STEPS, "5", "at least two values"),
        (Parameter.STEPS, " , ", "at least two values"),
        (Parameter.STEPS, "5, many", "“many” isn't a valid value for steps"),
        (Parameter.SAMPLER, "Euler, Magic", "There's no sampler “Magic”. Use one of: DPM"),
        (Parameter.SAMPLER, "Euler, eular", r"There's no sampler “eular”. Did you mean Euler\?"),
        (Parameter.SAMPLER, "Euler, euler karras", "“euler karras” isn't a valid value for sampler"),
        (Parameter.SIZE, "64x64, axb", "“axb” isn't a valid value for size"),
    ],
)
def test_what_is_no_value_is_refused(parameter: Parameter, text: str, sentence: str) -> None:
    with pytest.raises(InvalidSetting, match=sentence):
        comparison.read(parameter, text)


@pytest.mark.parametrize("parameter", Parameter)
def test_the_usual_values_can_all_be_drawn(parameter: Parameter) -> None:
    axis = comparison.usual(parameter, BASE, ["pocket", "other"], steps=150, side=2048)
    assert 2 <= len(axis.values) <= 7
    assert comparison.read(parameter, ",".join(axis.values)) == axis
    cells = comparison.cells(BASE, [axis], of_model)
    assert len(set(cells)) == len(axis.values)


def test_the_usual_values_keep_to_the_limits() -> None:
    steps = comparison.usual(Parameter.STEPS, BASE, [], steps=30, side=128)
    assert steps.values == ("1", "5", "10", "20", "30")
    few = replace(BASE, sampler=Sampler.LCM)
    assert comparison.usual(Parameter.STEPS, few, [], steps=150, side=128).values[-1] == "50"
    assert comparison.usual(Parameter.SIZE, BASE, [], steps=150, side=128).values == ("64×64", "96×64", "128×64")
    with pytest.raises(InvalidSetting, match="no other values"):
        comparison.usual(Parameter.MODEL, BASE, ["pocket"], steps=150, side=128)


@pytest.mark.parametrize("one", Parameter)
@pytest.mark.parametrize("other", Parameter)
def test_the_usual_values_of_any_two_settings_fit_on_one_sheet(one: Parameter, other: Parameter) -> None:
    if one is other:
        return
    models = [f"model {number}" for number in range(9)]
    usual = [comparison.usual(each, BASE, models, steps=150, side=2048) for each in (one, other)]
    fitting = comparison.thinned(usual, (one, other))
    comparison.check(fitting)
    for axis, all_of_it in zip(fitting, usual, strict=True):
        assert (axis.values[0], axis.values[-1]) == (all_of_it.values[0], all_of_it.values[-1])
        assert len(axis.values) == min(len(all_of_it.values), 5)


def test_beside_values_that_were_typed_the_usual_ones_take_what_room_is_left() -> None:
    typed = Axis(Parameter.SEED, tuple(map(str, range(8))))
    usual = comparison.usual(Parameter.STEPS, BASE, [], steps=150, side=2048)
    seeds, steps = comparison.thinned([typed, usual], [Parameter.STEPS])
    assert (seeds, steps.values) == (typed, ("1", "20", "150"))
    few = Axis(Parameter.SEED, ("1", "2", "3"))
    assert comparison.thinned([few, usual], [Parameter.STEPS]) == [few, usual]


def test_the_last_axis_varies_fastest() -> None:
    axes = [Axis(Parameter.STEPS, ("5", "10")), Axis(Parameter.GUIDANCE, ("1", "3"))]
    cells = comparison.cells(BASE, axes, of_model)
    assert [(each.steps, each.guidance_scale) for each in cells] == [(5, 1), (5, 3), (10, 1), (10, 3)]
    assert replace(cells[1], steps=BASE.steps, guidance_scale=BASE.guidance_scale) == BASE


def test_another_model_brings_what_it_likes_and_what_is_compared_outweighs_it() -> None:
    axes = [Axis(Parameter.STEPS, ("5", "10")), Axis(Parameter.MODEL, ("pocket", "other"))]
    cells = comparison.cells(BASE, axes, of_model)
    assert [(each.model, each.steps) for each in cells] == [("pocket", 5), ("other", 5), ("pocket", 10), ("other", 10)]
    alone = comparison.cells(BASE, axes[1:], of_model)
    assert [(each.model, each.steps) for each in alone] == [("pocket", 4), ("other", 4)]


def test_a_setting_with_itself_and_more_pictures_than_a_select_holds_are_refused() -> None:
    steps = Axis(Parameter.STEPS, tuple(map(str, range(1, 7))))
    with pytest.raises(InvalidSetting, match="two different settings"):
        comparison.cells(BASE, [steps, steps], of_model)
    with pytest.raises(InvalidSetting, match="This makes 36 pictures, and 25 is the maximum"):
        comparison.cells(BASE, [steps, Axis(Parameter.SEED, steps.values)], of_model)


def test_a_value_out_of_bounds_is_refused_with_its_bounds() -> None:
    with pytest.raises(InvalidSetting, match="between 1 and 150"):
        comparison.cells(BASE, [Axis(Parameter.STEPS, ("5", "500"))], of_model)
