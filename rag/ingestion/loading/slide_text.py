"""What stands in the shapes of a slide: paragraphs with their bullets, and what is said of a picture."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from rag.ingestion.loading.number_formats import columns, roman
from rag.ingestion.loading.office_package import A, M
from rag.ingestion.loading.text_flow import BULLET, TextFlow, Written

P: Final = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
# Placeholders whose paragraphs are a list unless they say otherwise; without a type it is one for any content.
BODIES: Final = ("body", "obj", "")
_TITLES: Final = ("title", "ctrTitle")
# What programs put in place of a description.
_MADE_UP: Final = re.compile(
    r"(?:\S{1,80}\.(?:png|jpe?g|gif|emf|wmf|svg|tiff?|bmp)|(?:picture|image|bild|graphic|图片) ?\d{0,4})$",
    re.IGNORECASE,
)
_GENERATED: Final = re.compile(
    r"\n{0,4}(?:Description automatically generated|Automatisch generierte Beschreibung).{0,40}$"
)


def placeholder(element: Any) -> tuple[str | None, str]:
    """The type of a placeholder and its number; None where it is none."""
    mark = element.find(f"./*/{P}nvPr/{P}ph")
    return (None, "") if mark is None else (mark.get("type", ""), mark.get("idx", ""))


def is_title(element: Any) -> bool:
    return placeholder(element)[0] in _TITLES


def shape_lines(element: Any, *, bullets: bool = True) -> Iterator[str]:
    """The paragraphs of a shape that hold a word."""
    body = element.find(f"{P}txBody")
    paragraphs = [] if body is None else list(body.iterchildren(f"{A}p"))
    listed = bullets and placeholder(element)[0] in BODIES and sum(bool(words(p)) for p in paragraphs) > 1
    yield from listed_lines(paragraphs, listed=listed) if bullets else filter(None, map(words, paragraphs))


def listed_lines(paragraphs: Iterable[Any], *, listed: bool = False) -> Iterator[str]:
    """The paragraphs that hold a word, behind their bullets and numbers."""
    numbers: dict[str, tuple[str, int]] = {}
    for paragraph in paragraphs:
        line = words(paragraph)
        properties = paragraph.find(f"{A}pPr")
        level = "0" if properties is None else properties.get("lvl", "0")
        counted = None if properties is None else properties.find(f"{A}buAutoNum")
        if not line:
            continue
        numbers = {deep: last for deep, last in numbers.items() if deep <= level}
        if counted is None:
            numbers.pop(level, None)
            yield BULLET + line if _has_bullet(properties, listed) else line
            continue
        kind, last = counted.get("type", "arabicPeriod"), numbers.get(level, ("", 0))
        number = last[1] + 1 if last[0] == kind else _start(counted.get("startAt", "1"))
        numbers[level] = kind, number
        yield f"{_numbered(kind, number)} {line}"


def _start(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 6 else 1


def _numbered(kind: str, number: int) -> str:
    """A number as the kind of a list writes it, such as "alphaLcParenR"."""
    written = str(number)
    for name, write in (("alpha", columns), ("roman", roman)):
        if kind.startswith(name):
            written = write(number).upper() if kind.startswith(f"{name}Uc") else write(number)
    ends = {"Period": ".", "ParenR": ")", "ParenBoth": ")"}
    end = next((sign for name, sign in ends.items() if kind.endswith(name)), "")
    return f"{'(' if kind.endswith('ParenBoth') else ''}{written}{end}"


def words(paragraph: Any) -> str:
    """The words of a paragraph on one line; the number of the slide and the day of showing are none."""
    return " ".join(_line(paragraph).text.split())


def struck_words(element: Any) -> Iterator[str]:
    """What is struck out in the paragraphs of a shape or table."""
    for paragraph in element.iter(f"{A}p"):
        yield from (part.text for part in _line(paragraph).left_out)


def _line(paragraph: Any) -> Written:
    flow = TextFlow()
    for element in paragraph.iter(f"{A}t", f"{A}br", f"{A}tab", f"{M}t"):
        run = element.getparent()
        if run is not None and run.tag == f"{A}fld" and run.get("type", "").startswith(("slidenum", "datetime")):
            continue
        text = (element.text or "").replace("\v", " ") if element.tag in (f"{A}t", f"{M}t") else " "
        look = None if run is None else run.find(f"{A}rPr")
        if look is not None and look.get("strike", "noStrike") != "noStrike":
            flow.leave("struck", text)
        elif look is not None and text.strip() and _is_raised(look.get("baseline", "")):
            flow.put_raised(text)
        else:
            flow.put(text)
    return flow.finish()


def _is_raised(baseline: str) -> bool:
    """Whether letters stand higher: a share of their size in thousandths of a percent, or in percent."""
    return baseline.rstrip("%").isdecimal() and baseline.strip("0%") != ""


def _has_bullet(properties: Any, listed: bool) -> bool:
    if properties is None:
        return listed
    if properties.find(f"{A}buNone") is not None:
        return False
    return listed or properties.find(f"{A}buChar") is not None


def alternative(element: Any) -> str:
    """What the author says of a picture for those who do not see it."""
    properties = element.find(f"./*/{P}cNvPr")
    said = _GENERATED.sub("", properties.get("descr", "")) if properties is not None else ""
    said = " ".join(said.split())
    return "" if _MADE_UP.match(said) else said
