"""Footnotes, endnotes and comments of a Word file: which there are, how they are counted, what stands in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from rag.ingestion.loading.office_package import Package, W
from rag.ingestion.loading.word_numbering import in_format
from rag.ingestion.loading.word_styles import value

_KINDS: Final = {"footnote": "decimal", "endnote": "lowerRoman"}


class Notes:
    """The notes of a file, numbered in the order in which the text refers to them."""

    def __init__(self, package: Package) -> None:
        self._notes: dict[str, dict[str, Any]] = {}
        self._formats: dict[str, str] = {}
        self._numbers: dict[str, dict[str, str]] = {}
        body, settings = package.root(package.main), package.one("/settings")
        for kind, usual in _KINDS.items():
            root = package.one(f"/{kind}s")
            notes = () if root is None else root.iterchildren(f"{W}{kind}")
            # Those of a type draw the line above the notes.
            self._notes[kind] = {n.get(f"{W}id", ""): n for n in notes if n.get(f"{W}type", "normal") == "normal"}
            stated = [
                value(p, "numFmt") for top in (body, settings) if top is not None for p in top.iter(f"{W}{kind}Pr")
            ]
            self._formats[kind] = next(filter(None, stated), usual)
            self._numbers[kind] = {}

    def number(self, kind: str, id_: str) -> str:
        """The number of a note that is referred to; empty where there is no such note."""
        if id_ not in self._notes.get(kind, {}):
            return ""
        numbers = self._numbers[kind]
        return numbers.setdefault(id_, in_format(len(numbers) + 1, self._formats[kind]))

    def read(self) -> Iterator[tuple[str, Any]]:
        """Each note that was referred to, with its number; they may refer to more."""
        for kind in _KINDS:
            for id_, number in list(self._numbers[kind].items()):
                yield number, self._notes[kind][id_]


def comments(package: Package) -> dict[str, str]:
    """The text of each comment by its id."""
    root = package.one("/comments")
    return {
        comment.get(f"{W}id", ""): " ".join(
            "".join(text.text or "" for text in paragraph.iter(f"{W}t")) for paragraph in comment.iter(f"{W}p")
        )
        for comment in (() if root is None else root.iterchildren(f"{W}comment"))
    }


def running_parts(package: Package) -> Iterator[str]:
    """The headers and footers that are shown on some page, each part once."""
    body, settings = package.root(package.main), package.one("/settings")
    even = settings is not None and settings.find(f"{W}evenAndOddHeaders") is not None
    links = package.links(package.main)
    found = []
    for section in body.iter(f"{W}sectPr"):
        first = section.find(f"{W}titlePg") is not None
        for reference in section.iterchildren(f"{W}headerReference", f"{W}footerReference"):
            kind = reference.get(f"{W}type", "default")
            id_ = next((v for key, v in reference.attrib.items() if key.endswith("}id")), "")
            if (kind == "default" or (kind == "first" and first) or (kind == "even" and even)) and id_ in links:
                found.append(links[id_][1])
    yield from dict.fromkeys(found)
