"""Mistakes of a configuration, collected so that all of them can be corrected at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from bot import redaction
from generation.errors import InvalidSetting, NoisefoxError


class ConfigError(NoisefoxError):
    """The configuration is invalid; each sentence names a key and says what to write. None holds a token."""

    def __init__(self, *sentences: str) -> None:
        self.sentences = tuple(map(redaction.redacted, sentences))
        several = len(self.sentences) > 1
        super().__init__("\n- ".join(["These settings are wrong:", *self.sentences] if several else self.sentences))


class Mistakes:
    """The mistakes found so far, each with the place where it is: a section, or a key such as `worker.device`."""

    def __init__(self) -> None:
        self._sentences: dict[str, list[str]] = {}

    def __contains__(self, where: str) -> bool:
        return where in self._sentences

    @property
    def sentences(self) -> tuple[str, ...]:
        return tuple(redaction.redacted(each) for found in self._sentences.values() for each in found)

    def add(self, where: str, sentence: str) -> None:
        self._sentences.setdefault(where, []).append(sentence)

    @contextmanager
    def kept(self, where: str) -> Iterator[None]:
        """Keep a `ConfigError` or an `InvalidSetting` of a block as mistakes at `where`, and go on after the block."""
        try:
            yield
        except ConfigError as error:
            for sentence in error.sentences:
                self.add(where, sentence)
        except InvalidSetting as refusal:
            self.add(f"{where}.{refusal.field}", f"{where}.{refusal.field}: {refusal}")
