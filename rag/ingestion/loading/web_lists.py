"""The numbers and marks that a browser shows before list items."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from bs4.element import Tag

from rag.ingestion.loading.number_formats import chinese, columns, roman
from rag.ingestion.loading.text_flow import BULLET
from rag.ingestion.loading.web_styles import Styles

_TYPES: Final = {
    "1": "decimal", "a": "lower-alpha", "A": "upper-alpha", "i": "lower-roman", "I": "upper-roman",
}  # fmt: skip
_GREEK: Final = "αβγδεζηθικλμνξοπρστυφχψω"
_FORMATS: Final[dict[str, Callable[[int], str]]] = {
    "decimal": str,
    "decimal-leading-zero": lambda number: f"{number:02}",
    "lower-alpha": columns,
    "lower-latin": columns,
    "upper-alpha": lambda number: columns(number).upper(),
    "upper-latin": lambda number: columns(number).upper(),
    "lower-roman": roman,
    "upper-roman": lambda number: roman(number).upper(),
    "lower-greek": lambda number: _GREEK[(number - 1) % len(_GREEK)],
    "cjk-ideographic": chinese,
    "cjk-decimal": chinese,
    "simp-chinese-informal": chinese,
    "trad-chinese-informal": chinese,
}
_LISTS: Final = {"ol", "ul", "menu", "dir"}
_DEEPEST: Final = 3
_AROUND: Final = {"div", "span", "font"}
_DOTS: Final = {"disc", "circle", "square"}


def marks(node: Tag, styles: Styles) -> dict[int, str]:
    """What stands before each item among a tag's children, by the id (`id`) of the item."""
    items = list(_items(node))
    if not items:
        return {}
    if node.name != "ol":
        # What stands in a tag of its own between list and items was numbered with the list.
        listed = node.name in _LISTS or node.find_parent(list(_LISTS)) is None
        return {id(item): BULLET for item in items if listed}
    step = -1 if node.has_attr("reversed") else 1
    number = _whole(node.get("start"), len(items) if step < 0 else 1)
    outer = _stated(node, styles) or "decimal"
    found = {}
    for item in items:
        number = _whole(item.get("value"), number)
        found[id(item)] = _mark(_stated(item, styles) or outer, number)
        number += step
    return found


def _items(node: Tag, depth: int = 0) -> Iterator[Tag]:
    """The items of a tag; of a list also those that stand in tags of no meaning, as browsers count them."""
    listed = depth or node.name in _LISTS
    for child in node.children:
        if isinstance(child, Tag) and child.name == "li":
            yield child
        elif isinstance(child, Tag) and child.name in _AROUND and listed and depth < _DEEPEST:
            yield from _items(child, depth + 1)


def _stated(tag: Tag, styles: Styles) -> str:
    """The kind of numbers that the page asks for, by attribute or style."""
    declared = styles.declared(tag)
    words = f"{declared.get('list-style', '')} {declared.get('list-style-type', '')}".split()
    for word in reversed(words):
        if word in _FORMATS or word in _DOTS or word == "none":
            return word
    return _TYPES.get(str(tag.get("type", "")).strip(), "")


def _mark(kind: str, number: int) -> str:
    if kind in _DOTS:
        return BULLET
    if kind == "none":
        return ""
    if number < 1 and kind not in ("decimal", "decimal-leading-zero"):
        kind = "decimal"
    return f"{_FORMATS[kind](number)}{'、' if _FORMATS[kind] is chinese else '.'} "


def _whole(value: object, otherwise: int) -> int:
    text = str(value if value is not None else "").strip()
    digits = text[1:] if text[:1] in "+-" else text
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else otherwise
