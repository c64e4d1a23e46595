"""How a web page lets its text look, as far as that says whether anybody sees it: its own rules and inline styles.

Read are rules of plain selectors (a tag, classes or an id, and what they stand in) outside of conditions such as
`@media print`; what needs more of a browser is taken as seen. A rule that names what is around a tag hides it only
where nothing of the page may show it again: no other rule (`.menu li:hover ul`), and no script.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from bs4 import BeautifulSoup
from bs4.element import Tag

from rag.core.types import LeftOutReason
from rag.ingestion.loading.colors import WHITE, Color, alike, color_of
from rag.ingestion.loading.web_scripts import acts
from rag.ingestion.loading.web_unseen import FOLDS, folded, gone, is_clear, is_raised, is_short, is_tiny, size_of

# One without an end hides all that follows.
_COMMENT: Final = re.compile(r"/\*(?:[^*]++|\*(?!/))*+(?:\*/)?")
_BRACES: Final = re.compile(r"([{}])")
_SELECTOR: Final = re.compile(r"([a-zA-Z][\w-]{0,40})?((?:[.#][\w-]{1,80}){0,4})")
_PART: Final = re.compile(r"[.#][\w-]{1,80}")
_DEEPEST: Final = 5
_PSEUDO: Final = re.compile(r":[\w:-]{1,40}(?:\([^()]{0,80}\))?")
# The tags that a rule wants around one: their classes and ids, and their names; whether each is the next one's parent.
_Above = tuple[tuple[tuple[frozenset[str], str], ...], bool]
# What rules of several selectors are believed to say; what hides only where nothing can take it back.
_BELIEVED: Final = ("text-decoration", "white-space", "display", "visibility")
_PROPERTIES: Final = """
    display visibility text-decoration text-decoration-line font-size color background background-color background-image
    opacity vertical-align white-space list-style list-style-type position left top bottom text-indent margin-left
    font overflow width height max-height clip clip-path content-visibility transform background-clip
    -webkit-background-clip text-shadow"""
_READ: Final = frozenset(_PROPERTIES.split())
_BLOCKS: Final = ("block", "flex", "grid", "flow-root", "list-item", "table", "table-row", "table-cell")
_CODE: Final = ("pre", "pre-wrap", "break-spaces")


@dataclass(frozen=True, slots=True)
class Look:
    """What a tag hands down to what is in it. `gone`: nothing in it can be seen, `why` its text itself is not."""

    gone: LeftOutReason | None = None
    color: Color | None = None
    ground: Color | None = None
    ground_known: bool = True
    tiny: bool = False
    clear: bool = False
    lines: bool = False
    raised: bool = False
    block: bool = False

    @property
    def why(self) -> LeftOutReason | None:
        if self.gone or self.tiny or self.clear:
            return self.gone or "unseen"
        if self.color is None or not self.ground_known:
            return None
        return "unseen" if alike(self.color, self.ground or WHITE) else None


class Styles:
    """The rules of a page, and how each tag looks under them."""

    def __init__(self, soup: BeautifulSoup) -> None:
        self._rules: dict[str, list[tuple[frozenset[str], str, _Above, dict[str, str]]]] = {}
        sheets = soup.find_all("style", media=lambda said: str(said or "all").strip().lower() in ("all", "screen"))
        rules = [rule for sheet in sheets for rule in _rules(sheet.get_text())]
        self._scripted = any(map(acts, soup.find_all("script"))) or soup.find(onclick=True) is not None
        unfolds = any(":" in selector and not FOLDS.isdisjoint(declared) for selector, declared in rules)
        self._folds = not self._scripted and not unfolds
        self._shown = {name for selector, declared in rules if _shows(declared) for name in _last_names(selector)}
        for selector, declared in rules:
            self._add(selector, declared)
        # What a style sheet elsewhere says of a background is not known here.
        self._elsewhere = soup.find("link", rel="stylesheet") is not None
        self._opened = set(_opened(soup))

    def first(self) -> Look:
        return Look(ground_known=not self._elsewhere)

    def look(self, tag: Tag, above: Look) -> Look:
        """How the tag looks inside of what looks as `above`."""
        own = self.declared(tag)
        look = above
        if tag.get("bgcolor") or (tag.name == "font" and tag.get("color")):
            own = {"background-color": str(tag.get("bgcolor", "")), "color": str(tag.get("color", ""))} | own
        if not own:
            return replace(look, raised=False, block=False) if look.raised or look.block else look
        unseen = look.gone or gone(own) or (folded(own) if self._folds else None)
        color = color_of(own.get("color", "")) or look.color
        ground, known = _ground(own, look)
        size = size_of(own)
        return Look(
            unseen if tag.name not in ("html", "body") else look.gone,
            color,
            ground,
            known,
            look.tiny if size is None else is_tiny(size),
            is_clear(own) if "color" in own else look.clear,
            own["white-space"] in _CODE if "white-space" in own else look.lines,
            own.get("vertical-align") in ("super", "text-top") or (is_raised(own) and is_short(tag)),
            own.get("display") in _BLOCKS,
        )

    def opens(self, tag: Tag) -> bool:
        """Whether a button or a tab of the page shows it: then it is there to be read."""
        return bool(self._opened) and str(tag.get("id", "")) in self._opened

    def declared(self, tag: Tag) -> dict[str, str]:
        """What the page's own rules and the tag itself say, the stronger last."""
        found: dict[str, str] = {}
        if self._rules:
            classes = [f".{name}" for name in tag.get_attribute_list("class") if name]
            names = _names(tag)
            for key in (tag.name, *classes, f"#{tag.get('id', '')}"):
                for needed, name, above, declared in self._rules.get(key, ()):
                    if needed <= names and name in ("", tag.name) and _stands_in(tag, above):
                        found |= declared
        style = str(tag.get("style", ""))
        return found | _declarations(style) if style else found

    def _add(self, selector: str, declared: dict[str, str]) -> None:
        steps = selector.replace(">", " ").split()[-_DEEPEST:]
        *around, own = [_SELECTOR.fullmatch(part) for part in steps] or [None]
        direct = around and selector.count(">") == len(around)
        if around:  # what is opened by a click, or lies on a picture, is made so by such rules, too
            sure = not self._scripted and (direct or ">" not in selector) and not self._shown & _last_names(selector)
            believed = _BELIEVED if sure else _BELIEVED[:2]
            declared = {n: value for n, value in declared.items() if n.startswith(believed) or value in _BLOCKS}
        if own and declared and all(around):
            parts = _PART.findall(own[2])
            key = next((part for part in parts if part[0] == "#"), parts[-1] if parts else own[1].lower())
            above = tuple((frozenset(_PART.findall(one[2])), (one[1] or "").lower()) for one in around if one)
            rule = (frozenset(parts), (own[1] or "").lower(), (above, bool(direct)), declared)
            self._rules.setdefault(key, []).append(rule)


def _stands_in(tag: Tag, above: _Above) -> bool:
    """Whether the tags around it are those that a rule names, the outermost first."""
    wanted, direct = list(above[0]), above[1]
    for outer in tag.parents if wanted else ():
        needed, name = wanted[-1]
        if needed <= _names(outer) and name in ("", outer.name):
            wanted.pop()
            if not wanted:
                break
        elif direct:
            break
    return not wanted


def _shows(declared: Mapping[str, str]) -> bool:
    return declared.get("display", "none") != "none" or declared.get("visibility") == "visible"


def _last_names(selector: str) -> set[str]:
    """The classes, ids and tag that a rule's own tag is named by, whatever state it asks for."""
    last = _SELECTOR.fullmatch(_PSEUDO.sub("", selector).replace(">", " ").rpartition(" ")[2])
    return {name for name in (*_PART.findall(last[2]), (last[1] or "").lower()) if name} if last else set()


def _names(tag: Tag) -> set[str]:
    return {*(f".{name}" for name in tag.get_attribute_list("class") if name), f"#{tag.get('id', '')}"}


def _opened(soup: BeautifulSoup) -> Iterator[str]:
    for name in ("aria-controls", "data-target", "data-bs-target"):
        for tag in soup.select(f"[{name}]"):
            yield from str(tag[name]).replace("#", " ").split()


def _rules(sheet: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Each plain selector with what it declares; conditions such as `@media` are passed over with all in them."""
    depth, skipped = 0, 0
    selector = ""
    for piece in _BRACES.split(_COMMENT.sub("", sheet)):
        if piece == "{":
            depth += 1
            if not skipped and selector.startswith("@") and not _always(selector):
                skipped = depth
        elif piece == "}":
            if skipped == depth:
                skipped = 0
            depth = max(0, depth - 1)
            selector = ""
        elif depth and selector and not selector.startswith("@"):
            declared = _declarations(piece)
            if declared and not skipped:
                for one in selector.split(","):
                    yield one.strip(), declared
            selector = ""
        else:
            selector = piece.rpartition(";")[2].strip()


def _always(condition: str) -> bool:
    return condition.replace(" ", "").lower() in ("@mediascreen", "@mediaall")


def _declarations(style: str) -> dict[str, str]:
    found = {}
    for part in style.split(";"):
        name, colon, value = part.partition(":")
        name = name.strip().lower()
        if colon and name in _READ:
            found[name] = value.replace("!important", "").strip().lower()
    return found


def _ground(own: Mapping[str, str], above: Look) -> tuple[Color | None, bool]:
    value = own.get("background-color") or own.get("background") or ""
    if own.get("background-image", "none") != "none" or "url(" in value or "gradient(" in value:
        return None, False
    if not value or value in ("none", "transparent", "inherit"):
        return above.ground, above.ground_known
    color = color_of(value.split()[0] if not value.startswith("rgb") else value)
    return (color, True) if color else (None, False)
