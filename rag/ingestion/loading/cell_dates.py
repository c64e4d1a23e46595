"""Days and times in sheets: numbers that count days since 1900 or 1904."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rag.ingestion.loading.cell_formats import Token

_EPOCH: Final = datetime(1899, 12, 30)
_EPOCH_1904: Final = datetime(1904, 1, 1)
# Day 60 is the 29th of February 1900, which never was: the days before it are counted from another.
_LEAP: Final = 60
_LAST: Final = 2_958_465
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def day_of(value: float, *, since_1904: bool = False) -> datetime | None:
    """The moment of a number, to the millisecond; None where it is none."""
    if not 0 <= value <= _LAST:
        return None
    epoch = _EPOCH_1904 if since_1904 else _EPOCH
    if not since_1904 and value < _LEAP:
        epoch += timedelta(days=1)
    return epoch + timedelta(milliseconds=round(value * 86_400_000))


def shown_date(value: float, tokens: Sequence[Token], *, since_1904: bool) -> str:
    """A day or time as these tokens of a format have it; empty where the number is none."""
    elapsed = any(token.sort == "elapsed" for token in tokens)
    moment = day_of(abs(value) if elapsed else value, since_1904=since_1904)
    if moment is None:
        return ""
    fraction = next((True for a, b in pairwise(tokens) if a.text == "." and b.text == "0"), False)
    seconds = abs(value) * 86_400
    if not fraction:
        # What is shown to the second is rounded to it.
        moment, seconds = moment + timedelta(milliseconds=500), float(round(seconds))
        moment = moment.replace(microsecond=0)
    noon = any(token.sort == "noon" for token in tokens)
    written = "-" if elapsed and value < 0 else ""
    for number, token in enumerate(tokens):
        if token.sort == "date":
            written += _part(moment, token.text.lower(), noon, _is_minute(tokens, number))
        elif token.sort == "elapsed":
            per = {"h": 3600, "m": 60, "s": 1}[token.text[0]]
            written += str(int(seconds // per)).rjust(len(token.text), "0")
        elif token.sort == "noon":
            half = moment.hour >= 12
            written += ("下午" if half else "上午") if "午" in token.text else ("PM" if half else "AM")
        elif token.sort == "digit":
            written += str(moment.microsecond // 1000).rjust(3, "0")[_position(tokens, number)]
        elif token.text != "@":
            written += token.text
    return written.strip()


def _position(tokens: Sequence[Token], number: int) -> int:
    """Which digit of the thousandths a token stands for."""
    before = 0
    while number - before - 1 >= 0 and tokens[number - before - 1].sort == "digit":
        before += 1
    return min(before, 2)


def _is_minute(tokens: Sequence[Token], number: int) -> bool:
    """Whether an m stands for minutes: after an hour, or before a second."""
    if tokens[number].text.lower() not in ("m", "mm"):
        return False
    timed = [token.text[0].lower() for token in tokens[:number] if token.sort in ("date", "elapsed")]
    following = [token.text[0].lower() for token in tokens[number + 1 :] if token.sort in ("date", "elapsed")]
    return timed[-1:] == ["h"] or following[:1] == ["s"]


def _part(moment: datetime, code: str, noon: bool, minute: bool) -> str:
    if minute:
        return f"{moment.minute:02}" if len(code) == 2 else str(moment.minute)
    hour = (moment.hour % 12 or 12) if noon else moment.hour
    plain = {"y": moment.year % 100, "m": moment.month, "d": moment.day, "h": hour, "s": moment.second}
    if code[0] in "eb" or (code[0] == "y" and len(code) > 2):
        return f"{moment.year:04}"
    if code[0] == "m" and len(code) > 2:
        name = _MONTHS[moment.month - 1]
        return name[:3] if len(code) == 3 else name[:1] if len(code) == 5 else name
    if code[0] == "d" and len(code) > 2:
        return _DAYS[moment.weekday()][: 3 if len(code) == 3 else None]
    return f"{plain[code[0]]:02}" if len(code) > 1 or code[0] == "y" else str(plain[code[0]])
