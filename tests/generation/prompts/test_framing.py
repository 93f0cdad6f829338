import pytest

from generation.prompts import parts
from generation.prompts.framing import followed, framed


@pytest.mark.parametrize(
    ("prompt", "together"),
    [
        ("a fox", "a fox, film noir"),
        ("a red apple AND a blue fish :0.5", "a red apple, film noir AND a blue fish, film noir :0.5"),
        ("a fox AND snow :-1 AND ice :0", "a fox, film noir AND snow :-1 AND ice :0"),
        ("a fox AND a wolf :0.5 <lora:ink:1>", "a fox, film noir AND a wolf <lora:ink:1>, film noir :0.5"),
        ("a fox AND ", "a fox, film noir"),
        ("AND", "AND, film noir"),
        ("{a fox AND snow|a wolf}", "{a fox AND snow|a wolf}, film noir"),
        ("a (fox AND wolf:1.2) at 10:30", "a (fox AND wolf:1.2) at 10:30, film noir"),
    ],
)
def test_words_that_follow_leave_the_weights_of_a_sum(prompt: str, together: str) -> None:
    assert followed(prompt, "film noir") == together
    assert parts.read(together).weights == parts.read(prompt).weights


@pytest.mark.parametrize(
    ("frame", "together"),
    [
        ("ink of {prompt}, old", "ink of a fox, old AND ink of a wolf, old :0.5"),
        ("{prompt} :0.5 AND grain :0.3", "a fox :0.5 AND a wolf :0.25 AND grain :0.3"),
    ],
)
def test_a_frame_goes_around_each_term(frame: str, together: str) -> None:
    assert framed("a fox AND a wolf :0.5", frame) == together
