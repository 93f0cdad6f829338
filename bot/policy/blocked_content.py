"""The refusal of what a server has blocked: words, people, pictures."""

from bot.errors import Refusal
from generation.sentences import Sentence


class BlockedContent(Refusal):
    """A request for something that the server has blocked. `found` says what in the server's log, with {name} open."""

    def __init__(self, found: Sentence, name: str, sentence: str | Sentence) -> None:
        super().__init__(sentence, name=name)
        self.found = found
        self.name = name
