"""Prompts encoded for the UNet's cross attention."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import torch

from generation import prompt_syntax
from generation.engine.conditioning import textual_inversion
from generation.engine.conditioning.embedding_cache import EmbeddingCache
from generation.engine.conditioning.emphasis import Emphasis, weigh
from generation.engine.conditioning.rows import ControlCondition, ImagePrompts
from generation.engine.conditioning.textual_inversion import EmbeddingMismatch, Vocabulary
from generation.loras import LoraSet

KEPT_BYTES = 64 * 2**20
"""How many bytes of embeddings a model keeps for prompts that come again. A prompt of one CLIP window takes 230 kB in
float32, 630 kB for Stable Diffusion XL."""

Weighted = list[tuple[int, float]]
"""Token ids, each with its weight; a negative id is a textual inversion vector, -1 the first."""


@dataclass(frozen=True, eq=False)
class Conditioning:
    """The conditioning of one row of a forward."""

    text: torch.Tensor
    """Embeddings of the prompt, (1, tokens, width)."""
    added: Mapping[str, torch.Tensor] = field(default_factory=dict)
    """`added_cond_kwargs` of the UNet, one row each."""
    loras: LoraSet = ()
    """The LoRAs applied to the UNet."""
    controls: tuple[ControlCondition, ...] = ()
    """The control images."""
    image_prompt: ImagePrompts | None = None
    style: ImagePrompts | None = None
    """An image of which the style alone counts."""
    timestep_cond: torch.Tensor | None = None
    """The embedded guidance scale, (1, width), for a guidance-distilled UNet."""
    tile: bool = False
    """True where the picture continues at its opposite edges."""
    unread: ClassVar[str] = ""
    """All of a prompt is read, in as many windows as it needs."""

    @property
    def shape(self) -> tuple[object, ...]:
        """Rows of equal shape can share a forward, which takes the same scales for the image prompts of all."""
        image_prompts = [each and (each.tensor.shape, each.scales) for each in (self.image_prompt, self.style)]
        controls = [each.shape for each in self.controls]
        added = [(name, tensor.shape) for name, tensor in sorted(self.added.items())]
        return self.text.shape, self.loras, *controls, *image_prompts, self.tile, *added

    def controlled(self, controls: tuple[ControlCondition, ...]) -> "Conditioning":
        """The row with other control images."""
        return replace(self, controls=controls)

    @property
    def nbytes(self) -> int:
        """Bytes of its embeddings."""
        return self.text.nbytes + sum(tensor.nbytes for tensor in self.added.values())

    @property
    def zeroed(self) -> "Conditioning":
        """The same shapes, all zeros."""
        zeros = {name: torch.zeros_like(tensor) for name, tensor in self.added.items()}
        return Conditioning(torch.zeros_like(self.text), zeros)


def together(conditionings: Sequence[Conditioning]) -> dict[str, Any]:
    """The conditionings of all rows as keyword arguments of the UNet's forward."""
    added = {
        name: torch.cat([conditioning.added[name] for conditioning in conditionings]) for name in conditionings[0].added
    }
    arguments: dict[str, Any] = {"encoder_hidden_states": torch.cat([each.text for each in conditionings])}
    return arguments | ({"added_cond_kwargs": added} if added else {})


class TextReader:
    """A CLIP tokenizer and its text encoder, for prompts of any length and with weights.

    A prompt longer than the encoder's window is encoded in windows, whose embeddings are concatenated. Without
    `final_norm` the embeddings are a hidden layer's, without the layer norm that follows the last.
    """

    def __init__(
        self,
        tokenizer: Any,
        text_encoder: Any,
        final_norm: bool = True,
        emphasis: Emphasis = Emphasis.RESTORES_MEAN,
        device: torch.device | None = None,
    ) -> None:
        """The encoder runs on `device`, wherever its weights are between two prompts; without it, where they are."""
        self.tokenizer = tokenizer
        self.text_encoder = text_encoder
        self.final_norm = final_norm
        self.emphasis = emphasis
        self._device = device or text_encoder.device
        self._room = tokenizer.model_max_length - 2
        self.vocabulary = Vocabulary(text_encoder.get_input_embeddings().weight.detach()[:0].to(self._device))

    def learn(self, word: str, vectors: torch.Tensor) -> None:
        """From now on embed `word`, in any case, as `vectors`, (n, width)."""
        self.vocabulary = self.vocabulary.with_word(word, vectors)

    def tokens_of(self, word: str) -> int:
        """How many tokens a word takes; one that was learned takes one."""
        return sum(len(self._spelled(each)) if isinstance(each, str) else 1 for each in self.vocabulary.pieces(word))

    def windows(self, text: str) -> list[Weighted]:
        """The tokens of a prompt, in as many windows as they need; `BREAK` begins a new one."""
        windows: list[Weighted] = []
        for spans in prompt_syntax.parse(text):
            tokens = [(token, span.weight) for span in spans for token in self._tokens(span.text)]
            windows += [tokens[i : i + self._room] for i in range(0, max(len(tokens), 1), self._room)]
        return windows

    def read(self, text: str, clip_skip: int, length: int) -> tuple[torch.Tensor, torch.Tensor | None]:
        """The text's embeddings, (1, `length` windows * tokens, width), padded with empty windows.

        Beside them, where the encoder has a projection, the pooled embedding of the first window, (1, projection).
        """
        windows = self.windows(text)
        windows += [[] for _ in range(length - len(windows))]
        encoder = self.text_encoder
        rows = torch.tensor([self._row(window) for window in windows], device=self._device)
        with self._own_word_vectors(rows):
            output = encoder(rows.clamp(min=0), output_hidden_states=True)
        layers = output.hidden_states
        embeddings: torch.Tensor = layers[-min(clip_skip, len(layers) - 1)]
        if self.final_norm:
            embeddings = encoder.final_layer_norm(embeddings)
        weighed = [
            weigh(embedding, [weight for _, weight in window], self.emphasis)
            for embedding, window in zip(embeddings, windows, strict=True)
        ]
        pooled: torch.Tensor | None = getattr(output, "text_embeds", None)
        return torch.cat(weighed).unsqueeze(0), None if pooled is None else pooled[:1]

    @contextmanager
    def _own_word_vectors(self, rows: torch.Tensor) -> Iterator[None]:
        """Replace the input embeddings of negative token ids by textual inversion vectors."""
        own = rows < 0
        if not own.any():
            yield
            return

        def replaced(_: Any, __: Any, embedded: torch.Tensor) -> torch.Tensor:
            embedded = embedded.clone()
            embedded[own] = self.vocabulary.vectors[-1 - rows[own]]
            return embedded

        hook = self.text_encoder.get_input_embeddings().register_forward_hook(replaced)
        try:
            yield
        finally:
            hook.remove()

    def _tokens(self, text: str) -> list[int]:
        """The token ids of a text; textual inversion words have negative ones."""
        pieces = self.vocabulary.pieces(text)
        return [token for each in pieces for token in (self._spelled(each) if isinstance(each, str) else each)]

    def _spelled(self, text: str) -> list[int]:
        tokens: list[int] = self.tokenizer(text, add_special_tokens=False, truncation=False, verbose=False).input_ids
        return tokens

    def _row(self, window: Weighted) -> list[int]:
        tokenizer = self.tokenizer
        tokens = [token for token, _ in window]
        padding = [tokenizer.pad_token_id] * (self._room - len(tokens))
        return [tokenizer.bos_token_id, *tokens, tokenizer.eos_token_id, *padding]


class PromptEncoder:
    """All text encoders of a model: one, or two whose embeddings are concatenated in width (Stable Diffusion XL).

    With `zeros_for_none`, an empty negative prompt is embedded as zeros.
    """

    def __init__(self, readers: Sequence[TextReader], zeros_for_none: bool = False) -> None:
        self.readers = readers
        self._zeros_for_none = zeros_for_none
        self._kept = EmbeddingCache[Conditioning](KEPT_BYTES)

    @property
    def emphasis(self) -> Emphasis:
        """The rule by which words are weighted."""
        return self.readers[0].emphasis

    def encode_pair(
        self, prompt: str, negative_prompt: str, clip_skip: int, loras: LoraSet = ()
    ) -> tuple[Conditioning, Conditioning]:
        """The conditionings of both prompts, of one shape (1, windows * tokens, width); the shorter one is padded.

        `loras` are those applied to the text encoders, on which the embeddings depend.
        """
        length = max(len(reader.windows(text)) for reader in self.readers for text in (prompt, negative_prompt))
        with_prompt = self._embedded(prompt, clip_skip, length, loras)
        if self._zeros_for_none and not negative_prompt:
            return with_prompt, with_prompt.zeroed
        return with_prompt, self._embedded(negative_prompt, clip_skip, length, loras)

    def learn(self, word: str, file: Path) -> None:
        """From now on embed `word` as a textual inversion file says. Raises `EmbeddingMismatch`."""
        self._learn(word, textual_inversion.read(file, self._encoders))
        self.forget()

    @contextmanager
    def knowing(self, words: Mapping[str, Mapping[str, torch.Tensor]]) -> Iterator[None]:
        """For a while, embed words as the tensors say that came with a LoRA. What is for other text encoders stays a
        word."""
        before = [reader.vocabulary for reader in self.readers]
        for word, tensors in words.items():
            with suppress(EmbeddingMismatch):
                self._learn(word, textual_inversion.vectors_of(tensors, self._encoders, word))
        try:
            yield
        finally:
            for reader, vocabulary in zip(self.readers, before, strict=True):
                reader.vocabulary = vocabulary

    def forget(self) -> None:
        """Drop all kept embeddings, since the text encoders have changed."""
        self._kept.clear()

    @property
    def _encoders(self) -> list[Any]:
        return [reader.text_encoder for reader in self.readers]

    def _learn(self, word: str, vectors: Sequence[torch.Tensor]) -> None:
        for reader, own in zip(self.readers, vectors, strict=True):
            reader.learn(word, own)

    def _embedded(self, text: str, clip_skip: int, length: int, loras: LoraSet) -> Conditioning:
        return self._kept.get((text, clip_skip, length, loras), lambda: self._embed(text, clip_skip, length))

    def _embed(self, text: str, clip_skip: int, length: int) -> Conditioning:
        read = [reader.read(text, clip_skip, length) for reader in self.readers]
        pooled = read[-1][1]
        embeddings = torch.cat([embedding for embedding, _ in read], dim=-1)
        return Conditioning(embeddings, {} if pooled is None else {"text_embeds": pooled})
