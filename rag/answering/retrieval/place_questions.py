"""Questions for a place: "What stands on page 12?", "What does chapter 5 say?", "§ 7", 第三章."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from rag.answering.retrieval.question_kinds import named_things
from rag.core.text import language_of, number_value, terms
from rag.core.types import Heading, Page

_NUMBER: Final = r"(?P<{}>\d{{1,4}}(?:\.\d{{1,3}}){{0,4}}[a-z]?|[ivxlc]{{1,6}})\b"
_PAGE: Final = re.compile(
    rf"\b(?:page|p\.|pg\.?|seite|s\.) ?{_NUMBER.format('page')}|第 ?(?P<page_zh>\d+|[一二三四五六七八九十百]+) ?页",
    re.IGNORECASE,
)
# What a section's number may be followed by: its paragraph.
_PARAGRAPH: Final = (
    r"(?:,? ?(?:\((?P<part>\d{1,2})\)"
    r"|(?:abs\.?|absatz|para\.?|paragraph|subsection) ?\(?(?P<said>\d{1,2})\)?))?"
)
_SECTION: Final = re.compile(
    rf"(?:\b(?:chapter|section|article|art\.|clause|part|annex|appendix|paragraph|sec\.|kapitel|abschnitt|artikel|anhang"
    rf"|absatz|ziffer)|§{{1,2}}) ?{_NUMBER.format('section')}{_PARAGRAPH}"
    r"|第 ?(?P<section_zh>\d+|[一二三四五六七八九十百]+) ?[章节条款部]",
    re.IGNORECASE,
)
_TITLED: Final = re.compile(
    r"\b(?:chapter|section|article|clause|part|annex|appendix|heading|kapitel|abschnitt|artikel|anhang|überschrift) "
    # Of what something is a part is no heading.
    r"(?!(?:of|der|des|von) )(?:(?:on|about|called|named|titled|headed|über|zu|zum|zur) )?(?P<title>[^?.!]{2,60}?)"
    r"(?: (?:say|says|tell|tells|contain|contains|cover|covers|state|states|about|sagt|steht)\b.{0,20})?[?.!]*+$"
    r"|“?(?P<title_zh>[^\W\d_]{2,12})”?(?:这|那)?一?[章节](?:说|写|讲|的内容)",
    re.IGNORECASE,
)
_LEADING: Final = re.compile(
    r"\W*+(?:(?:chapter|section|article|art\.|clause|part|annex|appendix|paragraph|kapitel|abschnitt|artikel|anhang|第)"
    r"\s*+)?"
    r"(?P<number>\d+(?:\.\d+)*[a-z]?|[ivxlc]+|[一二三四五六七八九十百]+)(?:[章节条款部]|(?!\w))",
    re.IGNORECASE,
)
# A line that begins a paragraph by its sign or word and its number, where a document has no headings for them.
_WRITTEN: Final = re.compile(
    r"^[ \t>*_#]*+(?P<title>"
    r"(?:§{1,2}|(?:chapter|section|article|art\.|clause|kapitel|abschnitt|artikel|ziffer)\b) ?\d{1,4}\b[^\n.;]{0,80})$"
    r"|^[ \t]*+(?P<title_zh>第 ?(?:\d+|[一二三四五六七八九十百]+) ?[章节条款部](?![^\n]*[，。；]))",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class AskedPlace:
    """A page or a section by its number, or by words of its title; `names` are the other words of the question: which
    document is meant; `paragraph` is the number of the one that is asked for in a section."""

    sort: Literal["page", "section", "title"]
    number: str
    names: tuple[str, ...] = ()
    paragraph: str = ""


def asked_place(question: str) -> AskedPlace | None:
    """The place that a question asks for, where it asks for nothing else.

    >>> asked_place("What does chapter 5 of the handbook say?")
    AskedPlace(sort='section', number='5', names=('handbook',), paragraph='')
    >>> asked_place("How many pages are there?") is None
    True
    """
    for sort, pattern in (("page", _PAGE), ("section", _SECTION)):
        match = pattern.search(question)
        if match:
            groups = match.groupdict()
            number = groups.get(sort) or _figure(groups[f"{sort}_zh"])
            rest = question[: match.start()] + " " + question[match.end() :]
            names = tuple(named_things(rest))
            paragraph = groups.get("part") or groups.get("said") or ""
            return AskedPlace("page" if sort == "page" else "section", number.lower(), names, paragraph)
    titled = _TITLED.search(question)
    return AskedPlace("title", (titled["title"] or titled["title_zh"]).strip(" \"'“”")) if titled else None


def is_section(heading: Heading, number: str) -> bool:
    """Whether a heading bears a number: "5 Backup", "Chapter 5", "§ 5 Notice"."""
    match = _LEADING.match(heading.title)
    return match is not None and _figure(match.group("number")).lower().rstrip(".") == number


def headings_of(page: Page) -> list[Heading]:
    """The headings of a page, and the lines that stand as such: "§ 2 Payment".

    >>> [heading.title for heading in headings_of(Page(1, "1", "Terms\\n§ 2 Payment\\nSee § 3 for the rest."))]
    ['§ 2 Payment']
    """
    level = max((heading.level for heading in page.headings), default=0) + 1
    written = [
        Heading(match.start(), (match["title"] or match["title_zh"]).strip(), level)
        for match in _WRITTEN.finditer(page.text)
        if not any(match.start() <= heading.start < match.end() for heading in page.headings)
    ]
    return sorted([*page.headings, *written], key=lambda heading: heading.start)


def is_titled(heading: Heading, words: str) -> bool:
    """Whether a heading holds words: "Parking" and "2.3 Parking of bicycles" do "parking"."""
    language = language_of(words)
    asked = set(terms(words, language))
    return bool(asked) and asked <= set(terms(heading.title, language))


def _figure(written: str) -> str:
    return written if written.isascii() else f"{number_value(written):.0f}"
