from dataclasses import replace

import pytest

from bot.__main__ import parser
from bot.cli.figures import compared
from generation.catalogue import POCKET, Catalogue
from generation.errors import InvalidSetting

TWIN = replace(POCKET, name="twin", steps=3, guidance_scale=2.0, width=64, height=64)
CATALOGUE = Catalogue((POCKET, TWIN))


def test_another_model_draws_as_it_likes_but_for_what_was_named() -> None:
    options = parser().parse_args(["compare", "a fox", "--model", "pocket,twin", "--guidance", "5", "--seed", "7"])
    shared, [axis], cells = compared(options, CATALOGUE)
    assert axis.values == ("pocket", "twin")
    assert [(each.model, each.steps, each.width) for each in cells] == [
        ("pocket", POCKET.steps, POCKET.width),
        ("twin", 3, 64),
    ]
    assert {(each.guidance_scale, each.seed) for each in (shared, *cells)} == {(5.0, 7)}


def test_two_settings_are_a_grid_and_a_model_may_be_named_for_all_of_it() -> None:
    options = parser().parse_args(["compare", "a fox", "--steps", "1,2", "--clip-skip", "--model", "twin"])
    _, axes, cells = compared(options, CATALOGUE)
    assert [axis.values for axis in axes] == [("1", "2"), ("1", "2", "3")]
    assert [(each.steps, each.clip_skip) for each in cells] == [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)]
    assert {(each.model, each.guidance_scale, each.seed) for each in cells} == {("twin", 2.0, cells[0].seed)}


@pytest.mark.parametrize("given", [["--steps", "5"], ["--steps", "1,2", "--seed", "1,2", "--guidance", "1,2"]])
def test_neither_nothing_nor_more_than_two_settings_are_compared(given: list[str]) -> None:
    with pytest.raises(InvalidSetting, match="one or two settings"):
        compared(parser().parse_args(["compare", "a fox", *given]), CATALOGUE)


def test_usual_values_of_two_settings_fit_on_one_sheet() -> None:
    _, axes, cells = compared(parser().parse_args(["compare", "a fox", "--steps", "--guidance"]), CATALOGUE)
    assert [axis.values for axis in axes] == [("1", "10", "20", "30", "150"), ("1", "3", "5", "12", "20")]
    assert len(cells) == 25


def test_a_model_that_is_named_for_all_comes_first_among_others() -> None:
    options = parser().parse_args(["compare", "a fox", "--model"])
    _, [axis], _ = compared(options, CATALOGUE)
    assert axis.values == ("pocket", "twin")


def test_strength_without_a_picture_to_start_from_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="Attach one as `image`"):
        compared(parser().parse_args(["compare", "a fox", "--strength"]), CATALOGUE)


def test_flags_inside_the_prompt_count_for_all_cells_and_options_outweigh_them() -> None:
    prompt = "a fox --seed 7 --model twin --no hands --repeat 3 --ar 2:1 --steps 9"
    shared, [axis], cells = compared(parser().parse_args(["compare", prompt, "--steps", "1,2"]), CATALOGUE)
    assert axis.values == ("1", "2")
    assert {(each.prompt, each.seed, each.model, each.negative_prompt, each.count) for each in (shared, *cells)} == {
        ("a fox", 7, "twin", "hands", 1)
    }
    assert [(each.steps, each.width, each.height) for each in cells] == [(1, 128, 64), (2, 128, 64)]
