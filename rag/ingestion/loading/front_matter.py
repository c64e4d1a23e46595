"""What stands before a Markdown text and is no part of it: YAML between "---", TOML between "+++"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from rag.ingestion.loading.dates import iso_date

_OPENINGS: Final = {"---": ("---", "..."), "+++": ("+++",)}
_ENTRY: Final = re.compile(r"[\"']?([\w.-]{1,60})[\"']?\s{0,9}[:=](?:\s+|$)(.*)")
# What goes on an entry: deeper lines, items, the ends of lists and tables, comments.
_GOES_ON: Final = re.compile(r"\s|[-#\[\]{}\"']|$")
_DATES: Final = (
    "date",
    "published",
    "publish_date",
    "pubdate",
    "created",
    "updated",
    "last_updated",
    "lastmod",
    "modified",
)
# Behind it the value stands on deeper lines.
_FOLDED: Final = re.compile(r"[|>][+-]?\d?")
_LINES: Final = 500


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """Its title and day, where it gives them, and how many lines and characters it takes."""

    title: str = ""
    date: str = ""
    lines: int = 0
    length: int = 0


def front_matter(text: str) -> FrontMatter:
    """What a text begins with; nothing where its first line is only a rule.

    >>> front_matter("---\\ntitle: Leave\\ndate: 2026-03-05\\n---\\nText.").date
    '2026-03-05'
    """
    lines = text.split("\n", _LINES)
    closing = _OPENINGS.get(lines[0].rstrip())
    end = next((n for n, line in enumerate(lines[1:_LINES], 1) if closing and line.rstrip() in closing), 0)
    if not end:
        return FrontMatter()
    found: dict[str, str] = {}
    for number, line in enumerate(lines[1:end], 2):
        entry = _ENTRY.match(line)
        if entry and _FOLDED.fullmatch(entry[2].strip()):
            deeper = takewhile(lambda below: below[:1].isspace() or not below, lines[number:end])
            found.setdefault(entry[1].lower(), " ".join(" ".join(deeper).split()))
        elif entry:
            found.setdefault(entry[1].lower(), _bare(entry[2]))
        elif not _GOES_ON.match(line):
            return FrontMatter()
    if not found:
        return FrontMatter()
    date = next((day for name in _DATES if (day := iso_date(found.get(name, "")))), "")
    return FrontMatter(found.get("title", ""), date, end + 1, sum(len(line) + 1 for line in lines[: end + 1]))


def _bare(value: str) -> str:
    value = value.strip()
    if value[:1] in ("'", '"') and value.rfind(value[0]) > 0:
        quote = value[0]
        inner = value[1 : value.rfind(quote)]
        return inner.replace("''", "'") if quote == "'" else inner.replace('\\"', '"')
    value = value.partition(" #")[0].strip()
    return "" if value in ("null", "~") else value
