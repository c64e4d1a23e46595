"""Other documents that stand whole inside of a Word file (`altChunk`): web pages, texts, Word files.

Several programs write nothing else into a Word file.
"""

from __future__ import annotations

from typing import Any, Final

from lxml import etree  # type: ignore[import-untyped]

from rag.ingestion.loading.encodings import decode
from rag.ingestion.loading.mime_pages import page_of
from rag.ingestion.loading.office_package import Package, R, W, open_package

_DEPTH: Final = 2


def read_chunks(package: Package, body: Any, depth: int = 0) -> None:
    """Put in the place of each such document its paragraphs."""
    links = package.links(package.main)
    for chunk in list(body.iter(f"{W}altChunk")):
        target = links.get(chunk.get(f"{R}id", ""), ("", ""))[1]
        content = package.content(target)
        parent = chunk.getparent()
        if content is None or parent is None:
            continue
        place = parent.index(chunk)
        for paragraph in reversed(list(_paragraphs(content, target, depth))):
            parent.insert(place, paragraph)
        parent.remove(chunk)


def _paragraphs(content: bytes, name: str, depth: int) -> list[Any]:
    if content.startswith(b"PK"):
        inner = open_package(content, name)
        root = inner.root(inner.main)
        if root is None or depth >= _DEPTH:
            return []
        read_chunks(inner, root, depth + 1)
        body = root.find(f"{W}body")
        return [] if body is None else list(body)
    text = _text_of(content, name)
    return [_paragraph(line) for line in text.split("\n") if line.strip()]


def _text_of(content: bytes, name: str) -> str:
    from rag.ingestion.loading.web import soup_of
    from rag.ingestion.loading.web_styles import Styles
    from rag.ingestion.loading.web_text import render

    page = page_of(content)
    source = decode(content if page is None else page[0], None if page is None else page[1], name=name, markup=True)
    if source is None or name.lower().endswith(".txt"):
        return source or ""
    soup = soup_of(source)
    return render(soup.body or soup, Styles(soup)).text


def _paragraph(text: str) -> Any:
    paragraph = etree.Element(f"{W}p")
    etree.SubElement(etree.SubElement(paragraph, f"{W}r"), f"{W}t").text = text
    return paragraph
