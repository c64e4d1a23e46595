"""What a mail repeats of the mails before it: quoted lines, and all that stands below their heads.

A mail that is passed on is no such repetition: there the older mail is what is told.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from bs4 import BeautifulSoup
from bs4.element import Tag

from rag.core.types import LeftOut
from rag.ingestion.loading.text_flow import TextFlow, Written

_QUOTED: Final = re.compile(r" {0,3}(?:>|\|(?=\s))")
# "On Monday, Ada wrote:" on a line or two, in the languages of common programs.
_WROTE: Final = re.compile(
    r"\s{0,9}(?:on|am|le|el|il|den|op|在|于).{4,200}?"
    r"(?:wrote|schrieb.{0,80}|a écrit|escribió|ha scritto|skrev|schreef|写道|寫道)"
    r"\s?[:：]\s{0,9}",
    re.IGNORECASE | re.DOTALL,
)
_ORIGINAL: Final = re.compile(
    r"\s{0,9}-{3,20}\s?(?:original message|ursprüngliche nachricht|original-nachricht|message d.origine|原始邮件"
    r"|原始郵件)\s?-{3,20}",
    re.IGNORECASE,
)
_PASSED_ON: Final = re.compile(
    r"\s{0,9}(?:-{3,20}\s?(?:forwarded message|weitergeleitete nachricht|message transféré|转发的邮件|轉寄郵件)"
    r"|begin forwarded message|anfang der weitergeleiteten)",
    re.IGNORECASE,
)
_FROM: Final = re.compile(r"\s{0,9}\*{0,2}(?:from|von|de|发件人|寄件者)\*{0,2}\s?[:：]\*{0,2}\s?\S", re.IGNORECASE)
_OTHER: Final = re.compile(
    r"\s{0,9}\*{0,2}(?:sent|date|to|cc|subject|gesendet|datum|an|betreff|envoyé|objet|发送时间|日期|收件人|主题|抄送)"
    r"\*{0,2}\s?[:：]",
    re.IGNORECASE,
)
_SIGNATURE: Final = "-- "
_BLANK_LINES: Final = re.compile(r"\n{3,}")
_HEAD_LINES: Final = 6
# Where programs put the mail that is answered.
_CONTAINERS: Final = (
    ".gmail_quote, blockquote[type=cite], .moz-cite-prefix, .yahoo_quoted, .protonmail_quote, #OLK_SRC_BODY_SECTION, "
    ".zmail_extra, #isForwardContent, .OutlookMessageHeader"
)
_BORDERS: Final = "#divRplyFwdMsg, #appendonsend, #mail-editor-reference-message-container"
_LINE: Final = re.compile(r"border:\s?none;\s?border-top:\s?solid #[EeBb]\w{5}")


def unfolded(text: str) -> str:
    """A text that is marked as flowed: a line that ends in a blank goes on in the next, as far as none is quoted."""
    lines: list[list[str]] = []
    goes_on = False
    for line in text.split("\n"):
        quoted = line.startswith(">")
        said = line if quoted else line.removeprefix(" ")
        if goes_on and not quoted and said != _SIGNATURE:
            lines[-1].append(said)
        else:
            lines.append([said])
        goes_on = said.endswith(" ") and not quoted and said != _SIGNATURE
    return "\n".join(map("".join, lines))


def new_text(text: str, *, forwarded: bool = False) -> Written:
    """A plain text without what it repeats; that is left out in its place."""
    flow = TextFlow(keeps_blanks=True)
    lines = text.split("\n")
    kept: list[str] = []
    place = 0

    def leave(history: list[str]) -> None:
        flow.block(_BLANK_LINES.sub("\n\n", "\n".join(kept)).strip("\n"))
        kept.clear()
        flow.leave("history", "\n".join(line.strip() for line in history))
        flow.end("\n\n")

    while place < len(lines):
        end = place if forwarded else _history(lines, place)
        if end > place:
            leave(lines[place:end])
            place = end
        elif _PASSED_ON.match(lines[place]):
            kept += lines[place:]
            break
        else:
            kept.append(lines[place])
            place += 1
    flow.block(_BLANK_LINES.sub("\n\n", "\n".join(kept)).strip("\n"))
    return flow.finish()


def _history(lines: list[str], place: int) -> int:
    """Where what is repeated from this line on ends; the line itself where it is new."""
    line = lines[place]
    if _QUOTED.match(line):
        return _after_quotes(lines, place)
    if _ORIGINAL.match(line) or _heads(lines, place):
        return len(lines)
    for count in (1, 2):
        head = "\n".join(lines[place : place + count])
        if line.strip() and _WROTE.fullmatch(head):
            following = next((n for n in range(place + count, len(lines)) if lines[n].strip()), len(lines))
            quoted = following < len(lines) and _QUOTED.match(lines[following])
            return _after_quotes(lines, following) if quoted else len(lines)
    return place


def _after_quotes(lines: list[str], place: int) -> int:
    end = place
    while end < len(lines) and _QUOTED.match(lines[end]):
        end += 1
    return end


def _heads(lines: list[str], place: int) -> bool:
    """Whether the heads of another mail stand here: from whom, and two more."""
    if not _FROM.match(lines[place]):
        return False
    return sum(bool(_OTHER.match(line)) for line in lines[place + 1 : place + _HEAD_LINES]) >= 2


def cut_at(written: Written) -> Written:
    """A text of a mail with layout, without what stands below the heads of another mail."""
    lines = written.text.split("\n")
    start = 0
    for place, line in enumerate(lines):
        if _PASSED_ON.match(line):
            return written
        if _ORIGINAL.match(line) or _heads(lines, place) or _WROTE.fullmatch(line):
            return _first(written, start)
        start += len(line) + 1
    return written


def _first(written: Written, end: int) -> Written:
    text = written.text[:end].rstrip()
    gone = LeftOut("history", " ".join(written.text[end:].split()), len(text))
    return Written(
        text,
        [heading for heading in written.headings if heading.start < len(text)],
        [replace(one, start=min(one.start, len(text))) for one in written.left_out if one.start <= end] + [gone],
        [table for table in written.tables if table.end <= len(text)],
    )


def without_quotes(soup: BeautifulSoup) -> str:
    """Take the mail that is answered out of a page; its words. One that is passed on stays."""
    gone: list[str] = []
    for tag in soup.select(_CONTAINERS):
        if not tag.decomposed and not _PASSED_ON.search(tag.get_text("\n")[:200]):
            gone.append(tag.get_text(" ", strip=True))
            tag.decompose()
    borders = [*soup.select(_BORDERS), *soup.find_all("div", style=_LINE)]
    for border in borders:
        if isinstance(border, Tag) and not border.decomposed:
            for sibling in [border, *border.find_next_siblings()]:
                gone.append(sibling.get_text(" ", strip=True))
                sibling.decompose()
    return " ".join(" ".join(gone).split())
