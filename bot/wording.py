"""From what a person types to the prompts that are drawn: recent prompts, styles, own suffix, permutations."""

import re
import secrets

from bot import flags, permutations
from bot.errors import Refusal
from storage.generations import Generations
from storage.people import People

SLOT = "{prompt}"
"""Where the prompt stands in a style; without it the style follows the prompt."""

_RECENT = re.compile(r"recent:(\d{1,18})")
_KEPT = re.compile(r"typed:[0-9a-f]{16}")

CHOICE_LENGTH = 100
"""Characters of a suggestion, and of what stands for it."""

KEPT = 500
"""Texts longer than that which are remembered until somebody chooses them, of all people."""


class Wording:
    """Knows what people keep to put into their prompts."""

    def __init__(self, *, people: People, generations: Generations) -> None:
        self._people = people
        self._generations = generations
        self._kept: dict[str, tuple[int, str]] = {}
        """Whose they are, and the texts, by what stands for them; oldest first."""

    async def prompts(self, user_id: int, typed: str, style: str | None = None) -> list[str]:
        """The prompts, flags included, that `typed` stands for. Raises `UserError`."""
        text = await self.dressed(user_id, await self._recalled(user_id, typed), style)
        suffix = (await self._people.habits(user_id)).suffix
        if suffix and not flags.split(text)[0].endswith(flags.split(suffix)[0]):
            text = styled(text, suffix)
        return permutations.expand(text)

    async def dressed(self, user_id: int, typed: str, style: str | None = None) -> str:
        """What is typed in a style, or else in the one that a flag names. Raises `UserError`."""
        text, named = flags.take_style(typed)
        if style := style or named:
            kept = await self._people.style(user_id, style)
            if kept is None:
                raise Refusal("You have no style “{name}”. See /styles list.", name=style[:40])
            text = styled(text, kept.text)
        return text

    async def recent(self, user_id: int, typed: str) -> list[tuple[str, str]]:
        """A person's latest prompts that hold `typed`, each with what stands for it."""
        found = await self._generations.recent_prompts(user_id, typed)
        return [(" ".join(prompt.split()), f"recent:{generation_id}") for generation_id, prompt in found.items()]

    def suggestion(self, user_id: int, text: str) -> tuple[str, str]:
        """A text that somebody may choose, as far as it can be shown, and what stands for it."""
        if len(text) <= CHOICE_LENGTH:
            return text, text
        key = f"typed:{secrets.token_hex(8)}"
        self._kept[key] = (user_id, text)
        if len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return f"…{text[1 - CHOICE_LENGTH :]}", key

    async def _recalled(self, user_id: int, typed: str) -> str:
        if _KEPT.fullmatch(typed.strip()):
            owner, text = self._kept.get(typed.strip(), (0, ""))
            if owner != user_id:
                raise Refusal("That prompt is not here any more. Type it anew.")
            return text
        match = _RECENT.fullmatch(typed.strip())
        if match is None:
            return typed
        generation = await self._generations.get(int(match[1]))
        if generation is None or generation.origin.user_id != user_id:
            raise Refusal("That prompt is not here any more. Type it anew.")
        return escaped(generation.settings.prompt)


def styled(text: str, style: str) -> str:
    """A prompt in a style; flags of the prompt weigh more."""
    words, own_flags = flags.split(text)
    style_words, style_flags = flags.split(style)
    if SLOT in style_words:
        words = style_words.replace(SLOT, words)
    elif style_words:
        words = f"{words}, {style_words}"
    return " ".join(filter(None, [words, style_flags, own_flags]))


def escaped(prompt: str) -> str:
    """A finished prompt as one would type it: its braces are plain text."""
    return re.sub(r"[{}]", r"\\\g<0>", prompt)
