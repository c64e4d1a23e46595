"""Formulas of web pages (MathML) on one line."""

from __future__ import annotations

import re

from bs4.element import NavigableString, Tag

from rag.ingestion.loading import linear_formulas as linear

_DEPTH = 60
_DRAWN = re.compile(r"\bMathJax(?!_Preview)")
_BIG = frozenset("∑∏∫∬∭∮⋃⋂∐⨁⨂")
_NOTHING = {"annotation", "annotation-xml", "mphantom", "none", "mprescripts", "script"}


def formula(tag: Tag) -> str:
    """A `math` element as text: "B=0.08", "x^2", "a/b", "sqrt(x)"."""
    text = linear.tidy(_children(tag, 0))
    if not text and (note := tag.find("annotation")) is not None:
        return linear.tidy(note.get_text())
    return text


def source_of(script: Tag) -> str:
    """The TeX of a formula that a script would draw; nothing where it stands drawn before it."""
    if not str(script.get("type", "")).lower().startswith("math/tex"):
        return ""
    before = script.find_previous_sibling()
    drawn = before is not None and _DRAWN.search(_names(before)) and before.get_text(strip=True)
    return "" if drawn else f" {linear.tidy(script.get_text())} "


def is_preview(tag: Tag) -> bool:
    """Whether it stands in the place of a formula until it is drawn, or is a drawing beside the same in words."""
    if "MathJax_Preview" in _names(tag):
        return tag.find_next_sibling() is not None
    return tag.name == "nobr" and tag.parent is not None and tag.parent.find("math") is not None


def _names(tag: Tag) -> str:
    return " ".join(map(str, tag.get_attribute_list("class")))


def _write(tag: Tag, depth: int) -> str:
    name = tag.name.rpartition(":")[2]
    if name in _NOTHING or depth > _DEPTH:
        return ""
    if name == "semantics":
        return _own(tag, depth)[0] if _own(tag, depth) else ""
    if name == "mtext":
        return tag.get_text()
    if name in ("mi", "mn", "mo", "ms"):
        return linear.tidy(tag.get_text())
    if name == "mspace":
        return " " if str(tag.get("linebreak", "")) == "newline" else ""
    if name == "mfenced":
        inside = str(tag.get("separators", ",") or "").strip()[:1].join(_own(tag, depth))
        return f"{tag.get('open', '(')}{inside}{tag.get('close', ')')}"
    if name == "mtable":
        rows = [[_children(cell, depth + 1) for cell in row.find_all("mtd")] for row in tag.find_all("mtr")]
        return _rows(rows)
    if name == "msqrt":
        return linear.root(_children(tag, depth))
    return _with_parts(name, tag, depth)


def _with_parts(name: str, tag: Tag, depth: int) -> str:
    parts = _own(tag, depth)
    if len(parts) == 2:
        first, second = parts
        if name == "mfrac":
            return linear.fraction(first, second, bar=str(tag.get("linethickness", "")).strip("px ") != "0")
        if name == "mroot":
            return linear.root(first, second)
        if name == "msup":
            return f"{linear.summed(first, '', second)} " if first in _BIG else linear.power(first, second)
        if name == "msub":
            return f"{linear.summed(first, second, '')} " if first in _BIG else linear.index(first, second)
        if name == "munder":
            return linear.under(first, second)
        if name == "mover":
            return first + second if len(second) == 1 else f"{first}^{linear.grouped(second)}"
    if len(parts) == 3 and name in ("msubsup", "munderover"):
        if name == "munderover" or parts[0] in _BIG:
            return f"{linear.summed(*parts)} "
        return linear.power(linear.index(parts[0], parts[1]), parts[2])
    return _children(tag, depth)


def _rows(rows: list[list[str]]) -> str:
    """A matrix, or lines of formulas below one another, set at their signs of equality."""
    if any(cell.startswith(("=", "≤", "≥", "<", ">")) for row in rows for cell in row[1:]) or all(
        len(row) <= 1 for row in rows
    ):
        return "; ".join("".join(row) for row in rows)
    return linear.matrix(rows)


def _own(tag: Tag, depth: int) -> list[str]:
    return [_write(child, depth + 1) for child in tag.children if isinstance(child, Tag)]


def _children(tag: Tag, depth: int) -> str:
    written = []
    for child in tag.children:
        if isinstance(child, Tag):
            written.append(_write(child, depth + 1))
        elif isinstance(child, NavigableString) and child.strip():
            written.append(linear.tidy(child))
    return "".join(written)
