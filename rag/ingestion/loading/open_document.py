"""OpenDocument files (LibreOffice and others) taken apart, and the words of their paragraphs."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, Final

from lxml import etree  # type: ignore[import-untyped]

from rag.core.errors import DamagedFile, ProtectedFile
from rag.ingestion.loading.dates import iso_date
from rag.ingestion.loading.office_package import check_archive, parsed

OFFICE: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
STYLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
DRAW: Final = "{urn:oasis:names:tc:opendocument:xmlns:drawing:1.0}"
FO: Final = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
SVG: Final = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
PRESENTATION: Final = "{urn:oasis:names:tc:opendocument:xmlns:presentation:1.0}"
_DC: Final = "{http://purl.org/dc/elements/1.1/}"
# What stands in a paragraph and is no part of it.
APART: Final = (
    f"{OFFICE}annotation",
    f"{OFFICE}annotation-end",
    f"{TEXT}note",
    f"{DRAW}frame",
    f"{TEXT}tracked-changes",
)
_MOST_BLANKS: Final = 1000


class OpenDocument:
    """The parts of a file that hold text: the content, the styles and what the file says of itself."""

    def __init__(self, data: bytes, name: str, expected: str) -> None:
        """Raises: DamagedFile; TooLarge; ProtectedFile where it is encrypted."""
        check_archive(data, name, expected)
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                names = set(archive.namelist())
                manifest = archive.read("META-INF/manifest.xml") if "META-INF/manifest.xml" in names else b""
                if b"encryption-data" in manifest:
                    raise ProtectedFile(name=name)
                self.content = parsed(archive.read("content.xml"))
                self._styles = parsed(archive.read("styles.xml")) if "styles.xml" in names else None
                self._meta = parsed(archive.read("meta.xml")) if "meta.xml" in names else None
        except (KeyError, zipfile.BadZipFile, zlib.error, ValueError, OSError, etree.LxmlError) as error:
            raise DamagedFile(name=name, expected=expected) from error

    @property
    def body(self) -> Any:
        """The element whose children are the paragraphs, the sheets or the slides."""
        body = self.content.find(f"{OFFICE}body")
        return body[0] if body is not None and len(body) else self.content

    def styles(self, family: str) -> dict[str, Any]:
        """The styles of a family by their names."""
        roots = [root for root in (self._styles, self.content) if root is not None]
        found = (style for root in roots for style in root.iter(f"{STYLE}style"))
        return {style.get(f"{STYLE}name", ""): style for style in found if style.get(f"{STYLE}family") == family}

    def list_styles(self) -> dict[str, list[Any]]:
        """The levels of the styles of lists by their names."""
        roots = [root for root in (self._styles, self.content) if root is not None]
        return {
            style.get(f"{STYLE}name", ""): list(style) for root in roots for style in root.iter(f"{TEXT}list-style")
        }

    def running(self) -> Iterator[Any]:
        """The paragraphs on top and foot of the pages."""
        for part in ("header", "footer"):
            for found in () if self._styles is None else self._styles.iter(f"{STYLE}{part}"):
                yield from found.iter(f"{TEXT}p")

    def hidden_slides(self) -> set[str]:
        """The styles of slides that are not shown."""
        return {
            name
            for name, style in self.styles("drawing-page").items()
            if any(part.get(f"{PRESENTATION}visibility") == "hidden" for part in style)
        }

    @property
    def title(self) -> str:
        return self._said(f"{_DC}title")

    @property
    def date(self) -> str:
        return iso_date(self._said(f"{_DC}date"))

    def _said(self, tag: str) -> str:
        found = None if self._meta is None else next(self._meta.iter(tag), None)
        return (found.text or "") if found is not None else ""


def words_of(element: Any) -> str:
    """The words of a paragraph: blanks, tabs and line breaks are elements in it."""
    return "".join(_words(element)).strip(" ")


def _words(element: Any) -> Iterator[str]:
    yield " ".join((element.text or "").replace("\n", " ").split(" ")) if element.text else ""
    for child in element:
        between = blank(child)
        if between is not None:
            yield between
        elif child.tag not in APART:
            yield from _words(child)
        yield (child.tail or "").replace("\n", " ")


def blank(element: Any) -> str | None:
    """What an element that stands for blanks is in a text; None where it is none."""
    if element.tag == f"{TEXT}s":
        count = element.get(f"{TEXT}c", "1")
        return " " * (min(int(count), _MOST_BLANKS) if count.isdecimal() and len(count) < 6 else 1)
    return {f"{TEXT}tab": "\t", f"{TEXT}line-break": "\n"}.get(element.tag)


def number_of(element: Any, name: str, most: int) -> int:
    """How often an element is repeated, or how far it reaches; at least once."""
    text = element.get(f"{TABLE}{name}", "1")
    return min(max(int(text), 1), most) if text.isdecimal() and len(text) < 9 else 1
