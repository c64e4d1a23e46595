"""What is written for each character of a PDF, and the text of another reader under the same rules."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

from rag.ingestion.loading.hyphens import Words
from rag.ingestion.loading.pdfium_calls import HYPHEN

_LETTER = r"[^\W\d_]"
_PARTED = re.compile(rf"(?<={_LETTER})(?:[\x02\ufffe]|[-\u2010\u00ad][ \t]*+\r?\n[ \t]*+)(?={_LETTER})")
# So many parted words are looked at: from then on a page, which no printed one is, loses its hyphens at line ends.
_PARTED_WORDS = 1000
_LONGEST_PART = 60

# Compatibility forms that fonts use for ordinary letters: ligatures, Kangxi radicals, Arabic shapes.
_FORMS = ((0x2E80, 0x2FDF), (0xF900, 0xFDFF), (0xFE70, 0xFEFE))
_BULLETS = "\uf0b7\uf0a7\uf0d8\uf076\uf0fc\uf06e\uf06c\uf0e0\uf02d"
# Boxes of Wingdings, empty and ticked.
_BOXES = {"\uf0a8": "☐", "\uf06f": "☐", "\uf071": "☐", "\uf0fe": "☒", "\uf0fd": "☒", "\uf078": "☒", "\uf052": "☒"}
_JOINERS = "\u200c\u200d"
# Between figures these stay as they are; elsewhere they are spaces as any other.
FIGURE_SPACES: Final = "\u00a0\u2007\u2009\u200a\u202f"


@cache
def form(character: str) -> str:
    """What is written for one character of a PDF: itself, an ordinary form of it, or nothing."""
    code = ord(character)
    if character in (HYPHEN, "\ufffe"):
        return "-"
    if character in _BULLETS:
        return "•"
    if character in _BOXES:
        return _BOXES[character]
    category = unicodedata.category(character)
    if character == "\n" or category in ("Zl", "Zp"):
        return "\n"
    if character == "\t" or category == "Zs":
        return " "
    if category in ("Cc", "Cs", "Cn") or (category == "Cf" and character not in _JOINERS):
        return ""
    if any(first <= code <= last for first, last in _FORMS):
        return unicodedata.normalize("NFKC", character)
    return character


def tidy(text: str) -> str:
    """A text from another reader under the same rules, but without places."""
    words = Words(_PARTED.sub("\n", text).split("\n"))
    pieces: list[str] = []
    position = 0
    for number, parted in enumerate(_PARTED.finditer(text)):
        pieces.append(text[position : parted.start()])
        before, after = (
            text[max(0, parted.start() - _LONGEST_PART) : parted.start()],
            text[parted.end() : parted.end() + _LONGEST_PART],
        )
        soft = parted.group().startswith("\u00ad")
        if not soft and number < _PARTED_WORDS and words.keep_hyphen(before, after):
            pieces.append("-")
        position = parted.end()
    pieces.append(text[position:])
    return _squeezed("".join(pieces)).strip()


def _squeezed(text: str) -> str:
    """Written out, with one space for several, and none around the end of a line."""
    written = "".join(text if text.isascii() and text.isprintable() else "".join(map(form, text)))
    lines = (" ".join(part for part in line.split(" ") if part) for line in written.split("\n"))
    return "\n".join(line for line in lines if line)
