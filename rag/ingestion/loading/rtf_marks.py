"""What Rich Text Format strikes out, hides, deletes or raises: marked in the source, where a reader of it looks away.

A mark is a letter of the private area; it says how all that follows looks, up to the next.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from rag.core.types import LeftOut, LeftOutReason
from rag.ingestion.loading.raised_marks import raised

_TOKEN: Final = re.compile(r"\\(?:([a-z]{1,32})(-?\d{1,6})? ?|[^a-z])|[{}]")
_MARKS: Final = "\ue100\ue101\ue102\ue103\ue104"  # plain, struck, hidden, deleted, raised
_MARK: Final = re.compile(f"([{_MARKS}])")
_WHYS: Final[dict[str, LeftOutReason]] = dict(zip(_MARKS[1:4], ("struck", "hidden", "deleted"), strict=True))
_PLAIN, _RAISED = _MARKS[0], _MARKS[4]
_TOGGLES: Final = {
    "strike": "struck", "striked": "struck", "v": "hidden", "deleted": "deleted", "super": "raised", "up": "raised",
}  # fmt: skip
_LOWERS: Final = {"nosupersub", "sub", "dn"}
_LOOK_BACK: Final = 40


@dataclass(frozen=True, slots=True)
class _Looks:
    struck: bool = False
    hidden: bool = False
    deleted: bool = False
    raised: bool = False

    @property
    def mark(self) -> str:
        names = ("struck", "hidden", "deleted", "raised")
        return next((mark for mark, name in zip(_MARKS[1:], names, strict=True) if getattr(self, name)), _PLAIN)


def marked(source: str) -> str:
    """The source with a mark wherever the look changes."""
    written: list[str] = []
    around: list[_Looks] = []
    looks, place = _Looks(), 0
    for token in _TOKEN.finditer(source):
        before = looks
        if token[0] == "{":
            around.append(looks)
        elif token[0] == "}":
            looks = around.pop() if around else looks
        elif token[1]:
            looks = _changed(looks, token[1], token[2])
        if looks.mark != before.mark:
            written += (source[place : token.end()], f"{{\\uc0\\u{ord(looks.mark)} }}")
            place = token.end()
    return "".join((*written, source[place:]))


def _changed(looks: _Looks, word: str, value: str | None) -> _Looks:
    if word == "plain":
        return _Looks(deleted=looks.deleted)
    if word in _LOWERS:
        return replace(looks, raised=False)
    if word in _TOGGLES:
        return replace(looks, **{_TOGGLES[word]: value is None or int(value) != 0})
    return looks


def unmarked(text: str) -> list[tuple[str, list[LeftOut]]]:
    """The lines of a text without its marks, each with what was left out of it."""
    found: list[tuple[str, list[LeftOut]]] = []
    state = _PLAIN
    for line in text.split("\n"):
        said = ""
        left: list[LeftOut] = []
        parts = _MARK.split(line)
        for number, part in enumerate(parts):
            if number % 2:
                state = part
            elif state in _WHYS and part.strip():
                left.append(LeftOut(_WHYS[state], " ".join(part.split()), len(said)))
            elif state == _RAISED:
                said += raised(said[-_LOOK_BACK:], part, "".join(parts[number + 2 : number + 3]))
            elif state not in _WHYS:
                said += part.removeprefix(" ") if said.endswith(" ") and left and left[-1].start == len(said) else part
        found.append((said, left))
    return found
