"""LoRAs in prompts, and the names there are."""

from pathlib import Path

import pytest

from generation.errors import InvalidSetting, UnknownLora
from generation.loras import Lora, Loras, LoraSpec, files_in, read


def spec(name: str, **more: object) -> LoraSpec:
    return LoraSpec(name, Path(f"{name}.safetensors"), **more)  # type: ignore[arg-type]


LORAS = Loras([spec("Watercolour", words="wet paint"), spec("waterfall"), spec("ink", models=("sketcher",))])


@pytest.mark.parametrize(
    ("prompt", "words", "loras"),
    [
        ("a fox", "a fox", ()),
        ("a fox <lora:ink:0.8>", "a fox", (Lora("ink", 0.8, 0.8),)),
        ("<lora:ink>a  fox", "a fox", (Lora("ink"),)),
        ("a <LORA:Ink:-1> fox", "a fox", (Lora("ink", -1, -1),)),
        ("a fox<lora:b:.5:1><lora:a:1>", "a fox", (Lora("a"), Lora("b", 1, 0.5))),
        ("a <lora:ink:0.5> fox <lora:ink:0.25>", "a fox", (Lora("ink", 0.75, 0.75),)),
        ("a fox <lora:ink:0>", "a fox", ()),
        ("a < b, <lora", "a < b, <lora", ()),
    ],
)
def test_tags(prompt: str, words: str, loras: tuple[Lora, ...]) -> None:
    assert read(prompt) == (words, loras)


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        ("<lora:ink:much>", r"strength in .* must be a number"),
        ("<lora:ink:>", r"strength in .* must be a number"),
        ("<lora:ink:1:2:3>", r"strength in .* must be a number"),
        ("<lora:ink:nan>", "must be between -10 and 10"),
        ("<lora:ink:11>", "must be between -10 and 10"),
        ("".join(f"<lora:{number}:1>" for number in range(9)), "has 9 LoRAs, and 8 is the maximum"),
    ],
)
def test_what_is_wrong_is_said(prompt: str, sentence: str) -> None:
    with pytest.raises(InvalidSetting, match=sentence):
        read(prompt)


def test_a_name_that_is_not_there_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownLora) as refusal:
        LORAS.check("a fox <lora:watercolor:1>", "pocket")
    assert (
        str(refusal.value)
        == "There's no LoRA called “watercolor” here. Did you mean one of these? Watercolour, waterfall."
    )
    with pytest.raises(UnknownLora, match="See /models"):
        LORAS.check("<lora:zzz:1>", "pocket")


def test_a_lora_for_another_model() -> None:
    with pytest.raises(UnknownLora, match="“ink” doesn't work with the model pocket"):
        LORAS.check("<lora:ink:1>", "pocket")
    assert LORAS.check("<lora:INK:1>", "sketcher")[0].name == "ink"


def test_words_are_added_once() -> None:
    assert LORAS.with_words("a fox <lora:watercolour:1>", "pocket") == "a fox <lora:watercolour:1>, wet paint"
    kept = "Wet paint of a fox <lora:watercolour:1>"
    assert LORAS.with_words(kept, "pocket") == kept


def test_what_is_being_typed_is_completed() -> None:
    assert LORAS.completions("a fox <lora:wat", "pocket") == [
        ("Watercolour", "a fox <lora:Watercolour:1>"),
        ("waterfall", "a fox <lora:waterfall:1>"),
    ]
    assert LORAS.completions("a fox --lora fall", "pocket") == [("waterfall", "a fox --lora waterfall:1")]
    assert LORAS.completions("a fox <lora:ink:", "pocket") == []
    assert LORAS.completions("a fox", "pocket") == []


def test_a_folder_of_loras(tmp_path: Path) -> None:
    for name in ("b.safetensors", "a,b.safetensors", "old.ckpt"):
        (tmp_path / name).touch()
    (tmp_path / "styles").mkdir()
    (tmp_path / "styles" / "a.safetensors").touch()
    assert [file.stem for file in files_in(tmp_path)] == ["b", "a"]
    with pytest.raises(NotADirectoryError):
        files_in(tmp_path / "nowhere")


@pytest.mark.parametrize(("name", "file"), [("a:b", "a.safetensors"), ("", "a.safetensors"), ("a", "a.ckpt")])
def test_what_cannot_be_a_lora(name: str, file: str) -> None:
    with pytest.raises(InvalidSetting):
        LoraSpec(name, Path(file))


def test_tags_that_cannot_be_used_are_left_out() -> None:
    prompt = "a fox <lora:nope:1> <lora:INK:0.5> <lora:waterfall:much>, <lora:watercolour:0.8>"
    everything = LORAS.without_others(prompt, "sketcher", lambda _: True)
    assert everything == "a fox <lora:INK:0.5> , <lora:watercolour:0.8>"
    assert LORAS.without_others(prompt, "pocket", lambda name: name != "Watercolour") == "a fox"
