"""The page's own fonts have every emoji and sign that the bot and the page show."""

import re
import unicodedata
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "playground" / "page"
SIGNS = 0x2190
"""Below are the letters and marks that every text font has."""


def own_emoji() -> dict[str, str]:
    """Every emoji and sign in the sources of the bot and the page, with a file that has it."""
    sources = [
        *(ROOT / "bot").rglob("*.py"),
        *(ROOT / "bot").rglob("*.toml"),
        *PAGE.rglob("*.js"),
        *PAGE.rglob("*.html"),
    ]
    return {
        character: str(path.relative_to(ROOT))
        for path in sources
        for character in path.read_text(encoding="utf-8")
        if ord(character) > SIGNS and unicodedata.category(character) == "So"
    }


def test_every_emoji_is_in_a_font_of_the_page() -> None:
    css = (PAGE / "style" / "fonts.css").read_text()
    ranges = [(int(low, 16), int(high or low, 16)) for low, high in re.findall(r"U\+(\w+)(?:-(\w+))?", css)]
    missing = {
        emoji: where
        for emoji, where in own_emoji().items()
        if not any(low <= ord(emoji) <= high for low, high in ranges)
    }
    assert missing == {}, "add it as playground/page/fonts/README.md says"


def test_the_fonts_are_small_and_have_their_licence() -> None:
    fonts = PAGE / "fonts"
    assert sum(each.stat().st_size for each in fonts.glob("*.woff2")) < 60_000
    assert "SIL OPEN FONT LICENSE Version 1.1" in (fonts / "OFL.txt").read_text()
