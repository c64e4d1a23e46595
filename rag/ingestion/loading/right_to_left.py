"""Lines of Arabic and Hebrew in PDFs whose letters pdfium gives as they stand, from the left, and not as they are read.

Some programs, browsers among them, draw some words of a line so and others not. Such a line is put together anew by
the places of its letters: from right to left, with Latin words and figures in it from left to right.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Final

from rag.ingestion.loading.line_types import Line, Piece
from rag.ingestion.loading.pdfium_calls import HYPHEN, Characters

FOREIGN: Final = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_WORD: Final = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]{3,}")
_SIGN_BEFORE: Final = re.compile(r"(?<!\w)[.,،:;؛!؟]\d")
_LAM: Final = "ل"
_OPENING: Final = "([{«"
_MIRRORED: Final = dict(zip("()[]{}«»", ")(][}{»«", strict=True))
_LEAST: Final = 3
# So wide, measured by the letters' size, is a gap between two words; and one behind a mark, whose place is not its own.
_GAP: Final = 0.6
_GAP_BEHIND_MARK: Final = 0.05
# Stretches whose baselines differ less, and that no wider gap parts, are one line.
_SAME_LINE: Final = 0.35
_WIDEST: Final = 1.2
_PARTED: Final = re.compile(rf"[^\s\0{HYPHEN}]+")


@dataclass(frozen=True, slots=True)
class _Letter:
    index: int
    text: str
    origin: float
    left: float
    right: float
    size: float
    word: int  # by number, as pdfium parts them
    crowded: bool = False  # drawn as one with others, a ligature and its mark: how wide they are is not known

    @property
    def runs_right(self) -> bool:
        return unicodedata.bidirectional(self.text) in ("L", "EN", "AN")


def put_together(characters: Characters, words: Sequence[tuple[int, int]], ends: Sequence[int]) -> list[int]:
    """Where pdfium's lines end, by number of words, without those ends at which the baseline of a mark alone moves."""
    found: list[int] = []
    begin = 0
    for number, end in enumerate(ends):
        after = ends[number + 1] if number + 1 < len(ends) else end
        stretches = [(words[a][0], words[b - 1][1]) for a, b in ((begin, end), (end, after)) if a < b]
        if len(stretches) < 2 or not _are_beside(characters, *stretches):
            found.append(end)
            begin = end
    return found


def _are_beside(characters: Characters, one: tuple[int, int], other: tuple[int, int]) -> bool:
    if not any(FOREIGN.search(characters.text, *stretch) for stretch in (one, other)):
        return False
    places = [[i for i in range(*stretch) if not _is_blank(characters.text[i])] for stretch in (one, other)]
    size = characters.size(places[0][0])
    heights = [characters.origin(some[0])[1] for some in places]
    sides = [[characters.origin(i)[0] for i in some] for some in places]
    gap = max(min(sides[0]) - max(sides[1]), min(sides[1]) - max(sides[0]))
    return abs(heights[0] - heights[1]) < _SAME_LINE * size and gap < _WIDEST * size


def as_read(characters: Characters, start: int, end: int) -> Line | None:
    """The line from one character up to another as it is read; None where pdfium has it so."""
    text = characters.text[start:end]
    if 2 * len(FOREIGN.findall(text)) < sum(map(str.isalpha, text)):
        return None  # a line that runs to the right
    reversed_words = any(_is_reversed(characters, *word.span()) for word in _WORD.finditer(characters.text, start, end))
    if not reversed_words and "\n" not in text and not _parts_figures(characters, start, end):
        return None
    spans = [word.span() for word in _PARTED.finditer(characters.text, start, end)]
    letters = [_letter(characters, index, n) for n, span in enumerate(spans) for index in range(*span)]
    counts = Counter(letter.origin for letter in letters)
    crowded = {letter.origin for letter in letters if counts[letter.origin] > 1 and unicodedata.combining(letter.text)}
    letters = [replace(letter, crowded=letter.origin in crowded) for letter in letters]
    letters.sort(key=_place)
    boxes = [characters.box(letter.index) for letter in letters]
    bottom, top = min(box[1] for box in boxes), max(box[3] for box in boxes)
    found = _read(letters)
    facing = _facing(found)
    pieces = [
        Piece(one.index, one.index + 1, one.left, bottom, one.right, top, joined, facing.get(one.index))
        for one, joined in found
    ]
    return Line(pieces, plain=False)


def _place(letter: _Letter) -> tuple[float, bool, bool, float]:
    """From the right; of what is drawn as one, letters come before their marks, and lam before the alef on it."""
    if letter.crowded:
        return -letter.origin, unicodedata.combining(letter.text) > 0, letter.text != _LAM, -letter.left
    return -letter.origin, False, False, -letter.left


def _facing(found: Sequence[tuple[_Letter, bool]]) -> dict[int, str]:
    """What is written for brackets, by their indices: as they stand a first one closes, where lines run to the left."""
    brackets = [letter for letter, _ in found if letter.text in _MIRRORED]
    if not brackets or brackets[0].text in _OPENING:
        return {}
    return {letter.index: _MIRRORED[letter.text] for letter in brackets}


def _is_reversed(characters: Characters, start: int, end: int) -> bool:
    """Whether a word's letters, one after the other, stand further and further to the right."""
    places = [characters.origin(index)[0] for index in range(start, end)]
    to_the_right = sum(after > before for before, after in pairwise(places))
    return to_the_right >= _LEAST - 1 and to_the_right > 0.5 * (len(places) - 1)


def _parts_figures(characters: Characters, start: int, end: int) -> bool:
    """Whether a sign that stands on the left of a figure, and so behind it, is put before it: "47." as ".47"."""
    if characters.origin(start)[0] < characters.origin(end - 1)[0]:
        return False
    signs = _SIGN_BEFORE.finditer(characters.text, start, end)
    return any(characters.origin(sign.end() - 2)[0] < characters.origin(sign.end() - 1)[0] for sign in signs)


def _letter(characters: Characters, index: int, word: int) -> _Letter:
    left, _, right, _ = characters.box(index)
    return _Letter(
        index, characters.text[index], characters.origin(index)[0], left, right, characters.size(index), word
    )


def _is_blank(character: str) -> bool:
    return character.isspace() or character in ("\0", HYPHEN)


def _read(letters: list[_Letter]) -> list[tuple[_Letter, bool]]:
    """The letters in the order in which they are read, and whether each is joined to the one before it."""
    joined = [False] + [_near(before, after) for before, after in pairwise(letters)]
    found: list[tuple[_Letter, bool]] = []
    for runs_right, some in groupby(enumerate(letters), key=lambda one: _runs_right(letters, one[0])):
        places = [place for place, _ in some]
        if not runs_right:
            found += [(letters[place], joined[place]) for place in places]
            continue
        # Read from the other end: what joins a letter to the one on its right now joins the two the other way round.
        for place in reversed(places):
            last = place == places[-1]
            found.append((letters[place], joined[places[0]] if last else joined[place + 1]))
    return found


def _runs_right(letters: list[_Letter], place: int) -> bool:
    """Whether a character is part of Latin words or figures; a sign between two of them is."""
    if letters[place].runs_right:
        return True
    if FOREIGN.match(letters[place].text):
        return False
    around = (letters[:place][::-1], letters[place + 1 :])
    return all(some and some[0].runs_right for some in around)


def _near(right: _Letter, left: _Letter) -> bool:
    """Whether no blank stands between two letters, the second on the left of the first."""
    if left.crowded and left.origin == right.origin:
        return True
    if not (left.crowded or right.crowded) and left.word != right.word:
        return False
    widest = _GAP_BEHIND_MARK if right.crowded else _GAP
    return min(right.left, right.origin) - left.right < widest * max(right.size, left.size)
