"""HTML becomes text: the main part without menus, headings at their places."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from typing import Final

from bs4 import BeautifulSoup
from bs4.element import Tag

<<<<<<< HEAD
from rag.core.errors import NoText, ScriptNeeded
from rag.core.types import Heading, Kind, LoadedDocument
from rag.ingestion.loading.encodings import decode
from rag.ingestion.loading.loaders import ReadingOptions
from rag.ingestion.loading.mime_pages import page_of
=======
from rag.core.errors import NoText
from rag.core.tables import Table
from rag.core.types import Heading, Kind, LoadedDocument
from rag.ingestion.loading.encodings import decode
from rag.ingestion.loading.html_tables import html_table
>>>>>>> 2c3e24f13df8db7f5c252b175f4d5c82809013eb
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
<<<<<<< HEAD
_DATES: Final = (
    "article:published_time", "datepublished", "date", "dc.date", "dcterms.date", "dcterms.created", "dcterms.issued",
    "article:modified_time", "dcterms.modified", "last-modified",
)  # fmt: skip
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
=======
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_METADATA = {"title", "meta", "link", "base", "style", "script", "noscript", "template"}
_BLOCKS = _HEADINGS | {
    "address", "article", "blockquote", "body", "caption", "center", "dd", "details", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "header", "hr", "html", "legend", "li", "main", "nav", "ol", "p", "pre",
    "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul", "aside",
}  # fmt: skip
_CLOSE = {"li", "tr", "dd", "dt", "br"}  # parted from their like by a line end only

# Soft hyphens and other characters that nobody sees.
_UNSEEN_LETTERS = re.compile("[\u00ad\u200b\u2060\x00-\x08\x0e-\x1f]")
_SHORT = 1500  # characters
_SHARE = 0.2
_DEPTH = 400
>>>>>>> 2c3e24f13df8db7f5c252b175f4d5c82809013eb


def read_html(data: bytes, name: str, kind: Kind = "html", charset: str | None = None) -> LoadedDocument:
    """An HTML page as text. `charset` is what the server stated, if there was one.

    Raises:
        NoText: nothing on it can be read.
        ScriptNeeded: nothing is on it before a script has run.
    """
    saved = page_of(data)
    data, charset = saved or (data, charset)
    source = decode(data, charset, name=name, markup=True) or ""
<<<<<<< HEAD
    soup = soup_of(source)
    written = main_text(source, soup)
    unfilled = needs_script(soup, written.text)
    if unfilled and says_nothing(written.text):
        raise ScriptNeeded(name=name)
    if not written.text:
        raise NoText(name=name, pages="1")
    title = title_of(_title(soup, written.headings), name, *(one.title for one in written.headings[:1]))
    document = in_parts(name, title, kind, written.text, written.headings, left_out=written.left_out)
    if unfilled:
        document = replace(document, pages=tuple(replace(page, unread="script") for page in document.pages))
    return replace(document, date=_date(soup))


def soup_of(source: str) -> BeautifulSoup:
=======
    soup = _soup(source)
    title = _title(soup)
    text, headings, tables = main_text(source, soup)
    if not text.strip():
        raise NoText(name=name, pages="1")
    first = next((heading.title for heading in headings), "")
    return in_parts(name, title_of(title or first, name), kind, text, headings, tables=tables)


def main_text(source: str, soup: BeautifulSoup) -> tuple[str, list[Heading], list[Table]]:
    """The page's main text: trafilatura's choice, or all that is no menu where that loses something.

    trafilatura leaves out more of what surrounds an article, but takes short lists, tables and
    pages built of plain boxes for surroundings. On a short page nothing may be lost; on a long
    one its choice counts when it is a good part of what is no link.
    """
    root = _without_surroundings(soup)
    rendered = render(root)
    whole = rendered[0]
    linked = sum(len(_visible(link.get_text())) for link in root.find_all("a"))
    if len(whole) < _SHORT:
        return rendered
    chosen = trafilatura.extract(
        source, output_format="html", include_comments=False, include_tables=True, favor_recall=True
    )
    main = render(_soup(chosen or ""))
    if len(main[0]) < _SHARE * max(len(whole) - linked, _SHORT) or len(main[2]) < len(rendered[2]) / 2:
        return rendered
    return main


def render(root: Tag, depth: int = 0) -> tuple[str, list[Heading], list[Table]]:
    """Text as a reader sees it: blocks apart, list items and table rows on lines of their own."""
    writer = _TextBuilder()
    _walk(root, writer, depth)
    return writer.finish()


class _TextBuilder:
    """Collects inline pieces into lines, and lines into a text."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._gap = ""
        self._length = 0
        self.lead = ""  # stands before the next line that holds anything: the mark or number of a list item
        self.headings: list[Heading] = []
        self.tables: list[Table] = []

    def put(self, piece: str) -> None:
        self._line.append(piece)

    def end(self, gap: str, *, heading: bool = False, exact: bool = False) -> None:
        """End the line; `gap` stands between it and the next at least."""
        line = "".join(self._line)
        line = line.strip("\n") if exact else " ".join(line.split())
        self._line = []
        if line.strip():
            before = self._gap if self._lines else ""
            if heading:
                self.headings.append(Heading(self._length + len(before), line))
            self._lines.append(before + self.lead + line)
            self._length += len(self._lines[-1])
            self._gap, self.lead = gap, ""
        elif len(gap) > len(self._gap):
            self._gap = gap

    def table(self, text: str, table: Table) -> None:
        """A table, its rows on lines of their own."""
        self.end("\n\n")
        before = self._gap if self._lines else ""
        self.tables.append(table.moved(self._length + len(before) + len(self.lead)))
        self._lines.append(before + self.lead + text)
        self._length += len(self._lines[-1])
        self._gap, self.lead = "\n\n", ""

    def finish(self) -> tuple[str, list[Heading], list[Table]]:
        self.end("")
        return "".join(self._lines), self.headings, self.tables


def _walk(node: Tag, writer: _TextBuilder, depth: int) -> None:
    items = 0
    for child in node.children:
        if isinstance(child, NavigableString):
            if not isinstance(child, PreformattedString):
                writer.put(_visible(child))
        elif isinstance(child, Tag) and child.name not in _UNSEEN and depth < _DEPTH:
            items += child.name == "li"
            mark = "" if child.name != "li" else f"{items}. " if node.name == "ol" else "• "
            _write(child, writer, depth, mark)


def _write(tag: Tag, writer: _TextBuilder, depth: int, lead: str) -> None:
    if tag.name == "br":
        writer.end("\n")
    elif tag.name not in _BLOCKS:
        _walk(tag, writer, depth + 1)
    elif tag.name == "pre":
        writer.end("\n\n")
        writer.put(_visible(tag.get_text()))
        writer.end("\n\n", exact=True)
    elif tag.name == "table" and (found := html_table(tag, lambda cell: render(cell, depth + 1)[0])):
        for caption in tag.find_all("caption", recursive=False):
            _write(caption, writer, depth + 1, "")
        writer.table(*found)
    else:
        gap = "\n" if tag.name in _CLOSE else "\n\n"
        writer.end(gap)
        writer.lead = lead or writer.lead
        _walk(tag, writer, depth + 1)
        writer.end(gap, heading=tag.name in _HEADINGS)
        if tag.name == "li":
            writer.lead = ""


def _visible(text: str) -> str:
    return _UNSEEN_LETTERS.sub("", text)


def _without_surroundings(soup: BeautifulSoup) -> Tag:
    root = soup.body or soup
    for tag in list(_surroundings(root)):
        tag.decompose()
    return root


def _surroundings(root: Tag) -> Iterator[Tag]:
    """Menus, banners, side columns and what is hidden; the outermost tag of each."""
    whole = len(root.get_text())
    for tag in root.find_all(True):
        if isinstance(tag, Tag) and not tag.decomposed and _surrounds(tag) and len(tag.get_text()) < 0.5 * whole:
            yield tag


def _surrounds(tag: Tag) -> bool:
    if tag.name in _AROUND or tag.has_attr("hidden") or tag.get("aria-hidden") == "true":
        return True
    if tag.name == "header":
        return tag.find(list(_HEADINGS)) is None
    if "display:none" in str(tag.get("style", "")).replace(" ", ""):
        return True
    names = " ".join([str(tag.get("id", "")), *map(str, tag.get_attribute_list("class"))]).lower()
    return str(tag.get("role", "")) in _AROUND_ROLES or bool(_AROUND_NAMES.search(names))


def _soup(source: str) -> BeautifulSoup:
>>>>>>> 2c3e24f13df8db7f5c252b175f4d5c82809013eb
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
    days = (_DAY.match(found.get(name, "").strip()) for name in _DATES)
    return next((day[0] for day in days if day), "")


def read(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """As the table of formats has it read."""
    return read_html(data, name, charset=options.charset)
