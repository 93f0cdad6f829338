import pytest

from bot.prompts.flags import ParsedPrompt, names_negative, read, take_style, write
from generation.controls import Control, ControlKind
from generation.errors import InvalidSetting
from generation.settings import PartialSettings, Sampler, Schedule

SMALL = PartialSettings(model="m", width=64, height=64)


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


def test_controls_add_up_and_a_weight_alone_is_that_of_all() -> None:
    typed = read("a fox --control 0.5 --control canny --control=Depth:0.8:0-0.6 --control 0.7 --style-weight 0.4")
    named = Control(ControlKind.CANNY), Control(ControlKind.DEPTH, 0.8, 0.0, 0.6)
    assert typed == ParsedPrompt("a fox", PartialSettings(control_scale=0.7, controls=named, style_scale=0.4))
    settings = typed.chosen.over(SMALL).of("a fox", 1)
    assert read(f"a fox {write(settings)}").chosen.controls == named
    assert "--control" not in write(settings, ("controls", "control_scale"))


def test_as_is_is_a_kind_and_an_unknown_kind_is_told_the_others() -> None:
    as_is = Control(), Control(scale=0.4)
    typed = read("a fox --control as is --control as-is:0.4")
    assert typed == ParsedPrompt("a fox", PartialSettings(controls=as_is))
    assert read(f"a fox {write(typed.chosen.over(SMALL).of('a fox', 1))}").chosen.controls == as_is
    with pytest.raises(InvalidSetting, match=r"such as `--control canny:0.8`. Kinds: as is, canny, lines,"):
        read("a fox --control softedge")


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
        ("a fox --scale 7", "use `--cfg 6`"),
        ("a fox --guidance_scale high", "`--cfg` needs a value such as `--cfg 6`"),
        ("a fox --w 512", "use `--size 512x768`"),
        ("a fox --p", "There's nothing like it here."),
        ("a fox --exp 10", "There's nothing like it here."),
        ("a fox --cw 50", "use `--image-weight 0.6`"),
        ("a fox --sw 50", "use `--image-weight 0.6`"),
        ("a fox --video", "There are no videos here."),
        ("a fox --hd", "use `--hires 2`"),
        ("a fox --steps=", "`--steps` needs a value such as `--steps 30`"),
        ("a fox --steps30 0", "`--steps` needs a value such as `--steps 30`"),
        ("a fox --private=yes", "take no value. Put them after the words"),
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


@pytest.mark.parametrize(
    "text",
    ["--steps=5 --ar=3:2", "--steps5 --ar3:2", "--steps = 5 --AR3:2", "—steps5 –ar3:2", "--steps\t=5\n--ar= 3:2"],
)
def test_a_value_may_follow_at_once_or_after_an_equals_sign(text: str) -> None:
    typed = read(f"a fox {text}")
    assert (typed.prompt, typed.chosen.steps, typed.aspect) == ("a fox", 5, (3, 2))


def test_words_follow_an_equals_sign_too() -> None:
    typed = read("a fox --no=hands, feet --sampler=Euler a --lora=ink:0.6 --strength.5 --seed-size128x96")
    assert typed.prompt == "a fox <lora:ink:0.6>"
    assert typed.chosen.given() == {
        "negative_prompt": "hands, feet",
        "sampler": Sampler.EULER_ANCESTRAL,
        "denoising_strength": 0.5,
        "seed_width": 128,
        "seed_height": 96,
    }
    assert take_style("a fox --style=noir") == ("a fox", "noir")


def refusal_of(text: str) -> str:
    with pytest.raises(InvalidSetting) as refusal:
        read(f"a fox {text}")
    return str(refusal.value)


@pytest.mark.parametrize(
    ("flag", "chosen"),
    [
        ("--cfg_scale 7", {"guidance_scale": 7.0}),
        ("--CFG-Scale=7", {"guidance_scale": 7.0}),
        ("--guidance_scale7", {"guidance_scale": 7.0}),
        ("--guidance 7", {"guidance_scale": 7.0}),
        ("--neg hands", {"negative_prompt": "hands"}),
        ("--negative_prompt hands", {"negative_prompt": "hands"}),
        ("--num_inference_steps 20", {"steps": 20}),
        ("--r 3", {"count": 3}),
        ("--count 3", {"count": 3}),
        ("--clip_skip 2", {"clip_skip": 2}),
        ("--checkpoint pocket", {"model": "pocket"}),
        ("--denoising_strength 0.6", {"denoising_strength": 0.6}),
        ("--width 512 --height 768", {"width": 512, "height": 768}),
        ("--size 64x64 --width512", {"width": 512}),
        ("--width 512 --size 64x64", {"width": 64, "height": 64}),
        ("--sampler dpmpp_2m_karras", {"sampler": Sampler.DPMPP_2M_KARRAS}),
        ("--sampler k_euler_a", {"sampler": Sampler.EULER_ANCESTRAL}),
        ("--sampler euler_karras", {"sampler": Sampler.EULER, "schedule": Schedule.KARRAS}),
        ("--schedule beta --sampler euler_karras", {"sampler": Sampler.EULER, "schedule": Schedule.BETA}),
        (
            "--sampler_name euler --schedule-type sgm_uniform",
            {"sampler": Sampler.EULER, "schedule": Schedule.SGM_UNIFORM},
        ),
    ],
)
def test_the_names_that_others_have_for_flags(flag: str, chosen: dict[str, object]) -> None:
    typed = read(f"a fox {flag}")
    assert (typed.prompt, typed.chosen.given()) == ("a fox", chosen)


def test_the_aspect_by_its_other_names() -> None:
    assert {read(f"a fox --{name} 3:2").aspect for name in ("ar", "aspect", "Aspect_Ratio", "ratio")} == {(3, 2)}


def test_a_negative_prompt_by_another_name_is_one() -> None:
    assert names_negative("a fox --neg hands")
    assert take_style("a fox --neg hands --style noir") == ("a fox --neg hands", "noir")


def test_a_sampler_that_is_nearly_named_is_proposed() -> None:
    assert refusal_of("--sampler eular") == "There's no sampler “eular”. Did you mean Euler?"
    assert refusal_of("--schedule karas") == "There's no schedule “karas”. Did you mean Karras?"


@pytest.mark.parametrize(
    ("flag", "replacement"),
    [
        ("--v 6.1", "--model NAME"),
        ("--v6", "--model NAME"),
        ("--niji 6", "--model NAME"),
        ("--stylize 250", "--cfg 6"),
        ("--s 250", "--cfg 6"),
        ("--chaos 30", "--repeat 4"),
        ("--q 2", "--steps 30"),
        ("--q=.5", "--steps 30"),
        ("--sref https://example.com/a.png", "--image-weight 0.6"),
        ("--cref https://example.com/a.png", "--image-weight 0.6"),
        ("—sref 123", "--image-weight 0.6"),
        ("--iw 1.5", "--image-weight 0.6"),
        ("--weird 1000", "There's nothing like it here."),
        ("--stop 80", "--steps 30"),
    ],
)
def test_flags_of_midjourney_name_their_replacement(flag: str, replacement: str) -> None:
    assert replacement in refusal_of(flag)


@pytest.mark.parametrize(
    ("flag", "meant"),
    [
        ("--stpes 5", "steps"),
        ("--Sed 7", "seed"),
        ("--sampel Euler", "sampler"),
        ("--hires-strenght 0.5", "hires-strength"),
    ],
)
def test_a_misspelt_flag_names_the_one_that_was_meant(flag: str, meant: str) -> None:
    assert f"Did you mean `--{meant}`?" in refusal_of(flag)


@pytest.mark.parametrize("flag", ["--stpes 5", "--v 6", "--fast", f"--{'x' * 3000}", "--qqqqq"])
def test_an_unknown_flag_never_lists_all_flags(flag: str) -> None:
    sentence = refusal_of(flag)
    assert len(sentence) < 160
    assert sentence.count("`--") <= 2


def test_a_flag_like_no_other_is_named() -> None:
    assert refusal_of("--qqqqq 5") == "There's no flag `--qqqqq`. Remove it, or remove its dashes to keep the word."


def test_one_colour_is_singular() -> None:
    assert read("a fox --colours red").prompt == "a fox, red colour"
