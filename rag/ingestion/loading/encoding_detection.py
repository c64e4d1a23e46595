"""Which encoding bytes are in that nothing is said of, by the letters that they would be.

Chinese, Japanese and Korean encodings read one another's texts without an error, as letters that nobody uses: the one
is right in which the letters are those that every text of its language is full of.
"""

from __future__ import annotations

import codecs
import re
import string
import unicodedata
from typing import Final

from charset_normalizer import from_bytes

from rag.ingestion.loading.latin_encodings import latin_encoding

# Control characters that no text holds, whatever its encoding; tab, line and page breaks are none.
BINARY: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")

_CHINESE: Final = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学"
    "如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外"
    "将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西月话合回特代内信表化老给世位次度门任常先海通教原东声提立及"
    "比员解水名真论处走义各入几口认条平系气题活更别打变四总何电数安少报结反受目量再建务做接必场件计管期市直资指许统区保至规请须按假"
    "這個們來為國說時會對於後發過裡種經麼學現當沒動還進樣開從實軍無與長機關點業將兩間問並應戰頭體見產給門東聲員論處義幾認條氣題變總"
    "電數報結務場計資許統區請須規"
)
_JAPANESE: Final = frozenset(map(chr, [*range(0x3041, 0x3094), *range(0x30A1, 0x30F5), 0x30FC]))
_KOREAN: Final = frozenset(
    "이다는을에의가를하고한지로기서은사도인있어리자대시나정수그일라스아보여주과해들적부만전으제상관면원장조게성구거동공안내연비할것위우학"
    "용무습니까않없세요년월일간근직휴때및등된합"
)
_EVERYWHERE: Final = _CHINESE | _JAPANESE | _KOREAN | frozenset("、。，・「」")
_LATIN: Final = frozenset(string.printable) - frozenset("\x0b")

# Python's decoders for what is written in East Asia, with the letters that are common in it.
_EAST_ASIAN: Final = (
    ("gb18030", _CHINESE),
    ("big5hkscs", _CHINESE),
    ("euc_jp", _JAPANESE),
    ("cp932", _JAPANESE),
    ("cp949", _KOREAN),
    ("utf-16-le", _EVERYWHERE),
    ("utf-16-be", _EVERYWHERE),
)
_WIDE: Final = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
# The share of common letters, and in UTF-16 and UTF-32 of blanks, line ends and signs too, below which it is none.
_COMMON: Final = 0.2
_COMMON_WIDE: Final = 0.08
_STRANGE: Final = 0.02
# What else is met, by the names of Python's decoders; Windows-1252 first of those that fit as well.
_WESTERN: Final = "cp1252"
_OTHERS: Final = [
    _WESTERN, "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874", "cp866",
    "koi8_r", "koi8_u", "iso8859_2", "iso8859_5", "iso8859_6", "iso8859_7", "iso8859_8", "iso8859_13", "iso8859_15",
    "mac_roman", "mac_cyrillic", "gb18030", "big5hkscs", "cp932", "euc_jp", "cp949",
]  # fmt: skip


def without_mark(sample: bytes) -> str | None:
    """UTF-16 or UTF-32 that bears no mark, by zeros and control characters among its bytes: other text has none."""
    if not BINARY.search(sample):
        return None
    found = {encoding: _share_of_text(sample, encoding) for encoding in _WIDE}
    best = max(found, key=lambda encoding: found[encoding])
    return best if found[best] >= _COMMON_WIDE else None


def likeliest(sample: bytes) -> str:
    """The decoder for bytes that are no UTF-8, by Python's name."""
    shares = {encoding: _share_of_letters(sample, encoding, common) for encoding, common in _EAST_ASIAN}
    east_asian = max(shares, key=lambda encoding: shares[encoding])
    if shares[east_asian] >= _COMMON:
        return east_asian
    chinese = strictly(sample, "gb18030") or ""
    # Western text in an old encoding often decodes as GB18030 too, into rare characters.
    foreign = [character for character in chinese if ord(character) > 127]
    usual = sum("\u4e00" <= c <= "\u9fa5" or "\u3000" <= c <= "\u303f" or "\uff00" <= c <= "\uff5e" for c in foreign)
    if foreign and usual > 0.9 * len(foreign) and usual > 0.3 * len(chinese):
        return "gb18030"
    if (latin := latin_encoding(sample)) is not None:
        return latin
    # What the bytes say of themselves was looked at before; asked for it, this would take any codec's name for one.
    guesses = from_bytes(sample, cp_isolation=_OTHERS, preemptive_behaviour=False)
    best = guesses.best()
    if best is None or best.encoding not in _OTHERS:
        return _WESTERN
    as_good = [guess.encoding for guess in guesses if (guess.chaos, guess.coherence) == (best.chaos, best.coherence)]
    return _WESTERN if _WESTERN in as_good else best.encoding


def _share_of_letters(sample: bytes, encoding: str, common: frozenset[str]) -> float:
    """Which share of the letters beyond ASCII are common ones."""
    text = strictly(sample, encoding) or ""
    letters = [character for character in text if ord(character) > 127 and character.isalpha()]
    return sum(character in common for character in letters) / len(letters) if letters else 0.0


def _share_of_text(sample: bytes, encoding: str) -> float:
    """Which share of the characters every text is full of; none where there are some that no text has."""
    text = strictly(sample, encoding)
    if not text or "\0" in text:
        return 0.0
    strange = sum(unicodedata.category(c) in ("Cc", "Cn", "Co") for c in text if c not in "\t\n\r\f\ufeff")
    if strange > _STRANGE * len(text):
        return 0.0
    return sum(c in _LATIN or c in _EVERYWHERE for c in text) / len(text)


def strictly(sample: bytes, encoding: str) -> str | None:
    """The text, None where it is not all in this encoding. A letter that breaks off at the end is left out."""
    try:
        return codecs.getincrementaldecoder(encoding)("strict").decode(sample)
    except UnicodeDecodeError:
        return None
