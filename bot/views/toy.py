"""What the small model that ships with Noisefox is, for people who would take it for all that there is."""

from bot.locales import addressing, say
from bot.locales.languages import LANGUAGES
from generation.catalogue import Catalogue
from generation.sentences import Sentence

_ABOUT = Sentence("{model} is a teaching toy that knows emoji-like things; the host can add a real model.")


def about(model: str) -> str:
    """One sentence about a toy, where there is no other model."""
    return say(_ABOUT, model=model)


def first_screen(catalogue: Catalogue) -> dict[str, str]:
    """The sentence in every language, by Discord's names of locales; empty where there are other models."""
    if not catalogue.has_only_toys:
        return {}
    told = {}
    for locale in ("en-US", *LANGUAGES.translated):
        with addressing(locale):
            told[locale] = about(catalogue.default.name)
    return told
