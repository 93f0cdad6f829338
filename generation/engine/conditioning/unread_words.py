"""Finds the end of a prompt that a diffusers pipeline cuts off, since its text encoders read only so many tokens."""

import copy
from typing import Any


class PromptWatch:
    """Watches how a pipeline's tokenizers truncate a prompt.

    A pipeline may have several tokenizers, with windows of their own: what the longest window holds has been read.
    """

    def __init__(self, prompt: str) -> None:
        self._prompt = prompt
        self.read = -1
        """Characters of the prompt that some text encoder has read; -1 while none has."""

    @property
    def unread(self) -> str:
        """The end of the prompt that no text encoder has read; empty where all of it was read, or nothing is known."""
        return self._prompt[self.read :].strip() if self.read >= 0 else ""

    def watch(self, pipeline: Any) -> None:
        """Put watched copies in the place of a pipeline's tokenizers, those in processors of pictures included. Slow
        tokenizers, which don't tell where a token stands in the text, stay as they are."""
        for name, part in list(vars(pipeline).items()):
            if not name.startswith("tokenizer"):
                continue
            if getattr(part, "is_fast", False):
                vars(pipeline)[name] = self._watched(part)
            elif getattr(getattr(part, "tokenizer", None), "is_fast", False):
                vars(pipeline)[name] = processor = copy.copy(part)
                processor.tokenizer = self._watched(part.tokenizer)

    def _watched(self, tokenizer: Any) -> Any:
        note = self._note

        class Watched(type(tokenizer)):  # type: ignore[misc]
            def __call__(self, text: Any = None, *inputs: Any, **options: Any) -> Any:
                if options.get("truncation"):
                    for each in [text] if isinstance(text, str) else text or ():
                        note(tokenizer, each, options.get("max_length") or tokenizer.model_max_length, options)
                return tokenizer(text, *inputs, **options)

        watched = copy.copy(tokenizer)
        watched.__class__ = Watched
        return watched

    def _note(self, tokenizer: Any, text: str, most: int, options: dict[str, Any]) -> None:
        """Note how much of the prompt is among the first `most` tokens of a text that contains it."""
        before = text.find(self._prompt)
        if before < 0:
            return
        whole = tokenizer(
            text,
            add_special_tokens=options.get("add_special_tokens", True),
            return_offsets_mapping=True,
            return_special_tokens_mask=True,
            verbose=False,
        )
        read = len(text)
        if len(whole.input_ids) > most:
            closing = next((n for n, special in enumerate(reversed(whole.special_tokens_mask)) if not special), 0)
            read = whole.offset_mapping[most - closing][0]
        self.read = max(self.read, min(max(read - before, 0), len(self._prompt)))
