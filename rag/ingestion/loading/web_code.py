"""Lines of code in a web page: where they end is told by line ends, `<br>`, or a block for each."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from bs4.element import NavigableString, PreformattedString, Tag

_GUTTER: Final = re.compile(
    r"\b(?:gutter|linenos?|line-?numbers?|ln-numbers|blob-num|code-line-number)\b", re.IGNORECASE
)
_LINES: Final = {"div", "p", "li", "tr", "ol", "ul", "table", "tbody", "pre", "section"}
_UNSEEN: Final = {"script", "style", "template", "button", "del", "s", "strike"}
_DEPTH: Final = 100


def code_of(tag: Tag, is_block: Callable[[Tag], bool] = lambda _: False) -> str:
    """The lines of a tag that keeps them, without numbers in the margin; `is_block` knows what styles set apart."""
    pieces: list[str] = []
    _collect(tag, pieces, 0, is_block)
    return "".join(pieces).strip("\r\n")


def is_gutter(tag: Tag) -> bool:
    """Whether it holds nothing but the numbers of lines of code."""
    names = " ".join(map(str, tag.get_attribute_list("class")))
    return bool(_GUTTER.search(names)) and not tag.get_text().strip(" \n\t\r0123456789.|")


def _collect(tag: Tag, pieces: list[str], depth: int, is_block: Callable[[Tag], bool]) -> None:
    if depth > _DEPTH:
        pieces.append(tag.get_text())
        return
    for child in tag.children:
        if isinstance(child, NavigableString):
            if not isinstance(child, PreformattedString):
                pieces.append(child.replace("\r\n", "\n"))
        elif not isinstance(child, Tag) or child.name in _UNSEEN or is_gutter(child):
            continue
        elif child.name == "br":
            pieces.append("\n")
        elif child.name in _LINES or is_block(child):
            _new_line(pieces)
            _collect(child, pieces, depth + 1, is_block)
            _new_line(pieces)
        else:
            _collect(child, pieces, depth + 1, is_block)


def _new_line(pieces: list[str]) -> None:
    last = next((piece for piece in reversed(pieces) if piece), "")
    if last and not last.endswith("\n"):
        pieces.append("\n")
