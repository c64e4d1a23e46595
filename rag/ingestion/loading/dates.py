"""The date that a document says it has, as files write it in their different ways."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

# `2024-05-01T10:00`, `2024/5/1`, and `D:20240501100000Z` of PDFs.
_WRITTEN: Final = re.compile(r"\s{0,9}(?:(?:D:)?(\d{4})(\d\d)(\d\d)|(\d{4})[-/.](\d\d?)[-/.](\d\d?)(?!\d))")
# What programs write that are told to say no time: midnight of the day that their clock begins with.
_NO_TIME: Final = re.compile(r"D:(?:19700101|19800101|20000101)0{6}")
# Before it, no program wrote documents down.
_FIRST_YEAR: Final = 1900


def iso_date(stated: object) -> str:
    """`YYYY-MM-DD` of a date, or of a text that begins with one; empty where it says no day there can be."""
    if isinstance(stated, date):
        return _possible(stated.year, stated.month, stated.day)
    if _NO_TIME.match(str(stated)):
        return ""
    found = _WRITTEN.match(str(stated or ""))
    return _possible(*(int(part) for part in found.groups() if part)) if found else ""


def _possible(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat() if year >= _FIRST_YEAR else ""
    except ValueError:
        return ""
