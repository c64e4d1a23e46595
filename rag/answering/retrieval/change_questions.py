"""Questions for what changed: in a release of a changelog, by its number or its age, or in a version of a document."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from rag.answering.retrieval.question_kinds import asked_age, named_things
from rag.core.text import MONTH
from rag.core.types import Heading

_Place = TypeVar("_Place")
_CHANGED: Final = re.compile(
    r"\b(?:new|news|chang(?:e|es|ed)|added|removed|fixed|different|neu|neue[ns]?|neuerungen|änderung(?:en)?|geändert"
    r"|hinzugefügt|entfernt|behoben)\b|更新|变化|改动|新增|变更|修改|修复",
    re.IGNORECASE,
)
_VERSION: Final = re.compile(r"\b(?:versions?|releases?|updates?|fassung|ausgabe|edition)\b|版本|新版", re.IGNORECASE)
_NUMBER: Final = r"(?P<number>\d{1,4}(?:\.\d{1,4}){1,3})"
_ASKED: Final = re.compile(rf"(?<![\w.])v?{_NUMBER}(?!\d|\.\d)", re.IGNORECASE)
# "3.2.0 (14 May 2024)", "Version 3.2"; "3.2 Parking" is a chapter.
_HEADED: Final = re.compile(
    rf"\W*+(?:[^\W\d_]{{1,20}}+\.? ?)?{_NUMBER}(?:(?:{MONTH})(?![^\W\d_])|版|年|月|日|[\W\d_])*+$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class AskedChange:
    """The number of a version, or its age; `names` are the other words of the question: what has the version."""

    version: str
    age: Literal["newest", "oldest"] | None = None
    names: tuple[str, ...] = ()


def asked_change(question: str) -> AskedChange | None:
    """The version of which a question asks what changed in it.

    >>> asked_change("What changed in the latest version of PlanCut?")
    AskedChange(version='', age='newest', names=('plancut',))
    >>> asked_change("What was fixed in 3.1.1?").version, asked_change("What is new in the kitchen?")
    ('3.1.1', None)
    """
    numbered, age = _ASKED.search(question), asked_age(question)
    if not _CHANGED.search(question) or not (numbered or (age and _VERSION.search(question))):
        return None
    rest = question
    for pattern in (_ASKED, _CHANGED, _VERSION):
        rest = pattern.sub(" ", rest)
    names = tuple(named_things(rest))
    return AskedChange(numbered["number"], None, names) if numbered else AskedChange("", age, names)


def released(asked: AskedChange, headings: Iterable[tuple[Heading, _Place]]) -> list[tuple[Heading, _Place]]:
    """The headings of the version that is asked for, among those of a document."""
    found = [
        (tuple(map(int, match["number"].split("."))), heading, place)
        for heading, place in headings
        if (match := _HEADED.match(heading.title))
    ]
    if not found:
        return []
    if asked.age:
        wanted = (max if asked.age == "newest" else min)(number for number, *_ in found)
        return [(heading, place) for number, heading, place in found if number == wanted]
    wanted = tuple(map(int, asked.version.split(".")))
    return [(heading, place) for number, heading, place in found if number[: len(wanted)] == wanted]
