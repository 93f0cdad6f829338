"""All that a prompt says to the text encoders, over all steps and parts."""

from generation.prompts import parts, steps
from generation.prompts.parts import Part


def parts_of(prompt: str, number: int) -> list[tuple[Part, ...]]:
    """The parts of each different text that a prompt says in a number of steps."""
    return [parts.read(text).parts for text in dict.fromkeys(steps.texts(prompt, number))]


def texts(prompt: str, number: int) -> set[str]:
    """Each text by itself."""
    return {part.text for each in parts_of(prompt, number) for part in each}


def most_parts(prompt: str, number: int) -> int:
    """The most parts that the prompt has in any of its steps."""
    return max(map(len, parts_of(prompt, number)))


def check(prompt: str, number: int) -> None:
    """Raise `InvalidSetting`, in one sentence, for what is wrong with a prompt that is said in a number of steps."""
    steps.check(prompt, number)
    for text in dict.fromkeys(steps.texts(prompt, number)):
        parts.check(text)
