import pytest

from bot.prompts.flags import ParsedPrompt, read, take_style
from generation.errors import InvalidSetting
from generation.settings import PartialSettings, Sampler, Schedule


def test_a_prompt_without_flags_is_left_alone() -> None:
    text = "a well-known fox -- or two, 3:2 - really, old —tired– and –seedy"
    assert read(text) == ParsedPrompt(text, PartialSettings())


def test_every_flag() -> None:
    typed = read("a fox --no hands, feet --seed 7 --steps 30 --cfg 6.5 --sampler euler A --clip 2 --repeat 3 --ar 16:9")
    assert typed == ParsedPrompt(
        "a fox",
        PartialSettings(
            negative_prompt="hands, feet",
            steps=30,
            guidance_scale=6.5,
            sampler=Sampler.EULER_ANCESTRAL,
            clip_skip=2,
            count=3,
        ),
        seed=7,
        aspect=(16, 9),
    )


def test_flags_of_the_noise() -> None:
    typed = read("a fox --vary 0.2 --vary-seed 9 --seed-size 128x96")
    chosen = PartialSettings(variation_strength=0.2, variation_seed=9, seed_width=128, seed_height=96)
    assert typed == ParsedPrompt("a fox", chosen)


def test_flags_of_the_finer_knobs() -> None:
    typed = read("a fox --schedule karras --rescale 0.7 --cfg-part 0.1-0.8 --hires 2 --hires-strength 0.4")
    chosen = PartialSettings(
        schedule=Schedule.KARRAS,
        guidance_rescale=0.7,
        guidance_start=0.1,
        guidance_end=0.8,
        hires_factor=2,
        hires_strength=0.4,
    )
    assert typed == ParsedPrompt("a fox", chosen)


def test_loras_go_into_the_prompt() -> None:
    typed = read("a fox --lora ink:0.6 --seed 7 --lora old paper, fur:-1")
    assert typed == ParsedPrompt("a fox <lora:ink:0.6> <lora:old paper:1> <lora:fur:-1>", PartialSettings(), seed=7)


def test_who_may_see_it() -> None:
    assert read("a fox --private --spoiler") == ParsedPrompt("a fox", PartialSettings(), private=True, spoiler=True)


@pytest.mark.parametrize(
    ("text", "rest", "style"),
    [
        ("a fox --style noir", "a fox", "noir"),
        ("a fox --cfg 3 —Style film noir --seed 7", "a fox --cfg 3 --seed 7", "film noir"),
        ("a fox --style old --style new", "a fox", "new"),
        ("a fox --seed 7", "a fox --seed 7", None),
        ("a style", "a style", None),
    ],
)
def test_a_style_is_taken_out(text: str, rest: str, style: str | None) -> None:
    assert take_style(text) == (rest, style)


@pytest.mark.parametrize("dashes", ["--", "—", "–", "——", "––"])
def test_dashes_as_phones_write_them(dashes: str) -> None:
    assert read(f"a fox {dashes}seed 7").seed == 7


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a fox --fast", "There's no flag `--fast`"),
        ("a fox --seed", "`--seed` needs a value such as `--seed 7`"),
        ("a fox --seed seven", "`--seed` needs a value"),
        ("a fox --ar wide", "`--ar` needs a value such as `--ar 3:2`"),
        ("a fox --ar 9:1", "too narrow"),
        ("a fox --ar 0:1", "too narrow"),
        (f"a fox --ar {'1' * 400}:1", "too narrow"),
        ("a fox --sampler magic", "There's no sampler “magic”"),
        ("a fox --steps 999", "Steps must be between 1 and 150"),
        ("a fox --no", "`--no` needs a value"),
        ("a fox --lora", "`--lora` needs a value such as `--lora watercolour:0.8`"),
        ("a fox --lora ink:very", "`--lora` needs a value"),
        ("a fox --private in the snow", "take no value. Put them after the words"),
        ("a fox --style noir", "`--style` doesn't work here"),
    ],
)
def test_what_is_wrong_is_said(text: str, sentence: str) -> None:
    with pytest.raises(InvalidSetting) as refusal:
        read(text)
    assert sentence in str(refusal.value)


def test_a_style_needs_a_name() -> None:
    with pytest.raises(InvalidSetting, match="`--style` needs a value such as `--style noir`"):
        take_style("a fox --style --seed 7")


@pytest.mark.parametrize("gap", [" ", "   ", "\t", "\n", " \n ", "\u00a0", "\u3000", "\u2003"])
def test_any_space_may_stand_between_a_flag_and_its_value(gap: str) -> None:
    typed = read(f"a fox{gap}--seed{gap}7{gap}--no{gap}hands{gap}")
    assert (typed.prompt, typed.seed, typed.chosen.negative_prompt) == ("a fox", 7, "hands")
    assert take_style(f"a fox --style{gap}noir") == ("a fox", "noir")
