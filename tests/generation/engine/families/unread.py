"""The end of a prompt that is beyond the window of a text encoder."""

from dataclasses import replace
from typing import Any

from tests.generation.engine.conftest import LoopDriver
from tests.generation.engine.families.flow import FOX, Flow


def check_unread(flow: Flow, tokenizer: Any, read: int) -> None:
    """What follows the first `read` tokens is told, and nothing of a prompt that fits."""
    words = " ".join(f"fox {n}" for n in range(300))
    offsets = tokenizer(words, add_special_tokens=False, return_offsets_mapping=True, verbose=False).offset_mapping
    driver = LoopDriver(flow.cache)
    driver.admit(1, replace(FOX, prompt=words, steps=1))
    driver.admit(2, replace(FOX, prompt="a fox in a hat", steps=1))
    driver.run()
    assert driver.completed(1).unread == words[offsets[read][0] :].strip()
    assert driver.completed(2).unread == ""
