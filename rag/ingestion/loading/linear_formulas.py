"""Formulas on one line: fractions, powers, roots and the like as one would type them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

# What needs no brackets where it is divided or raised: a number, a name, or what stands in brackets already.
_ATOM: Final = re.compile(r"[−-]?[\w.,′'∞%°]+|[^\w\s]")
_BASE: Final = re.compile(r"[\w.,′'∞]+|[^\w\s]")
_BLANKS: Final = re.compile(r"\s+")
# Signs that say what is multiplied or applied, and are not drawn; blanks of typesetting.
_UNSEEN: Final = re.compile("[\u2061-\u2064\u200b\u00ad]")
_THIN: Final = re.compile("[\u2000-\u200a\u202f\u205f\u3000\u00a0]")
_OPEN: Final = {"(": ")", "[": "]", "{": "}", "|": "|"}
# Letters of formulas (italic, bold) stand for the letters themselves.
_STYLED: Final = re.compile("[\U0001d400-\U0001d7ff]")


def tidy(text: str) -> str:
    import unicodedata

    text = _BLANKS.sub(" ", _THIN.sub(" ", _UNSEEN.sub("", text)))
    return _STYLED.sub(lambda letter: unicodedata.normalize("NFKC", letter[0]), text).strip()


def grouped(text: str, atom: re.Pattern[str] = _ATOM) -> str:
    """The text, in brackets where it is more than one thing."""
    return text if not text or atom.fullmatch(text) or _enclosed(text) else f"({text})"


def fraction(above: str, below: str, *, bar: bool = True) -> str:
    if not bar:
        return f"({above} {below})"
    return f"{grouped(above)}/{grouped(below)}"


def power(base: str, above: str) -> str:
    if above in ("′", "'", "″", "*", "†", "°"):
        return base + above
    return f"{grouped(base, _BASE)}^{grouped(above)}"


def index(base: str, below: str) -> str:
    """A subscript stands in line, and apart where it would make another number of it."""
    if not below:
        return base
    if base[-1:].isdigit() and below[:1].isdigit():
        return f"{base}_{below}"
    return f"{base}{below}" if below.replace(",", "").replace(".", "").isalnum() else f"{base}_{grouped(below)}"


def root(inner: str, degree: str = "") -> str:
    return f"root({degree}, {inner})" if degree and degree != "2" else f"sqrt({inner})"


def summed(sign: str, below: str, above: str, inner: str = "") -> str:
    """A sum, product or integral with its bounds."""
    return tidy(f"{sign}{'_' + grouped(below) if below else ''}{'^' + grouped(above) if above else ''} {inner}")


def under(base: str, below: str) -> str:
    return f"{base}_{grouped(below)}" if below else base


def applied(function: str, inner: str) -> str:
    """A function and what it is of."""
    return f"{function}{inner}" if _enclosed(inner) else f"{function}({inner})" if inner else function


def matrix(rows: Sequence[Sequence[str]]) -> str:
    return f"[{'; '.join(', '.join(row) for row in rows)}]"


def _enclosed(text: str) -> bool:
    """Whether one pair of brackets stands around all of it."""
    closing = _OPEN.get(text[:1])
    if closing is None or not text.endswith(closing) or len(text) < 2:
        return False
    depth = 0
    for place, sign in enumerate(text):
        depth += sign in "([{"
        depth -= sign in ")]}"
        if depth == 0 and sign in ")]}":
            return place == len(text) - 1
    return text[0] == "|" and text.count("|") == 2
