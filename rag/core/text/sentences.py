"""Sentence segmentation of English, German and Chinese, in linear time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rag.core.text.dates import MONTHS
from rag.core.text.stop_words import STOP_WORDS

# A sentence ends at a Chinese full stop; at a Latin one before white space, unless it belongs to an abbreviation, an
# initial or a number; or at an empty line. Note marks after a stop belong to its sentence.
_MARK: Final = r"(?:[⁰¹²³⁴-⁹]++|[ ]\[\w{1,3}\])?+"
_END: Final = re.compile(rf"[。！？；]++[”’」』）]*+{_MARK}|(?<![.!?])[.!?]++[\"'”’)\]]*+{_MARK}(?=\s)|\n[^\S\n]*+\n")

_TITLES: Final = """
    mr mrs ms dr prof st mt ft gen col sgt capt lt rev hon fig figs eq eqs approx vs cf e.g i.e viz al ed eds
    hr fr dipl ing bzw ca evtl ggf inkl exkl zzgl vgl sog bspw zb z.b d.h u.a u.u o.ä i.d.r i.d s.o s.u gem"""
# Abbreviations that do not end a sentence.
_GOES_ON: Final = frozenset(_TITLES.split())
_NUMBERED: Final = "no nos nr art sec sect vol ch chap p pp par para ziff abs tel s kap abb tab bd az pos"
# Abbreviations before numbers: "No. 4". Without a number they end the sentence; "no." alone is a word.
_BEFORE_NUMBERS: Final = frozenset(_NUMBERED.split())
_FIRMS: Final = "inc ltd co corp bros llc plc jr sr etc ph.d usw dt mio mrd str est dept"
# Abbreviations that may end a sentence, as "U.S." and "a.m.": they do before a capitalised stop word.
_MAY_END: Final = frozenset(_FIRMS.split())
_MONTHS_SHORTENED: Final = frozenset(form for form in MONTHS if len(form) <= 4) - {"may", "mai", "june", "juni", "july"}
_ORDERED: Final = "jahrhundert jahrhunderts quartal quartals tag tages monat monats jahr jahres lebensjahr platz"
# Nouns after ordinals, beside months: "im 19. Jahrhundert".
_COUNTED: Final = frozenset(_ORDERED.split())
_STARTERS: Final = STOP_WORDS["en"] | STOP_WORDS["de"]

# The characters before a full stop in which an abbreviation is looked for, bounded for speed.
_LOOK_BACK: Final = 12
_LAST_WORD: Final = re.compile(r"(?<![^\W_])(?<![^\W_]\.)[^\W_]++(?:\.[^\W_]++)*+(?=\.$)")
_NEXT_WORD: Final = re.compile(r"\s*+[\"'“‘„»(\[]*+([^\W_]*+)")
# "part no. AT-20518", "Ref. no. C/771": a number with letters before it.
_NEXT_CODE: Final = re.compile(r"\s*+[A-Z]{1,6}+[-/. ]?\d")


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """The sentences of a text as (start, end) offsets, without surrounding white space."""
    start = 0
    for match in _END.finditer(text):
        if match.group().startswith(".") and len(match.group()) == 1 and _goes_on(text, start, match.start()):
            continue
        yield from _trimmed(text, start, match.end())
        start = match.end()
    yield from _trimmed(text, start, len(text))


def _goes_on(text: str, start: int, stop: int) -> bool:
    """Whether the sentence that begins at `start` continues after the full stop at `stop`."""
    before = text[max(start, stop - _LOOK_BACK) : stop + 1]
    words = _LAST_WORD.findall(before)
    if not words:
        return False
    found = _NEXT_WORD.match(text, stop + 1)
    word, following = words[-1], found[1] if found else ""
    if word.isdigit():
        return _number_goes_on(before, word, following)
    lower = word.lower()
    # An initial, or one letter of "z. B."
    if len(word) == 1 and word.isalpha() and (word.isupper() or following[:1].isalpha()):
        return True
    if lower in _GOES_ON:
        return True
    if lower in _MAY_END or word[-2:-1] == ".":
        return not (following[:1].isupper() and following.lower() in _STARTERS)
    if lower in _BEFORE_NUMBERS or lower in _MONTHS_SHORTENED:
        return following[:1].isdigit() or _NEXT_CODE.match(text, stop + 1) is not None
    return False


def _number_goes_on(before: str, number: str, following: str) -> bool:
    """Whether a number with a full stop is a list number, or an ordinal: "3. Mai", "am 4. und 5."."""
    if len(number) <= 3 and not before[: -len(number) - 1].rpartition("\n")[2].strip():
        return True
    ordinal = following.lower() in MONTHS or following.lower() in _COUNTED or following[:1].islower()
    return len(number) <= 2 and bool(following) and ordinal


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end
