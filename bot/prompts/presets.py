"""From what is typed to the whole text of a prompt: recent prompts, styles, a person's suffix."""

import re
import secrets
from collections.abc import Mapping

from bot.errors import Refusal
from bot.prompts import flags
from bot.prompts.style_book import StyleBook
from generation import names
from generation.prompts import choices, framing
from storage.generations import Generations

SLOT = framing.PLACE
"""The place of the prompt in a style; without it the style follows the prompt."""

_RECENT = re.compile(r"recent:(\d{1,18})")
_KEPT = re.compile(r"typed:[0-9a-f]{16}")
_WORD_END = re.compile(r"\w")

CHOICE_LENGTH = 100
"""Discord's limit for a suggestion and for its value, in characters."""

KEPT = 50
"""The most longer texts of one person that are remembered until one is chosen."""

PEOPLE = 500
"""The most people whose texts are remembered; whoever typed longest ago is forgotten first."""


class Presets:
    """Fills in what a person has saved or typed before."""

    def __init__(self, *, styles: StyleBook, generations: Generations) -> None:
        self._styles = styles
        self._generations = generations
        self._kept: dict[int, dict[str, str]] = {}
        """Each person's longer texts by the value that stands for them; the latest last."""

    async def text(
        self, user_id: int, typed: str, of_server: Mapping[str, str], style: str | None = None, suffix: str = ""
    ) -> str:
        """The text that `typed` stands for, in a style and followed by a `suffix`, with its flags and braces.

        Raises `UserError`.
        """
        text = await self.in_style(user_id, await self._recalled(user_id, typed), of_server, style)
        return with_suffix(text, suffix) if suffix else text

    async def in_style(self, user_id: int, typed: str, of_server: Mapping[str, str], style: str | None = None) -> str:
        """Typed text in a style: the one given, or the one that a flag names. `of_server` are the styles of the server,
        by name. Raises `UserError`."""
        text, named = flags.take_style(typed)
        if style := style or named:
            kept = await self._styles.named(user_id, style, of_server)
            if kept is None:
                raise Refusal("You have no style “{name}”. See /styles list.", name=style[:40])
            text = styled(text, kept.text)
        return text

    async def recent(self, user_id: int, typed: str) -> list[tuple[str, str]]:
        """A person's latest prompts that contain `typed`, each with the value that stands for it."""
        if not names.is_whole(typed):
            return []
        found = await self._generations.recent_prompts(user_id, typed)
        return [(" ".join(prompt.split()), f"recent:{generation_id}") for generation_id, prompt in found.items()]

    def suggestion(self, user_id: int, text: str) -> tuple[str, str]:
        """A text as a suggestion, cut where it is long, and the value that stands for it."""
        if len(text) <= CHOICE_LENGTH:
            return text, text
        key = f"typed:{secrets.token_hex(8)}"
        own = self._kept[user_id] = self._kept.pop(user_id, {})
        own[key] = text
        if len(own) > KEPT:
            del own[next(iter(own))]
        if len(self._kept) > PEOPLE:
            del self._kept[next(iter(self._kept))]
        return f"…{text[1 - CHOICE_LENGTH :]}", key

    async def _recalled(self, user_id: int, typed: str) -> str:
        if _KEPT.fullmatch(typed.strip()):
            text = self._kept.get(user_id, {}).get(typed.strip())
            if text is None:
                raise Refusal("That prompt is no longer stored. Type it again.")
            return text
        match = _RECENT.fullmatch(typed.strip())
        if match is None:
            return typed
        generation = await self._generations.get(int(match[1]))
        if generation is None or generation.origin.user_id != user_id:
            raise Refusal("That prompt is no longer stored. Type it again.")
        return choices.escaped(generation.settings.prompt)


def styled(text: str, style: str) -> str:
    """A prompt in a style; the prompt's own flags outweigh the style's."""
    words, own_flags = flags.split(text)
    style_words, style_flags = flags.split(style)
    if SLOT in style_words:
        words = framing.framed(words, style_words)
    elif style_words:
        words = framing.followed(words, style_words)
    return " ".join(filter(None, [words, style_flags, own_flags]))


def with_suffix(text: str, suffix: str) -> str:
    """A prompt followed by a suffix, unless it ends so already; the prompt's own flags outweigh the suffix's."""
    own_words, more_words = flags.split(text)[0], flags.split(suffix)[0]
    return styled(text, flags.split(suffix)[1] if _ends_with(own_words, more_words) else suffix)


def _ends_with(prompt: str, words: str) -> bool:
    """True where a prompt ends with these words, and not with a longer word; of a sum, each of its terms."""
    return bool(words) and all(
        each.endswith(words) and not _WORD_END.fullmatch(each[: -len(words)][-1:])
        for each in framing.framed_words(prompt)
    )
