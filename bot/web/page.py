"""The page as HTML, in the reader's language."""

from html import escape
from pathlib import Path
from string import Template

from bot.locales import language, say
from bot.web.painting import Sheet
from generation.settings import PROMPT_LENGTH

FILES = Path(__file__).parent / "page"
"""The files that the page is made of."""


def painting(sheet: Sheet, picture: str) -> str:
    """The page of a picture at an address relative to the page's own."""
    room = sheet.room
    texts = {
        "title": say("Vary region"),
        "hint": say("Paint over the part to draw anew. Two fingers move and enlarge the picture."),
        "canvas": say("The picture, to paint on"),
        "tools": say("Tools"),
        "brush": say("Paint"),
        "erase": say("Erase"),
        "undo": say("Undo"),
        "clear": say("Erase all"),
        "invert": say("Invert"),
        "size": say("Brush size"),
        "around": say("Draw more at a side"),
        "left": say("Left"),
        "up": say("Up"),
        "right": say("Right"),
        "down": say("Down"),
        "words": say("Describe the whole picture as it should be."),
        "draw": say("Draw"),
        "unreachable": say("I can't be reached right now. Try again in a minute; what you painted stays here."),
        "empty": say("Paint over the part that is to be drawn anew, or draw more at a side."),
        "prompt": sheet.prompt,
        "picture": picture,
    }
    numbers = {
        "width": room.size[0],
        "height": room.size[1],
        "most_width": room.most[0],
        "most_height": room.most[1],
        "step": room.step,
        "longest": PROMPT_LENGTH.high,
    }
    return _filled("paint.html", texts | {name: str(each) for name, each in numbers.items()})


def sentence(said: str, root: str) -> str:
    """A page that says only one thing. `root` is the relative address of the style's folder."""
    return _filled("said.html", {"title": say("Vary region"), "said": said, "root": root})


def _filled(name: str, texts: dict[str, str]) -> str:
    template = Template((FILES / name).read_text(encoding="utf-8"))
    return template.substitute({each: escape(text) for each, text in texts.items()}, lang=language())
