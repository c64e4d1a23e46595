"""What a document is called when it does not say so itself."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

# Titles that programs put in, and titles that are only a file's name or a number.
_MEANINGLESS = re.compile(
    r"^(untitled|microsoft word|word document$|powerpoint presentation|document\d*$|slide \d)"
    r"|^(无标题|未命名|文档\d*$)"
    r"|\.(docx?|pdf|pptx?|xlsx?|indd|qxd|html?|tmp|dvi)$",
    re.IGNORECASE,
)
_BLANK = re.compile(r"[_\s]+")
_LONGEST = 200


def title_of(stated: str, name: str, *others: str) -> str:
    """The stated title if it says something, else the first of the others that does, else the file's name."""
    for candidate in (stated, *others):
        visible = "".join(" " if unicodedata.category(c).startswith(("C", "Z")) else c for c in candidate)
        title = " ".join(visible.split())[:_LONGEST]
        letters = sum(character.isalpha() for character in title)
        if letters >= 2 and letters * 2 >= len(title) and not _MEANINGLESS.search(title):
            return title
    stem = PurePosixPath(name.replace("\\", "/")).stem
    return " ".join(_BLANK.sub(" ", stem).split())[:_LONGEST] or name
