"""What the tags of a web page are: blocks, headings, links to notes, cells of tables."""

from __future__ import annotations

import re
from typing import Final

from bs4.element import Tag

from rag.ingestion.loading.web_code import is_gutter

HEADINGS: Final = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
BLOCKS: Final = HEADINGS.keys() | {
    "address", "article", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "html", "legend", "li",
    "main", "menu", "nav", "ol", "p", "search", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
    "aside", "optgroup", "frameset", "noframes",
}  # fmt: skip
_NOTE_CLASS: Final = re.compile(r"\b(?:foot|end)?note-?(?:ref|reference|link|anchor)\b|\bnoteref\b", re.IGNORECASE)


def level(tag: Tag) -> int:
    """Which level of heading it is; 0 where it is none."""
    if tag.name in HEADINGS:
        return HEADINGS[tag.name]
    if tag.get("role") == "heading":
        stated = str(tag.get("aria-level", "2"))
        return int(stated) if stated.isdecimal() and 0 < int(stated[:2]) < 10 else 2
    return 0


def is_note(tag: Tag) -> bool:
    """A link to a note that bears its number, raised by the page's style or not."""
    if tag.name != "a":
        return False
    names = " ".join(map(str, tag.get_attribute_list("class")))
    role = str(tag.get("role", ""))
    said = role == "doc-noteref" or "noteref" in str(tag.get("epub:type", "")).split()
    return (said or bool(_NOTE_CLASS.search(names))) and len(tag.get_text().strip()) <= 6


def leads_to_note(link: Tag) -> bool:
    return is_note(link) or str(link.get("href", "")).startswith("#") or link.find_parent("a") is not None


def on_one_line(tag: Tag) -> bool:
    return not tag.find(list(BLOCKS)) and not tag.find("math")


def is_alone(cell: Tag) -> bool:
    """Whether a cell is all of its row, as a line of code is beside its number."""
    row = cell.parent
    return row is not None and sum(isinstance(one, Tag) and not is_gutter(one) for one in row.children) == 1
