"""Blocked words that are split into pieces: "n a k e d girl", "na ked", "nake d", "na-ked".

Pieces count where together they are exactly the word, and one of them at least is no word itself: "pen is" and "hero
in" are harmless.
"""

import re
from collections import defaultdict
from collections.abc import Iterator

LETTER = r"[^\W_]"

LEAST = 4
"""Letters of the shortest word that is looked for: shorter ones are too often made by chance, as by "a ss"."""

_SURE = 5
"""Letters of a word that is found within longer spelled-out ones: "r a p e" may be of "g r a p e"."""

_PIECE = re.compile(f"{LETTER}+")
_BREAK = re.compile(r"[.,;:!?()\[\]]\s|\s[(\[]|['’]")
"""Between two sentences or parts of one. Pieces of a word are not on both sides of it."""

_LONE = frozenset("bcdfghjklmnpqrstvwxz")
"""Letters that are no words."""

_WORDS = """
ad ah al am an as at aw ax be by cd de di do ed el en es ex fe go ha he hi id if in ir is it ja jr la le lo ma me mi
mr ms mu my ne no nu of oh ok on or os ox pa pi re sa se sh si so st su te ti to tu tv uk un up us va ve vi we ya ye
yo ace act add age ago aid aim air alt and ant any ape arc are ark arm art ash ask ate bad bag ban bar bat bay bed bee
beg bet big bin bit boa bob bow box boy bud bug bun bus but buy cab can cap car cat con cop cot cow coy cry cub cue
cup cut dad dam day del den des dew did die dig dim din dip doe dog don dot dry due dug dye ear eat eel egg ego elf
elk elm end era eve eye fan far fat fed fee few fig fin fir fit fix flu fly fog for fox fun fur gap gas gay gem get
gin god got gum gun gut guy gym had ham has hat hay hen her hey hid him hip his hit hop hot how hug hut ice ill ink
inn ion its ivy jam jar jaw jay jet job jog joy jug key kid kin kit lab lad lap las law lay led leg les let lid lie
lip lit log los lot low mad man map mar mas mat may men met mid mix mob mom mop mud mug nap net new nod non nor not
now nun nut oak odd off oil old one orb ore our out owl own pan par pat paw pay pea pen pet pie pig pin pit pop por
pot pro pub pun put que ran rap rat raw ray red rib rid rim rip rob rod rot row rub rug rum run rye sad sap sat saw
say sea see set sew she shy sin sip sir sit six ski sky sol son sun tab tag tan tap tar tax tea ten the tie tin tip
toe ton too top toy try tub two una uno use van vet via vow wag war was wax way web wet who why wig win wit won wow
yes yet you zen zoo
"""
"""Words of two and three letters in English and Spanish. All that is longer is taken for a word."""

_SHORT = frozenset(_WORDS.split())


def is_fragment(piece: str) -> bool:
    """True for a piece that is no word by itself."""
    if len(piece) == 1:
        return piece in _LONE
    return len(piece) <= len("the") and piece.isascii() and piece.isalpha() and piece not in _SHORT


class SplitWords:
    """A list of words, which finds their pieces in a text in one walk."""

    def __init__(self) -> None:
        self._whole: dict[str, str] = {}
        """Words and phrases as typed, by their letters."""
        self._open: dict[int, dict[str, str]] = defaultdict(dict)
        """Those with any ending, by the number of their letters."""
        self._beginnings: set[str] = set()

    def add(self, letters: str, word: str, *, is_open: bool) -> None:
        """Look for a word, or one with any ending, called `word`. letters: in lower case, without spaces."""
        if len(letters) < LEAST:
            return
        if is_open:
            self._open[len(letters)][letters] = word
        else:
            self._whole[letters] = word
        self._beginnings |= {letters[:end] for end in range(1, len(letters))}

    def in_text(self, text: str) -> Iterator[str]:
        """The words whose pieces follow each other in a text in lower case."""
        pieces = list(_PIECE.finditer(text))
        for first, piece in enumerate(pieces):
            if piece[0] in self._beginnings and text[piece.start() - 1 : piece.start()] not in ("'", "’"):
                yield from self._from(text, pieces, first)

    def _from(self, text: str, pieces: list[re.Match[str]], first: int) -> Iterator[str]:
        within = first > 0 and pieces[first - 1][0] in _LONE
        joined, is_split, end = "", False, pieces[first].start()
        for number in range(first, len(pieces)):
            piece = pieces[number]
            if joined and _BREAK.search(text, end, piece.start()):
                return
            before, joined, end = joined, joined + piece[0], piece.end()
            is_split = is_split or is_fragment(piece[0])
            if before and is_split and (len(joined) >= _SURE or not within):
                yield from self._named(before, joined)
            if joined not in self._beginnings:
                return

    def _named(self, before: str, joined: str) -> Iterator[str]:
        if joined in self._whole:
            yield self._whole[joined]
        for length, listed in self._open.items():
            if len(before) < length and joined[:length] in listed:
                yield listed[joined[:length]]
