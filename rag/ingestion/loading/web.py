"""HTML becomes text: the main part without menus, headings at their places."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from typing import Final

from bs4 import BeautifulSoup
from bs4.element import Tag

from rag.core.errors import NoText, ScriptNeeded
from rag.core.types import Heading, Kind, LoadedDocument
from rag.ingestion.loading.dates import iso_date
from rag.ingestion.loading.encodings import decode
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.mime_pages import page_of
from rag.ingestion.loading.text_parts import in_parts
from rag.ingestion.loading.titles import title_of
from rag.ingestion.loading.web_main import main_text
from rag.ingestion.loading.web_scripts import needs_script, says_nothing

_METADATA: Final = {"title", "meta", "link", "base", "style", "script", "noscript", "template"}
# What stands between a page's title and the site's name.
_BORDER: Final = re.compile(r"\s[|–—·»«:-]{1,2}\s|\s?[|»]\s?")
_SAYS_NOTHING: Final = re.compile(
    r"(?:home|homepage|home page|index|welcome|start|main|page|new page|(?:page|document) title|title|document|test|"
    r"startseite|首页|主页|react app|vite app)\s?\d{0,3}",
    re.IGNORECASE,
)
_DATES: Final = (
    "article:published_time", "datepublished", "date", "dc.date", "dcterms.date", "dcterms.created", "dcterms.issued",
    "article:modified_time", "dcterms.modified", "last-modified",
)  # fmt: skip


def read_html(data: bytes, name: str, kind: Kind = "html", charset: str | None = None) -> LoadedDocument:
    """An HTML page as text. `charset` is what the server stated, if there was one.

    Raises:
        NoText: nothing on it can be read.
        ScriptNeeded: nothing is on it before a script has run.
    """
    saved = page_of(data)
    data, charset = saved or (data, charset)
    source = decode(data, charset, name=name, markup=True) or ""
    soup = soup_of(source)
    written = main_text(source, soup)
    unfilled = needs_script(soup, written.text)
    if unfilled and says_nothing(written.text):
        raise ScriptNeeded(name=name)
    if not written.text:
        raise NoText(name=name, pages="1")
    title = title_of(_title(soup, written.headings), name, *(one.title for one in written.headings[:1]))
    document = in_parts(name, title, kind, written)
    if unfilled:
        document = replace(document, pages=tuple(replace(page, unread="script") for page in document.pages))
    return replace(document, date=_date(soup))


def soup_of(source: str) -> BeautifulSoup:
    with warnings.catch_warnings():
        # Whether XHTML is parsed as HTML, or a short text could be a file name, is of no interest here.
        warnings.simplefilter("ignore")
        soup = BeautifulSoup(source, "lxml")
    _empty_head(soup)
    return soup


def _empty_head(soup: BeautifulSoup) -> None:
    """Into the body with what belongs there: where a page does not write `<body>`, libxml2, which does not
    know the newer elements, leaves `<main>` and what follows in the head."""
    strays = [
        child
        for child in (soup.head.children if soup.head else ())
        if not (isinstance(child, Tag) and child.name in _METADATA)
    ]
    if not any(isinstance(child, Tag) for child in strays):
        return
    body = soup.body or soup.new_tag("body")
    if body.parent is None and soup.html:
        soup.html.append(body)
    for place, child in enumerate(strays):
        body.insert(place, child.extract())


def _title(soup: BeautifulSoup, headings: list[Heading]) -> str:
    """What the page is called: by its head, without the site's name where its main heading has none either."""
    shared = soup.find("meta", attrs={"property": "og:title"})
    stated = str(shared.get("content", "")) if isinstance(shared, Tag) else ""
    titles = [tag for tag in soup.find_all("title") if tag.find_parent("svg") is None]
    stated = " ".join((stated if stated.strip() else titles[0].get_text() if titles else "").split())
    first = next((one.title for one in headings if one.level == 1), headings[0].title if headings else "")
    if not stated or _SAYS_NOTHING.fullmatch(stated):
        return first or stated
    parts = [part.strip().lower() for part in _BORDER.split(stated)]
    return first if len(parts) > 1 and first.strip().lower() in parts else stated


def _date(soup: BeautifulSoup) -> str:
    """The day that the page's head gives for it."""
    found = {}
    for tag in soup.find_all("meta"):
        for key in ("property", "name", "itemprop", "http-equiv"):
            found[str(tag.get(key, "")).lower()] = str(tag.get("content", ""))
    return next((day for name in _DATES if (day := iso_date(found.get(name)))), "")


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """As the table of formats has it read."""
    return read_html(data, name, charset=options.charset)
