from typing import Any

import pytest
import torch

from generation.engine.conditioning.text_encoders import PromptEncoder
from generation.engine.models.unet_model import UNetModel
from generation.settings import GenerationSettings


@pytest.fixture
def prompts(pocket: UNetModel) -> PromptEncoder:
    return pocket.prompts


@torch.inference_mode()
def encoded(prompts: PromptEncoder, prompt: str, negative: str = "", clip_skip: int = 1) -> torch.Tensor:
    with_prompt, without = prompts.encode_pair(prompt, negative, clip_skip)
    assert with_prompt.shape == without.shape
    return with_prompt.text


def test_one_window_is_32_tokens_and_more_words_take_more(prompts: PromptEncoder) -> None:
    assert encoded(prompts, "a fox").shape == (1, 32, 256)
    assert encoded(prompts, "a " * 31).shape == (1, 64, 256)
    assert encoded(prompts, "a fox", "a " * 70).shape == (1, 96, 256)
    assert encoded(prompts, "a fox BREAK snow").shape == (1, 64, 256)


def test_the_first_window_does_not_hear_the_second(prompts: PromptEncoder) -> None:
    both, one = encoded(prompts, "a fox BREAK snow"), encoded(prompts, "a fox")
    assert torch.allclose(both[:, :32], one, atol=1e-5)


def test_a_weight_moves_its_word_and_keeps_the_mean(prompts: PromptEncoder) -> None:
    plain, heavy = encoded(prompts, "a red fox"), encoded(prompts, "a (red:1.5) fox")
    assert torch.allclose(heavy.mean(), plain.mean(), atol=1e-5)
    ratio = heavy[0, :5].norm(dim=-1) / plain[0, :5].norm(dim=-1)
    assert torch.allclose(ratio[2] / ratio[1], torch.tensor(1.5), atol=1e-3)
    assert torch.allclose(ratio[1], ratio[3], atol=1e-3)


def test_weight_one_changes_nothing(prompts: PromptEncoder) -> None:
    assert torch.equal(encoded(prompts, "a (red:1) fox"), encoded(prompts, "a red fox"))


def test_the_same_words_are_encoded_once(prompts: PromptEncoder) -> None:
    assert encoded(prompts, "an owl in a tree") is encoded(prompts, "an owl in a tree")
    assert encoded(prompts, "an owl in a tree", clip_skip=2) is not encoded(prompts, "an owl in a tree")


@torch.inference_mode()
def test_no_more_texts_are_kept_than_there_is_room_for(pocket: UNetModel, monkeypatch: pytest.MonkeyPatch) -> None:
    window = 32 * 256 * 4
    monkeypatch.setattr("generation.engine.conditioning.text_encoders.KEPT_BYTES", 4 * window)
    encoder, read = PromptEncoder(pocket.prompts.readers), list[str]()
    reader = encoder.readers[0]
    whole = reader.read

    def counted(text: str, clip_skip: int, length: int) -> Any:
        read.append(text)
        return whole(text, clip_skip, length)

    monkeypatch.setattr(reader, "read", counted)
    texts = [f"{number} foxes" for number in range(6)]
    for text in texts:
        encoded(encoder, text, "blurred")
    assert read == [texts[0], "blurred", *texts[1:]], "what is asked for again is not read again"
    encoded(encoder, texts[5], "blurred")
    assert len(read) == 7
    encoded(encoder, texts[0], "blurred")
    assert read[7:] == [texts[0]], "what was asked for longest ago made room"
    encoded(encoder, "a fox BREAK snow BREAK ice", "blurred")
    assert len(read) == 10
    encoded(encoder, texts[5], "blurred")
    assert read[10:] == [texts[5], "blurred"], "long ones need the room of several"
    encoded(encoder, "a fox" + " BREAK snow" * 4, "blurred")
    encoded(encoder, texts[5], "blurred")
    assert len(read) == 14, "one that has no room at all pushes out no others"


@pytest.mark.parametrize(
    ("prompt", "knows_few"),
    [
        ("a red apple", False),
        ("a castle at night, oil painting", False),
        ("a [red apple:castle:0.5] <left: at night> AND oil painting <lora:zorro:0>", False),
        ("un zorro rojo en la nieve", True),
        ("una manzana roja sobre una mesa", True),
        ("zorro", False),
        ("🦊 123", False),
        ("a pencil sketch of a red apple, fine lines, shading, paper texture", False),
        ("a pencil sketch of un zorro rojo en la nieve, fine lines, shading, paper texture", True),
        ("zorro, nieve, invierno", True),
        ("赤いリンゴ", True),
    ],
)
def test_whether_most_words_are_known(pocket: UNetModel, prompt: str, knows_few: bool) -> None:
    settings = GenerationSettings(prompt=prompt, seed=1, model="pocket", width=64, height=64)
    assert pocket.knows_few(settings) is knows_few
