"""Which encoding a text in Latin letters is in: the one that makes of it letters of one language, where letters stand.

"năo, ŕs, tręs" are letters of no language together, "não, às, três" are: so Portuguese is no text of Central Europe.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

# The letters beyond ASCII of languages that are written in Latin ones.
_LETTERS: Final = """
    äöüß àâæçéèêëîïôœùûüÿ áéíóúüñç áâãàçéêíóôõúü àèéìîòóù àçèéíïòóúü áéëïóöüèê æøåäöéèêóòôü åäöéüšž áðéíóúýþæö
    ąćęłńóśźż áčďéěíňóřšťúůýžöü áäčďéíĺľňóôŕřšťúýž áéíóöőúüű čćđšž ăâîșțşţ çğıöşüâîûi̇ äöõüšž āčēģīķļņšūž ąčęėįšųūž çë"""
_ALPHABETS: Final = tuple(frozenset(letters) for letters in _LETTERS.split())
_ICELANDIC: Final = frozenset("áðéíóúýþæö")
# Beside ð, ý and þ it has these: where none is, they are the ğ, ı and ş of Turkish.
_ICELANDIC_VOWELS: Final = frozenset("áíóúæ")
# In this order where several fit as well: what Windows, the Macintosh and DOS wrote.
_ENCODINGS: Final = (
    "cp1252", "iso8859_15", "cp1250", "iso8859_2", "cp1254", "cp1257", "iso8859_13", "mac_roman", "cp850", "cp437",
    "cp852", "cp857", "cp860", "cp865", "mac_latin2", "cp775",
)  # fmt: skip
_WESTERN: Final = frozenset("äöüßàâéèêëîïôùûçæœáíóúñãõåøìòýÿðþ")
_SIGNS: Final = frozenset("“”„‘‹›«»•€£§°©®™½¼¾¿¡·±×²³ªº¹÷¬¶†‡") | frozenset(map(chr, range(0x2500, 0x2600)))
_CALCULATES: Final = "÷×±¬"
_BETWEEN_LETTERS: Final = frozenset("’–—…\xa0\xad")
_FITS: Final = 0.95
# What is not Western in one language is so in several where hardly a letter is strange; by hand.
_FITS_IN_SEVERAL: Final = 0.99
# More of a Latin text's letters are never accented, and fewer of them tell nothing.
_MOST_ACCENTED: Final = 0.3
_FEWEST: Final = 2


def latin_encoding(sample: bytes) -> str | None:
    """The decoder that makes words of the bytes, by Python's name; None where none does."""
    found: dict[str, float] = {}
    for encoding in _ENCODINGS:
        text = _decoded(sample, encoding)
        found[encoding] = 0.0 if text is None else _share_that_fits(text)
        if found[encoding] == 1.0:
            return encoding
    best = max(found, key=lambda encoding: found[encoding])
    if found[best] >= _FITS:
        return best
    western = _decoded(sample, "cp1252")
    return "cp1252" if western and _share_that_fits(western, (_WESTERN,)) >= _FITS_IN_SEVERAL else None


def _decoded(sample: bytes, encoding: str) -> str | None:
    try:
        return sample.decode(encoding)
    except UnicodeDecodeError:
        return None


def _share_that_fits(text: str, alphabets: tuple[frozenset[str], ...] = _ALPHABETS) -> float:
    """Which share of the characters beyond ASCII stand where such letters and signs do, of one language at best."""
    places = [place for place, character in enumerate(text) if character > "\x7f"]
    letters = sum(map(str.isalpha, text))
    if len(places) < _FEWEST or sum(text[place].isalpha() for place in places) > _MOST_ACCENTED * letters:
        return 0.0
    padded = f" {text} "
    signs = 0
    fitting: Counter[str] = Counter()
    for place in places:
        before, character, after = padded[place], padded[place + 1], padded[place + 2]
        if not character.isalpha() or character in _SIGNS:
            signs += _sign_fits(before, character, after)
        elif _case_fits(before, character, after):
            fitting[character.lower()] += 1
    turkish = _ICELANDIC_VOWELS.isdisjoint(fitting)
    known = [letters for letters in alphabets if not (turkish and letters == _ICELANDIC)]
    return (signs + max(sum(fitting[one] for one in letters) for letters in known)) / len(places)


def _case_fits(before: str, character: str, after: str) -> bool:
    if character.isupper():
        return not (before.islower() or (before.isupper() and after.islower()))
    return not (before.isupper() and after.isupper())


def _sign_fits(before: str, character: str, after: str) -> bool:
    if character in _CALCULATES:
        return not (before.isalpha() or after.isalpha())
    return character in _BETWEEN_LETTERS or (character in _SIGNS and not (before.isalpha() and after.isalpha()))
