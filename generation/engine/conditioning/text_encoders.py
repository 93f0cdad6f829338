"""From words to what the UNet listens to."""

import re
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from generation import prompt_syntax
from generation.engine.conditioning import textual_inversion
from generation.loras import LoraSet

KEPT_BYTES = 64 * 2**20
"""Embeddings of a model that are kept for the next picture with the same words: those of a text of one window of CLIP's
take 230 kB in float32, of Stable Diffusion XL's 630 kB."""

Weighted = list[tuple[int, float]]
"""Tokens, each with its weight; a negative one is a vector of a word of the host's own, -1 the first."""


@dataclass(frozen=True, eq=False)
class Guide:
    """What is made of a picture that another is drawn by, and how much that weighs."""

    tensor: torch.Tensor
    scale: float


@dataclass(frozen=True, eq=False)
class Conditioning:
    """What one row of a forward listens to."""

    text: torch.Tensor
    """Embeddings of the prompt, (1, tokens, width)."""
    added: Mapping[str, torch.Tensor] = field(default_factory=dict)
    """What the model wants beside them, by the UNet's own names, one row each."""
    worn: LoraSet = ()
    """The LoRAs that the UNet wears meanwhile."""
    look: Guide | None = None
    """What a ControlNet looks at, (1, 3, height, width), from 0 to 1."""
    heard: Guide | None = None
    """What an IP-Adapter makes of the pictures to hear, (1, 1, tokens, width)."""
    told: torch.Tensor | None = None
    """The guidance scale, embedded, (1, width), for a UNet that is told it."""

    @property
    def shape(self) -> tuple[object, ...]:
        """Rows of equal shape can share a forward; of image prompts it has one scale."""
        heard = self.heard and (self.heard.tensor.shape, self.heard.scale)
        added = [(name, tensor.shape) for name, tensor in sorted(self.added.items())]
        return self.text.shape, self.worn, self.look is not None, heard, *added

    @property
    def nbytes(self) -> int:
        """What its embeddings take of memory."""
        return self.text.nbytes + sum(tensor.nbytes for tensor in self.added.values())

    @property
    def silenced(self) -> "Conditioning":
        """Of the same shape, and nothing in it."""
        zeros = {name: torch.zeros_like(tensor) for name, tensor in self.added.items()}
        return Conditioning(torch.zeros_like(self.text), zeros)


def together(conditionings: Sequence[Conditioning]) -> dict[str, Any]:
    """The conditionings of all rows as the arguments of the UNet's forward."""
    added = {
        name: torch.cat([conditioning.added[name] for conditioning in conditionings]) for name in conditionings[0].added
    }
    arguments: dict[str, Any] = {"encoder_hidden_states": torch.cat([each.text for each in conditionings])}
    return arguments | ({"added_cond_kwargs": added} if added else {})


class TextReader:
    """A CLIP tokenizer and its text encoder, for prompts of any length and with weights.

    A prompt longer than the encoder's window is read in windows, whose embeddings are laid one after the other. Without
    `final_norm` the embeddings are a layer's own, without the norm that follows the last.
    """

    def __init__(self, tokenizer: Any, text_encoder: Any, final_norm: bool = True) -> None:
        self.tokenizer = tokenizer
        self.text_encoder = text_encoder
        self.final_norm = final_norm
        self._room = tokenizer.model_max_length - 2
        self._vectors = text_encoder.get_input_embeddings().weight.detach()[:0]
        """Of all words of the host's own, (n, width)."""
        self._words: dict[str, list[int]] = {}
        self._word = re.compile(r"(?!)")

    def learn(self, word: str, vectors: torch.Tensor) -> None:
        """From now on `word`, in letters of any case, is heard as `vectors`, (n, width), and not as it is spelled."""
        first = len(self._vectors)
        self._vectors = torch.cat([self._vectors, vectors.to(self._vectors)])
        self._words[word.lower()] = [-1 - number for number in range(first, len(self._vectors))]
        longest_first = sorted(self._words, key=len, reverse=True)
        self._word = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, longest_first))})(?!\w)", re.IGNORECASE)

    def windows(self, text: str) -> list[Weighted]:
        """The tokens, in as many windows as they need and as `BREAK` asks for."""
        windows: list[Weighted] = []
        for spans in prompt_syntax.parse(text):
            tokens = [(token, span.weight) for span in spans for token in self._tokens(span.text)]
            windows += [tokens[i : i + self._room] for i in range(0, max(len(tokens), 1), self._room)]
        return windows

    def read(self, text: str, clip_skip: int, length: int) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Embeddings of the text, (1, `length` windows * tokens, width), the last windows silent where it needs fewer.

        Beside them, where the encoder has a projection, what its first window comes to as a whole, (1, projection).
        """
        windows = self.windows(text)
        windows += [[] for _ in range(length - len(windows))]
        encoder = self.text_encoder
        rows = torch.tensor([self._row(window) for window in windows], device=encoder.device)
        with self._hearing_own_words(rows):
            output = encoder(rows.clamp(min=0), output_hidden_states=True)
        layers = output.hidden_states
        embeddings: torch.Tensor = layers[-min(clip_skip, len(layers) - 1)]
        if self.final_norm:
            embeddings = encoder.final_layer_norm(embeddings)
        weighed = [_weigh(embedding, window) for embedding, window in zip(embeddings, windows, strict=True)]
        pooled: torch.Tensor | None = getattr(output, "text_embeds", None)
        return torch.cat(weighed).unsqueeze(0), None if pooled is None else pooled[:1]

    @contextmanager
    def _hearing_own_words(self, rows: torch.Tensor) -> Iterator[None]:
        """Puts the vectors of the host's own words into the place of what negative tokens are embedded as."""
        own = rows < 0
        if not own.any():
            yield
            return

        def replaced(_: Any, __: Any, embedded: torch.Tensor) -> torch.Tensor:
            embedded = embedded.clone()
            embedded[own] = self._vectors[-1 - rows[own]]
            return embedded

        hook = self.text_encoder.get_input_embeddings().register_forward_hook(replaced)
        try:
            yield
        finally:
            hook.remove()

    def _tokens(self, text: str) -> list[int]:
        """The tokens of a text: of the words that are the tokenizer's, and of those that are the host's own."""
        tokens: list[int] = []
        for number, piece in enumerate(self._word.split(text)):
            tokens += self._words[piece.lower()] if number % 2 else self._spelled(piece)
        return tokens

    def _spelled(self, text: str) -> list[int]:
        tokens: list[int] = self.tokenizer(text, add_special_tokens=False, truncation=False, verbose=False).input_ids
        return tokens

    def _row(self, window: Weighted) -> list[int]:
        tokenizer = self.tokenizer
        tokens = [token for token, _ in window]
        silence = [tokenizer.pad_token_id] * (self._room - len(tokens))
        return [tokenizer.bos_token_id, *tokens, tokenizer.eos_token_id, *silence]


class PromptEncoder:
    """All text encoders of a model: one, or two whose embeddings are laid side by side (Stable Diffusion XL).

    With `zeros_for_none`, no negative prompt is no embedding at all, in place of that of an empty text.
    """

    def __init__(self, readers: Sequence[TextReader], zeros_for_none: bool = False) -> None:
        self.readers = readers
        self._zeros_for_none = zeros_for_none
        self._kept = _Kept(KEPT_BYTES)

    def encode_pair(
        self, prompt: str, negative_prompt: str, clip_skip: int, worn: LoraSet = ()
    ) -> tuple[Conditioning, Conditioning]:
        """Both prompts, embedded in one shape (1, windows * tokens, width); the shorter is filled with silence.

        `worn` is what the encoders wear: the same text then has another embedding.
        """
        length = max(len(reader.windows(text)) for reader in self.readers for text in (prompt, negative_prompt))
        with_prompt = self._embedded(prompt, clip_skip, length, worn)
        if self._zeros_for_none and not negative_prompt:
            return with_prompt, with_prompt.silenced
        return with_prompt, self._embedded(negative_prompt, clip_skip, length, worn)

    def learn(self, word: str, file: Path) -> None:
        """From now on `word` is heard as a file of textual inversion says. Raises `inversion.Misfit`."""
        vectors = textual_inversion.read(file, [reader.text_encoder for reader in self.readers])
        for reader, own in zip(self.readers, vectors, strict=True):
            reader.learn(word, own)
        self.forget()

    def forget(self) -> None:
        """Read everything anew, since what reads it has changed."""
        self._kept.clear()

    def _embedded(self, text: str, clip_skip: int, length: int, worn: LoraSet) -> Conditioning:
        return self._kept.get((text, clip_skip, length, worn), lambda: self._embed(text, clip_skip, length))

    def _embed(self, text: str, clip_skip: int, length: int) -> Conditioning:
        read = [reader.read(text, clip_skip, length) for reader in self.readers]
        pooled = read[-1][1]
        embeddings = torch.cat([embedding for embedding, _ in read], dim=-1)
        return Conditioning(embeddings, {} if pooled is None else {"text_embeds": pooled})


class _Kept:
    """What was embedded before, up to `most` bytes of it; what was asked for longest ago makes room."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._embedded: OrderedDict[Hashable, Conditioning] = OrderedDict()

    def get(self, key: Hashable, embed: Callable[[], Conditioning]) -> Conditioning:
        """What `embed` made of a text before, or makes of it now."""
        if key in self._embedded:
            self._embedded.move_to_end(key)
            return self._embedded[key]
        made = embed()
        if made.nbytes <= self._most:
            self._embedded[key] = made
        while sum(each.nbytes for each in self._embedded.values()) > self._most:
            self._embedded.popitem(last=False)
        return made

    def clear(self) -> None:
        """Forget everything."""
        self._embedded.clear()


def _weigh(embedding: torch.Tensor, window: Weighted) -> torch.Tensor:
    """Multiply each token's embedding (tokens, width) by its weight, and bring the mean of all back to what it was."""
    if all(weight == 1.0 for _, weight in window):
        return embedding
    weights = torch.ones(len(embedding), 1, device=embedding.device, dtype=embedding.dtype)
    weights[1 : len(window) + 1, 0] = weights.new_tensor([weight for _, weight in window])
    weighed = embedding * weights
    return weighed * (embedding.mean() / weighed.mean())
