"""Letters, digits and signs that look like Latin letters."""

from collections.abc import Mapping
from itertools import chain
from string import ascii_lowercase

_ALIKE = {
    "a": "аɑαᴀАΑ", "b": "ʙЬВΒƀɓ", "c": "ссᴄСϲƈ", "d": "ԁɗđᴅ", "e": "еεɛəᴇЕΕ", "f": "ꜰƒ", "g": "ɡɢց", "h": "һհʜНΗħ",
    "i": "іɩιıɪӏІΙ", "j": "јᴊЈ", "k": "кκᴋКΚƙ", "l": "łʟǀⅼ", "m": "ᴍМΜ", "n": "ոηɴΝ", "o": "оοօᴏøОΟ", "p": "рρᴘРΡ",
    "q": "ԛ", "r": "ʀгᴦ", "s": "ѕꜱЅʂ", "t": "τᴛТΤŧ", "u": "υսᴜʋ", "v": "νѵᴠ", "w": "ԝωᴡш", "x": "хχХΧ", "y": "уγʏУΥ",
    "z": "ᴢƶΖʐ", "ae": "æ", "oe": "œ",
}  # fmt: skip
"""Letters of other alphabets and phonetic signs by the Latin letter that they look like, in the case that does."""

_ENCLOSED = (0x1F150, 0x1F170, 0x1F1E6)
"""Where Unicode has the alphabet in black circles, in black squares, and as regional indicators."""

LETTERS: Mapping[int, str] = {
    **{ord(alike): letter for letter, others in _ALIKE.items() for alike in others},
    **{first + place: letter for first in _ENCLOSED for place, letter in enumerate(ascii_lowercase)},
}

_SIGNS = {"@": "a", "4": "a", "8": "b", "3": "e", "€": "e", "0": "o", "$": "s", "5": "s", "7": "t", "+": "t"}

SIGNS: tuple[Mapping[int, str], ...] = tuple(
    {ord(sign): letter for sign, letter in chain(_SIGNS.items(), ambiguous)}
    for ambiguous in ((("1", "i"), ("!", "i"), ("|", "i")), (("1", "l"), ("|", "l")))
)
"""Digits and signs as letters; some look like two letters, and an exclamation mark may be one."""
