"""Keeps what a pipeline's text encoders make of a prompt, for prompts that come again."""

import copy
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from generation.engine.conditioning.embedding_cache import EmbeddingCache
from generation.engine.conditioning.unread_words import PromptWatch

KEPT_BYTES = 256 * 2**20
"""How many bytes of embeddings a model keeps. One of 512 tokens of 4096 channels takes 4 MiB in bfloat16."""

_PLAIN = (str, int, float, bool, type(None), torch.device, torch.dtype)


@dataclass(frozen=True, eq=False)
class _Encoded:
    """What `encode_prompt` gave, and how many characters of the prompt were read then."""

    output: Any
    read: int

    @property
    def nbytes(self) -> int:
        return sum(tensor.nbytes for tensor in _tensors(self.output))


class PipelinePrompts:
    """The prompts of one model that its own pipeline draws."""

    def __init__(self) -> None:
        self._kept = EmbeddingCache[_Encoded](KEPT_BYTES)

    def remember_in(self, pipeline: Any, watch: PromptWatch, among: Hashable) -> None:
        """Have a pipeline encode only what is new. `among` is what the embeddings depend on besides; `watch` watches
        the pipeline's tokenizers."""
        encode = getattr(pipeline, "encode_prompt", None)
        if encode is None:
            return

        def remembered(*given: Any, **named: Any) -> Any:
            if not all(map(_is_plain, (*given, *named.values()))):
                return encode(*given, **named)

            def anew() -> _Encoded:
                return _Encoded(encode(*given, **named), watch.read)

            key = among, type(pipeline), repr(given), repr(sorted(named.items()))
            kept = self._kept.get(key, anew)
            watch.read = max(watch.read, kept.read)
            return copy.deepcopy(kept.output)

        pipeline.encode_prompt = remembered


def _is_plain(value: Any) -> bool:
    """True for a value that `repr` tells from all others."""
    return all(map(_is_plain, value)) if isinstance(value, list | tuple) else isinstance(value, _PLAIN)


def _tensors(output: Any) -> Iterable[torch.Tensor]:
    if isinstance(output, torch.Tensor):
        yield output
    elif isinstance(output, Mapping):
        yield from _tensors(list(output.values()))
    elif isinstance(output, list | tuple):
        for each in output:
            yield from _tensors(each)
