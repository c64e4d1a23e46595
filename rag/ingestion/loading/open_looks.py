"""How OpenDocument files say that text looks, as far as reading needs it: struck, hidden, white, raised; numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from rag.core.types import LeftOutReason
from rag.ingestion.loading.colors import WHITE, alike, color_of
from rag.ingestion.loading.number_formats import columns, roman
from rag.ingestion.loading.open_document import FO, STYLE, TEXT, OpenDocument

_DEEPEST: Final = 20
_FORMATS: Final[dict[str, Callable[[int], str]]] = {
    "1": str, "a": columns, "A": lambda n: columns(n).upper(), "i": roman, "I": lambda n: roman(n).upper(),
}  # fmt: skip
_TRUE: Final = "true"


@dataclass(frozen=True, slots=True)
class Look:
    """`white`: its letters are; `paper`: what it stands on is white for all that is known."""

    struck: bool = False
    hidden: bool = False
    white: bool = False
    raised: bool = False
    paper: bool = True

    @property
    def why(self) -> LeftOutReason | None:
        if self.struck or self.hidden:
            return "struck" if self.struck else "hidden"
        return "unseen" if self.white and self.paper else None


class Looks:
    """The styles of a file, of paragraphs, words and lists."""

    def __init__(self, opened: OpenDocument) -> None:
        self._styles = {family: opened.styles(family) for family in ("text", "paragraph")}
        self._lists = opened.list_styles()

    def of(self, element: Any, look: Look) -> Look:
        """How an element looks in one of this look."""
        family = "text" if element.tag in (f"{TEXT}span", f"{TEXT}a") else "paragraph"
        for style in reversed(self._chain(family, element.get(f"{TEXT}style-name", ""))):
            for part in style:
                look = _with(look, part)
        return look

    def mark(self, name: str, depth: int, numbers: dict[int, int]) -> str | None:
        """The number that an item bears, of a list in this style; None where it bears a bullet."""
        level = next((one for one in self._lists.get(name, ()) if one.get(f"{TEXT}level") == str(depth)), None)
        written = _FORMATS.get("" if level is None else level.get(f"{STYLE}num-format", ""))
        if level is None or written is None:
            return None
        shown = level.get(f"{TEXT}display-levels", "1")
        first = depth - (int(shown) if shown in set("123456789") else 1) + 1
        number = ".".join(written(numbers.get(each, 1)) for each in range(max(1, first), depth + 1))
        return f"{level.get(f'{STYLE}num-prefix', '')}{number}{level.get(f'{STYLE}num-suffix', '')}"

    def start(self, name: str, depth: int) -> int:
        """The first number of a list."""
        level = next((one for one in self._lists.get(name, ()) if one.get(f"{TEXT}level") == str(depth)), None)
        return whole("" if level is None else level.get(f"{TEXT}start-value", ""), 1)

    def list_of(self, paragraph: Any) -> str:
        """The list style that a paragraph's own style names."""
        chain = self._chain("paragraph", paragraph.get(f"{TEXT}style-name", ""))
        return next((name for style in chain if (name := style.get(f"{STYLE}list-style-name", ""))), "")

    def _chain(self, family: str, name: str) -> list[Any]:
        found: list[Any] = []
        while name in self._styles[family] and len(found) < _DEEPEST:
            found.append(self._styles[family][name])
            name = found[-1].get(f"{STYLE}parent-style-name", "")
        return found


def is_hidden(element: Any) -> bool:
    """Whether a section or a stretch of text is hidden, at the state in which the file was saved."""
    if element.tag in (f"{TEXT}hidden-text", f"{TEXT}hidden-paragraph"):
        return bool(element.get(f"{TEXT}is-hidden", _TRUE) == _TRUE)
    shown = element.get(f"{TEXT}display", _TRUE)
    return bool(shown == "none" or (shown == "condition" and element.get(f"{TEXT}is-hidden", _TRUE) == _TRUE))


def whole(text: str, otherwise: int) -> int:
    return int(text) if text.isdecimal() and len(text) < 7 else otherwise


def _with(look: Look, part: Any) -> Look:
    """The look with the properties that a style states."""
    struck = {part.get(f"{STYLE}text-line-through-{name}") for name in ("style", "type")} - {None}
    if struck:
        look = replace(look, struck="none" not in struck)
    if (shown := part.get(f"{TEXT}display")) is not None:
        look = replace(look, hidden=shown == "none")
    if (color := color_of(part.get(f"{FO}color", ""))) is not None:
        look = replace(look, white=alike(color, WHITE))
    if (ground := part.get(f"{FO}background-color", "transparent")) != "transparent":
        known = color_of(ground)
        look = replace(look, paper=known is not None and alike(known, WHITE))
    if place := part.get(f"{STYLE}text-position"):
        height = place.split()[0].rstrip("%")
        look = replace(look, raised=height == "super" or (height.isdecimal() and int(height) > 0))
    return look
