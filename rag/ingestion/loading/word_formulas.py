"""Formulas of Word (Office Math) on one line."""

from __future__ import annotations

from typing import Any

from rag.ingestion.loading import linear_formulas as linear
from rag.ingestion.loading.office_package import M, W

_DEPTH = 60
_GONE = {f"{W}del", f"{W}moveFrom", f"{W}rPr", f"{M}ctrlPr", f"{M}rPr"}


def formula(element: Any) -> str:
    """An `oMath` element as text: "B=0.08", "x^2", "a/b", "sqrt(x)"."""
    return linear.tidy(_children(element, 0))


def _children(element: Any, depth: int) -> str:
    if element is None or depth > _DEPTH:
        return ""
    return "".join(_write(child, depth + 1) for child in element)


def _write(element: Any, depth: int) -> str:
    tag = element.tag
    if tag in _GONE or not isinstance(tag, str):
        return ""
    if tag in (f"{M}t", f"{W}t"):
        return element.text or ""
    if not tag.startswith(M):
        return _children(element, depth)
    if tag.endswith("Pr"):
        return ""
    name = tag[len(M) :]
    if name in _SIMPLE:
        return _SIMPLE[name](element, depth)
    return _children(element, depth)


def _part(element: Any, name: str, depth: int) -> str:
    return linear.tidy(_children(element.find(f"{M}{name}"), depth))


def _property(element: Any, name: str, otherwise: str) -> str:
    found = element.find(f"{M}{element.tag[len(M) :]}Pr/{M}{name}")
    return otherwise if found is None else str(found.get(f"{M}val", ""))


def _fraction(element: Any, depth: int) -> str:
    bar = _property(element, "type", "bar") != "noBar"
    return linear.fraction(_part(element, "num", depth), _part(element, "den", depth), bar=bar)


def _power(element: Any, depth: int) -> str:
    return linear.power(_part(element, "e", depth), _part(element, "sup", depth))


def _index(element: Any, depth: int) -> str:
    return linear.index(_part(element, "e", depth), _part(element, "sub", depth))


def _both(element: Any, depth: int) -> str:
    base = linear.index(_part(element, "e", depth), _part(element, "sub", depth))
    return linear.power(base, _part(element, "sup", depth))


def _root(element: Any, depth: int) -> str:
    return linear.root(_part(element, "e", depth), _part(element, "deg", depth))


def _sum(element: Any, depth: int) -> str:
    sign = _property(element, "chr", "∫")
    bounds = _part(element, "sub", depth), _part(element, "sup", depth)
    return linear.summed(sign, *bounds, _part(element, "e", depth))


def _brackets(element: Any, depth: int) -> str:
    inner = [linear.tidy(_children(part, depth)) for part in element.findall(f"{M}e")]
    opening, closing = _property(element, "begChr", "("), _property(element, "endChr", ")")
    return f"{opening}{_property(element, 'sepChr', '|').join(inner)}{closing}"


def _function(element: Any, depth: int) -> str:
    return linear.applied(_part(element, "fName", depth), _part(element, "e", depth))


def _limit(element: Any, depth: int) -> str:
    return linear.under(_part(element, "e", depth), _part(element, "lim", depth))


def _matrix(element: Any, depth: int) -> str:
    rows = element.findall(f"{M}mr")
    return linear.matrix([[linear.tidy(_children(cell, depth)) for cell in row.findall(f"{M}e")] for row in rows])


def _lines(element: Any, depth: int) -> str:
    return "; ".join(linear.tidy(_children(line, depth)).replace("&", "") for line in element.findall(f"{M}e"))


def _accent(element: Any, depth: int) -> str:
    return _part(element, "e", depth) + _property(element, "chr", "\u0302")


def _nothing(_element: Any, _depth: int) -> str:
    return ""


_SIMPLE = {
    "f": _fraction, "sSup": _power, "sSub": _index, "sSubSup": _both, "rad": _root, "nary": _sum, "d": _brackets,
    "func": _function, "limLow": _limit, "limUpp": _limit, "m": _matrix, "eqArr": _lines, "acc": _accent,
    "phant": _nothing,
}  # fmt: skip
