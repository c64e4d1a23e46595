"""What a cell of a sheet shows of its number: the codes of number formats, as Excel, LibreOffice and others write them.

Where a code leaves the form to the reader's computer, as for its short date, ISO 8601 is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import Final, Literal

from rag.ingestion.loading.cell_dates import shown_date

# The numbers of formats that a file need not describe.
BUILT_IN: Final = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
    14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm",
    21: "h:mm:ss", 22: "yyyy-mm-dd hh:mm", 37: "#,##0 ;(#,##0)", 38: "#,##0 ;(#,##0)", 39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;(#,##0.00)", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
}  # fmt: skip

# Of a token: quoted words, one escaped or filling character, what stands in brackets, a part of a date, a digit.
_TOKEN: Final = re.compile(
    r'"([^"]*+)"?|\\(.)|([_*].?)|\[([^\]]*+)\]?|(General)|(AM/PM|A/P|上午/下午)|(E[+-])'
    r"|(y++|m++|d++|h++|s++|e++|b++)|([0#?])|(.)",
    re.IGNORECASE | re.DOTALL,
)
_ELAPSED: Final = re.compile(r"(?:h{1,3}|m{1,3}|s{1,3})", re.IGNORECASE)
_CONDITION: Final = re.compile(r"(<=|>=|<>|<|>|=)(-?\d{1,15}(?:\.\d{1,15})?)")
_LONGEST_CODE: Final = 300
# Digits that a cell without a format shows of a fraction.
_DIGITS: Final = 10
_MOST_DECIMALS: Final = 30
_CONTEXT: Final = Context(prec=400)

Sort = Literal["words", "date", "elapsed", "noon", "general", "exponent", "digit", "sign"]


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a format's code: words stand as they are, the others for a part of the value."""

    sort: Sort
    text: str


@dataclass(frozen=True, slots=True)
class _Section:
    tokens: tuple[Token, ...]
    condition: tuple[str, float] | None

    @property
    def dated(self) -> bool:
        return any(token.sort in ("date", "elapsed") for token in self.tokens)


def shown_number(value: float, code: str, *, since_1904: bool = False) -> str:
    """What a cell with such a format shows of a number.

    >>> shown_number(-1234.5, '#,##0.00 [$€-407];[Red]-#,##0.00 [$€-407]'), shown_number(0.075, "0.0%")
    ('-1,234.50 €', '7.5%')
    """
    sections = _sections(code[:_LONGEST_CODE])
    section, bare = _chosen(sections, value)
    if section is None or not section.tokens:
        return general(value) if section is None else ""
    if section.dated:
        return shown_date(value, section.tokens, since_1904=since_1904) or general(value)
    if all(token.sort == "words" for token in section.tokens) and "@" not in code:
        return "".join(token.text for token in section.tokens).strip()
    return _number(abs(value) if bare else value, section.tokens)


def general(value: float) -> str:
    """A number without a format."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.{_DIGITS}g}".replace("e", "E")


@lru_cache(maxsize=512)
def _sections(code: str) -> tuple[_Section, ...]:
    if code.strip().lower() in ("", "general", "@", "standard"):
        return ()
    sections: list[_Section] = []
    tokens: list[Token] = []
    condition = None
    for found in _TOKEN.finditer(code):
        if found[10] == ";":
            sections.append(_Section(tuple(tokens), condition))
            tokens, condition = [], None
        elif found[4] is not None and (test := _CONDITION.fullmatch(found[4])):
            condition = test[1], float(test[2])
        else:
            tokens += _token(found)
    return (*sections, _Section(tuple(tokens), condition))


def _token(found: re.Match[str]) -> Iterator[Token]:
    words, escaped, fill, bracket, named, noon, exponent, date, digit, sign = found.groups()
    if words is not None or escaped is not None:
        yield Token("words", words if words is not None else escaped)
    elif bracket is not None:
        if _ELAPSED.fullmatch(bracket):
            yield Token("elapsed", bracket.lower())
        elif bracket.startswith("$"):
            yield Token("words", bracket[1:].partition("-")[0])
    elif fill is None:
        sorts: tuple[tuple[str | None, Sort], ...] = (
            (named, "general"), (noon, "noon"), (date, "date"), (exponent, "exponent"), (digit, "digit"),
        )  # fmt: skip
        for text, sort in sorts:
            if text is not None:
                yield Token(sort, text)
                return
        yield Token("sign" if sign in ".,%/@" else "words", sign)


def _chosen(sections: Sequence[_Section], value: float) -> tuple[_Section | None, bool]:
    """The section for a value, and whether the value's sign is written by the section itself."""
    if not sections:
        return None, False
    conditions = [section.condition for section in sections]
    if any(conditions):
        for number, section in enumerate(sections):
            if section.condition is None or _holds(value, *section.condition):
                return section, number > 0 and value < 0
        return None, False
    if value < 0 and len(sections) > 1:
        return sections[1], True
    return sections[2 if value == 0 and len(sections) > 2 else 0], False


def _holds(value: float, sign: str, bound: float) -> bool:
    equal = value == bound
    holds = {"<": value < bound, ">": value > bound, "=": equal, "<>": not equal}
    return holds[sign] if sign in holds else equal or holds[sign[0]]


def _number(value: float, tokens: Sequence[Token]) -> str:
    signs = [token.text if token.sort == "sign" else "" for token in tokens]
    value *= 100.0 ** signs.count("%")
    if any(token.sort == "general" for token in tokens) or "@" in signs:
        plain = general(value)
        return "".join(plain if t.sort == "general" or t.text == "@" else t.text for t in tokens).strip()
    places = [number for number, token in enumerate(tokens) if token.sort == "digit"]
    if not places:
        return "".join(token.text for token in tokens).strip()
    first, last = places[0], places[-1]
    before = "".join(token.text for token in tokens[:first] if token.text != ",")
    after = "".join(token.text for token in tokens[last + 1 :] if token.text not in (",", "."))
    scale = 0
    while last + 1 + scale < len(tokens) and signs[last + 1 + scale] == ",":
        scale += 1
    inner = tokens[first : last + 1]
    written, nothing = _digits(abs(value) / 1000.0**scale, inner)
    sign = "-" if value < 0 and not nothing else ""
    return f"{sign}{before}{written}{after}".strip()


def _digits(value: float, tokens: Sequence[Token]) -> tuple[str, bool]:
    """The digits of a value that is not negative, and whether they are all zero."""
    texts = ["" if token.sort == "words" else token.text for token in tokens]
    if "/" in texts:
        return _fraction(value, texts), value == 0
    exponent = next((n for n, token in enumerate(tokens) if token.sort == "exponent"), None)
    if exponent is not None:
        decimals = sum(text in "0#?" for text in texts[texts.index(".") : exponent] if text) if "." in texts else 0
        mantissa, _, power = f"{value:.{min(decimals, _MOST_DECIMALS)}E}".partition("E")
        width = sum(text == "0" for text in texts[exponent:])
        sign = power[0] if power[0] == "-" or texts[exponent][1:] == "+" else ""
        return f"{mantissa}E{sign}{power[1:].lstrip('0').rjust(width, '0')}", value == 0
    point = texts.index(".") if "." in texts else len(texts)
    digits = [text for text in texts[point + 1 :] if text in ("0", "#", "?")]
    whole, _, part = rounded(value, len(digits)).partition(".")
    kept = max((number + 1 for number, text in enumerate(digits) if text == "0"), default=0)
    part = part[:kept] + part[kept:].rstrip("0")
    nothing = not (whole + part).strip("0")
    whole = _whole(whole, tokens[:point])
    return (f"{whole}.{part}" if part else whole), nothing


def rounded(value: float, decimals: int) -> str:
    """A value with so many decimals, rounded as sheets do: halves away from zero, of 15 digits.

    >>> rounded(2.675, 2), rounded(1.0, 0)
    ('2.68', '1')
    """
    step = Decimal(1).scaleb(-min(decimals, _MOST_DECIMALS))
    try:
        return f"{Decimal(f'{value:.15g}').quantize(step, ROUND_HALF_UP, _CONTEXT):f}"
    except InvalidOperation:
        return f"{value:.0f}"


def _whole(digits: str, tokens: Sequence[Token]) -> str:
    """The digits before the point, with what stands between them: blanks, hyphens, a comma for each thousand."""
    places = [token.text for token in tokens if token.sort == "digit"]
    least = len(places) - next((n for n, text in enumerate(places) if text == "0"), len(places))
    digits = digits.lstrip("0").rjust(least, "0")
    if any(token.text == "," and token.sort == "sign" for token in tokens):
        return f"{int(digits):,}".rjust(least, "0") if digits else ""
    written, left = "", digits
    seen = 0
    for token in reversed(tokens):
        if token.sort == "digit":
            seen += 1
            piece = left if seen == len(places) else left[-1:]
            left = left[: len(left) - len(piece)]
            written = piece + written
        elif left:
            written = token.text + written
    return written


def _fraction(value: float, texts: Sequence[str]) -> str:
    from fractions import Fraction

    slash = texts.index("/")
    under = "".join(texts[slash + 1 :]).strip()
    if under.isdigit() and under.strip("0"):
        fixed = int(under[:6])
        found = Fraction(round(value * fixed), fixed)
        upper, lower = round(value * fixed), fixed
    else:
        found = Fraction(value).limit_denominator(10 ** min(max(len(under), 1), 6) - 1)
        upper, lower = found.numerator, found.denominator
    if " " not in texts and sum(text in ("0", "#", "?") for text in texts[:slash]) < 2:
        return f"{upper}/{lower}"
    whole, rest = divmod(upper, lower)
    return " ".join(filter(None, (str(whole) if whole or not rest else "", f"{rest}/{lower}" if rest else "")))
