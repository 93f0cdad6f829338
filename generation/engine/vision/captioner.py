"""Descriptions of a picture, by a model from an image to text (BLIP, arXiv 2201.12086; GIT, arXiv 2205.14100)."""

from typing import Any

import torch
from PIL import Image

from generation.engine.vision.network import VisionNetwork

LENGTH = 40
"""The most tokens of a description."""

SEED = 0
"""The same picture is described in the same words."""

TOP_P = 0.9
"""The share of the likeliest words from which all descriptions but the first are drawn (arXiv 1904.09751)."""

_QUESTION = "Describe this picture in one sentence, as a prompt for an image generator."


class Captioner(VisionNetwork):
    """Describes pictures, one at a time."""

    NETWORK = "AutoModelForImageTextToText"
    PROCESSOR = "AutoProcessor"

    def captions(self, picture: Image.Image, number: int) -> tuple[str, ...]:
        """At most `number` different descriptions, the likeliest first."""
        given = self._given(picture)
        torch.manual_seed(SEED)
        first = self._network.generate(**given, max_new_tokens=LENGTH, num_beams=3)
        others = self._network.generate(
            **given, max_new_tokens=LENGTH, do_sample=True, top_p=TOP_P, num_return_sequences=2 * number
        )
        texts = [self._text(given, each) for each in (*first, *others)]
        return tuple(dict.fromkeys(filter(None, texts)))[:number]

    def _given(self, picture: Image.Image) -> Any:
        """The input of the network; models that chat are asked, the others just continue."""
        text: dict[str, Any] = {}
        if getattr(self._processor, "chat_template", None):
            asked = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": _QUESTION}]}]
            text = {"text": self._processor.apply_chat_template(asked, add_generation_prompt=True)}
        return self._processor(images=picture, return_tensors="pt", **text).to(self._device)

    def _text(self, given: Any, tokens: torch.Tensor) -> str:
        """A description without the question that some models repeat."""
        asked = given["input_ids"][0] if "input_ids" in given else tokens[:0]
        if len(asked) and torch.equal(tokens[: len(asked)], asked):
            tokens = tokens[len(asked) :]
        return " ".join(self._processor.decode(tokens, skip_special_tokens=True).split())
