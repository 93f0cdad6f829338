import pytest

from bot.prompts.permutations import MOST, expand, has_unpaired
from generation.errors import InvalidSetting


@pytest.mark.parametrize(
    ("text", "prompts"),
    [
        ("a fox", ["a fox"]),
        ("{red, blue} fox", ["red fox", "blue fox"]),
        (
            "{red, blue} fox in {snow, rain}",
            ["red fox in snow", "red fox in rain", "blue fox in snow", "blue fox in rain"],
        ),
        ("a {red, {light, dark} blue} fox", ["a red fox", "a light blue fox", "a dark blue fox"]),
        ("a fox {, at night}", ["a fox", "a fox at night"]),
        (r"a \{red, blue\} fox", ["a {red, blue} fox"]),
        (r"a {red\, soft, blue} fox", ["a red, soft fox", "a blue fox"]),
        ("a {red} fox", ["a {red} fox"]),
        ("a {red, blue fox", ["a {red, blue fox"]),
        ("a { {red, blue} fox", ["a { red fox", "a { blue fox"]),
        ("a red} fox", ["a red} fox"]),
        (r"a \(red\) fox", [r"a \(red\) fox"]),
        ("a fox --cfg {4, 8}", ["a fox --cfg 4", "a fox --cfg 8"]),
    ],
)
def test_braces_stand_for_choices(text: str, prompts: list[str]) -> None:
    assert expand(text) == prompts


@pytest.mark.parametrize("text", ["{a, b}" * 40, "{" + "a," * 50 + "a} b {c, d}", "{" * 3000 + "{a, b}" * 60])
def test_too_many_are_refused_without_making_them(text: str) -> None:
    with pytest.raises(InvalidSetting, match=f"more than {MOST}"):
        expand(text)


def test_deep_nesting_is_no_trouble() -> None:
    assert expand("{" * 3000 + "a" + "}" * 3000) == ["{" * 3000 + "a" + "}" * 3000]


@pytest.mark.parametrize(
    ("text", "unpaired"),
    [
        ("a {red, blue fox", True),
        ("red, blue} fox", True),
        ("{a}{b}", False),
        (r"\{a, b", False),
        ("} {", True),
        ("", False),
    ],
)
def test_a_brace_without_its_partner_is_found(text: str, unpaired: bool) -> None:
    assert has_unpaired(text) is unpaired
