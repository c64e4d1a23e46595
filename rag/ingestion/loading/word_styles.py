"""What the styles of a Word file say: how text looks, what is a heading, and which list a paragraph belongs to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from rag.core.types import LeftOutReason
from rag.ingestion.loading.colors import WHITE, Color, alike, color_of
from rag.ingestion.loading.office_package import W
from rag.ingestion.loading.signs import is_sign_font

_HEADING: Final = re.compile(
    r"(?:heading|标题|überschrift|titre|título|titolo|kop|rubrik|заголовок|見出し)[\s_]?(\d)\b", re.IGNORECASE
)
_TITLE: Final = re.compile(r"(?:title|titel|titre|标题)$", re.IGNORECASE)
_CODE: Final = re.compile(
    r"\bcode\b|preformatted|\blisting\b|macro text|plain text|source text|verbatim|programlisting|程序|代码",
    re.IGNORECASE,
)
_TYPEWRITER: Final = re.compile(
    r"courier|consolas|mono\b|monospace|menlo|monaco|lucida (?:console|sans typewriter)|fixed|source code|fira code"
    r"|cascadia",
    re.IGNORECASE,
)
# Signs that stand in lines of programs and in no sentence.
_PROGRAM: Final = re.compile(r"[{}=<>\\|]|;$|\w\(\w*[,)]|\w_\w|--\w|^\s?[$#>]\s|/\w+/|^\w+:$")
_ID: Final = re.compile(r"heading_?2?0?_?(\d)$", re.IGNORECASE)
_OFF: Final = ("0", "false", "off", "none")
_DEEP: Final = 12
_BODY_LEVEL: Final = 9
# Half points by which a mark stands above its line.
_RAISED: Final = 4
_HIGHEST: Final = 24
_TINY: Final = 2.0  # half points


def value(element: Any, path: str) -> str:
    """What stands as `w:val` at a path of Word's names ("pPr/pStyle"); empty where there is none."""
    found = None if element is None else element.find("/".join(f"{W}{step}" for step in path.split("/")))
    return "" if found is None else str(found.get(f"{W}val", ""))


def is_on(element: Any, name: str) -> bool | None:
    """Whether a property is set; None where nothing is said of it."""
    found = None if element is None else element.find(f"{W}{name}")
    return None if found is None else found.get(f"{W}val", "true").lower() not in _OFF


@dataclass(frozen=True, slots=True)
class Ground:
    """What text stands on, from the page inwards; `color` is None where it is not known."""

    color: Color | None = WHITE


@dataclass(frozen=True, slots=True)
class Look:
    why: LeftOutReason | None
    raised: bool = False
    font: str = ""


class Styles:
    """The styles of a file; of one that has none, the paragraphs' own word counts."""

    def __init__(self, root: Any) -> None:
        self._styles: dict[str, Any] = {}
        self._default_paragraph = ""
        self._defaults = None if root is None else root.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr")
        for style in () if root is None else root.iter(f"{W}style"):
            id_ = style.get(f"{W}styleId", "")
            self._styles[id_] = style
            if style.get(f"{W}type") == "paragraph" and style.get(f"{W}default", "0").lower() not in _OFF:
                self._default_paragraph = id_
        self._looks: dict[tuple[str, ...], dict[str, Any]] = {}

    def chain(self, id_: str) -> list[Any]:
        """The style and those that it is based on, the nearest first."""
        found: list[Any] = []
        while id_ in self._styles and len(found) < _DEEP:
            found.append(self._styles[id_])
            id_ = value(found[-1], "basedOn")
        return found

    def of_paragraph(self, paragraph: Any) -> list[Any]:
        return self.chain(value(paragraph, "pPr/pStyle") or self._default_paragraph)

    def level(self, paragraph: Any) -> int:
        """Which level of heading a paragraph is; 0 where it is none."""
        own = value(paragraph, "pPr/outlineLvl")
        if own.isdecimal():
            return int(own[:2]) + 1 if int(own[:2]) < _BODY_LEVEL else 0
        id_ = value(paragraph, "pPr/pStyle")
        if id_ and id_ not in self._styles:
            match = _ID.search(id_)
            return int(match[1]) if match else int(bool(_TITLE.fullmatch(id_)))
        for style in self.of_paragraph(paragraph):
            stated = value(style, "pPr/outlineLvl")
            if stated.isdecimal():
                return int(stated[:2]) + 1 if int(stated[:2]) < _BODY_LEVEL else 0
            name = value(style, "name")
            match = _HEADING.match(name)
            if match or _TITLE.fullmatch(name):
                return int(match[1]) if match else 1
        return 0

    def is_title(self, paragraph: Any) -> bool:
        id_ = value(paragraph, "pPr/pStyle")
        names = [value(style, "name") for style in self.chain(id_)] or [id_]
        return any(_TITLE.fullmatch(name) for name in names)

    def is_code(self, paragraph: Any, in_code: bool) -> bool:
        """Whether its lines are those of a program: by its style, or by a typewriter's font and the signs it holds."""
        id_ = value(paragraph, "pPr/pStyle")
        if id_ and any(_CODE.search(value(style, "name") or id_) for style in self.chain(id_)):
            return True
        runs = [(run, text) for run in paragraph.iter(f"{W}r") if (text := _words(run)).strip()]
        whole = self._properties(id_ or self._default_paragraph)
        if not runs or not all(_is_typed(run.find(f"{W}rPr"), whole) for run, _ in runs):
            return False
        text = "".join(words for _, words in runs)
        return in_code or text[:1].isspace() or bool(_PROGRAM.search(text))

    def ground(self, paragraph: Any, around: Ground) -> Ground:
        """What a paragraph stands on inside of a page, a cell or a box."""
        for holder in (paragraph, *self.of_paragraph(paragraph)):
            if (found := shade(holder.find(f"{W}pPr"))) is not None:
                return found
        return around

    def look(self, run: Any, paragraph: Any, ground: Ground) -> Look:
        """How a run looks: by its own word, else by its style and that of its paragraph."""
        own = run.find(f"{W}rPr")
        character = self._properties(value(run, "rPr/rStyle"))
        whole = self._properties(value(paragraph, "pPr/pStyle") or self._default_paragraph)

        def toggled(name: str) -> bool:
            said = is_on(own, name)
            if said is not None:
                return said
            return bool(is_on(character, name)) != bool(is_on(whole, name)) or bool(is_on(self._defaults, name))

        def stated(name: str) -> str:
            return next((v for p in (own, character, whole, self._defaults) if (v := value(p, name))), "")

        raised = stated("vertAlign") == "superscript" or _is_up(stated("position"))
        fonts = next((f for p in (own, character) if p is not None and (f := p.find(f"{W}rFonts")) is not None), None)
        font = "" if fonts is None else str(fonts.get(f"{W}ascii") or fonts.get(f"{W}hAnsi") or "")
        font = font if is_sign_font(font) else ""
        if toggled("strike") or toggled("dstrike"):
            return Look("struck", raised, font)
        if toggled("vanish"):
            return Look("hidden", raised, font)
        unseen = _is_tiny(stated("sz")) or self._is_pale(stated("color"), own, character, ground)
        return Look("unseen" if unseen else None, raised, font)

    def _is_pale(self, color: str, own: Any, character: Any, ground: Ground) -> bool:
        text = color_of(color) if color not in ("", "auto") else None
        if text is None:
            return False
        for properties in (own, character):
            highlight = value(properties, "highlight")
            if highlight and highlight != "none":
                marked = color_of(highlight)
                return marked is not None and alike(text, marked)
            if (shaded := shade(properties)) is not None:
                ground = shaded
                break
        return ground.color is not None and alike(text, ground.color)

    def _properties(self, id_: str) -> Any:
        """The run properties of a style with those that it is based on, as one element."""
        key = (id_,)
        if key not in self._looks:
            merged: dict[str, Any] = {}
            for style in reversed(self.chain(id_)):
                properties = style.find(f"{W}rPr")
                for child in () if properties is None else properties:
                    merged[child.tag] = child
            self._looks[key] = merged
        return _Merged(self._looks[key])


class _Merged:
    """Properties of several styles, asked as if they were one element."""

    def __init__(self, children: dict[str, Any]) -> None:
        self._children = children

    def find(self, tag: str) -> Any:
        return self._children.get(tag)


def _words(run: Any) -> str:
    return "".join("\t" if child.tag == f"{W}tab" else child.text or "" for child in run if child.tag != f"{W}rPr")


def _is_typed(own: Any, whole: Any) -> bool:
    fonts = next((f for p in (own, whole) if p is not None and (f := p.find(f"{W}rFonts")) is not None), None)
    return fonts is not None and bool(_TYPEWRITER.search(str(fonts.get(f"{W}ascii") or fonts.get(f"{W}hAnsi") or "")))


def shade(properties: Any) -> Ground | None:
    """The ground that shading gives; None where there is none."""
    found = None if properties is None else properties.find(f"{W}shd")
    if found is None:
        return None
    fill, pattern = str(found.get(f"{W}fill", "auto")), str(found.get(f"{W}val", "clear"))
    if pattern not in ("clear", "nil"):
        return Ground(color_of(str(found.get(f"{W}color", ""))) if pattern == "solid" else None)
    return None if fill in ("auto", "") or pattern == "nil" else Ground(color_of(fill))


def _is_up(position: str) -> bool:
    """Whether letters are moved up by a part of a line: half points, or "3pt" in strict files."""
    plain = position.removesuffix("pt")
    return plain.isdecimal() and plain.isascii() and _RAISED <= int(plain) * (2 if plain != position else 1) <= _HIGHEST


def _is_tiny(size: str) -> bool:
    """Up to one point: nobody reads it. Strict files write "1pt", others count half points."""
    if size.endswith("pt"):
        size, factor = size[:-2], 2.0
    else:
        factor = 1.0
    plain = size.replace(".", "", 1)
    return plain.isdecimal() and plain.isascii() and float(size) * factor <= _TINY
