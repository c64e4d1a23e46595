"""The formats that are read, a line each: how their files are known, loaded, shown and handed out.

A new format is a line here and a loader in `rag/ingestion/loading/`; nothing else asks what kind a file is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final, Literal, TypeAlias

# The `kind` of a format in FORMATS. It is stored with each document, so what is there is never renamed.
Kind: TypeAlias = str
# How a reader of the file finds a place in it: by its page, its slide, its sheet and cells, its mail, its line, or by
# its section alone.
PlacesBy = Literal["pages", "slides", "cells", "mails", "lines", "sections"]


@dataclass(frozen=True, slots=True)
class Format:
    """A line of the table.

    `loader` is a module of `rag/ingestion/loading/`. `endings` are those of the names that promise the format, `saved`
    is the one without which a file of it would not open. `drawn`: the original's pages are shown as pictures.
    `fetched` is the kind of what comes from an address in this format, where that is another. `titled`: known by its
    title rather than its name. `binary`: its files are no text. `letters`: they are mail.
    """

    kind: Kind
    name: str
    endings: tuple[str, ...]
    media_type: str
    icon: str
    loader: str
    places: PlacesBy = "sections"
    saved: str = ""
    drawn: bool = False
    fetched: Kind = ""
    titled: bool = False
    binary: bool = False
    letters: bool = False

    @property
    def recognisable(self) -> bool:
        """Whether text recognition can read its pages."""
        return self.drawn

    @property
    def paged(self) -> bool:
        """Whether its documents have pages; the others are read as parts."""
        return self.places in ("pages", "slides")


_DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PPTX: Final = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_SLIDES: Final = (".pptx", ".pptm", ".ppsx", ".potx")
_XLS: Final = "application/vnd.ms-excel"
_OASIS: Final = "application/vnd.oasis.opendocument."
_CODE: Final = (
    ".py", ".js", ".ts", ".jsx", ".tsx", ".java", ".kt", ".c", ".h", ".cpp", ".hpp", ".cs", ".go", ".rs", ".rb", ".php",
    ".swift", ".scala", ".lua", ".pl", ".r", ".sh", ".ps1", ".bat", ".sql", ".css", ".yaml", ".yml", ".toml", ".ini",
    ".tex",
)  # fmt: skip
_HTML: Final = (".html", ".htm", ".xhtml")

FORMATS: Final = (
    Format(
        "pdf", "PDF", (".pdf",), "application/pdf", "picture_as_pdf", "pdf", "pages", ".pdf", drawn=True, binary=True
    ),
    Format("word", "Word", (".docx", ".docm"), _DOCX, "description", "word", saved=".docx", binary=True),
    # Its own head says in which characters it is written.
    Format("html", "HTML", _HTML, "text/html", "code", "web", fetched="web"),
    Format("web", "HTML", (), "text/html", "language", "web", saved=".html", titled=True),
    Format("markdown", "Markdown", (".md", ".markdown", ".mdx"), "text/markdown", "notes", "text", "lines"),
    Format("excel", "Excel", (".xlsx", ".xlsm", ".xltx"), _XLSX, "table", "excel", "cells", ".xlsx", binary=True),
    Format("powerpoint", "PowerPoint", _SLIDES, _PPTX, "slideshow", "powerpoint", "slides", ".pptx", binary=True),
    Format("xls", "Excel 97–2003", (".xls", ".xlt"), _XLS, "table", "xls", "cells", ".xls", binary=True),
    Format(
        "ods", "OpenDocument", (".ods", ".ots"), f"{_OASIS}spreadsheet", "table", "ods", "cells", ".ods", binary=True
    ),
    Format("mail", "EML", (".eml",), "message/rfc822", "mail", "mail", letters=True),
    Format("mbox", "mbox", (".mbox", ".mbx"), "application/mbox", "all_inbox", "mbox", "mails", letters=True),
    Format("outlook", "Outlook", (".msg",), "application/vnd.ms-outlook", "mail", "outlook", saved=".msg", binary=True),
    Format("zip", "ZIP", (".zip",), "application/zip", "folder_zip", "archive", saved=".zip", binary=True),
    Format("csv", "CSV", (".csv", ".tsv", ".tab"), "text/csv", "table", "delimited", "cells", ".csv"),
    Format("odt", "OpenDocument", (".odt", ".ott"), f"{_OASIS}text", "description", "odt", saved=".odt", binary=True),
    Format(
        "odp", "OpenDocument", (".odp",), f"{_OASIS}presentation", "slideshow", "odp", "slides", ".odp", binary=True
    ),
    Format("rtf", "RTF", (".rtf",), "application/rtf", "description", "rtf", saved=".rtf"),
    Format("epub", "EPUB", (".epub",), "application/epub+zip", "menu_book", "epub", saved=".epub", binary=True),
    Format("org", "Org", (".org",), "text/org", "article", "org", "lines"),
    Format("json", "JSON", (".json", ".jsonl", ".ndjson"), "application/json", "data_object", "text", "lines"),
    Format("xml", "XML", (".xml", ".xsd", ".xsl"), "application/xml", "data_object", "text", "lines"),
    Format("png", "PNG", (".png",), "image/png", "image", "picture", "pages", ".png", drawn=True, binary=True),
    Format(
        "jpeg", "JPEG", (".jpg", ".jpeg"), "image/jpeg", "image", "picture", "pages", ".jpg", drawn=True, binary=True
    ),
    Format(
        "tiff", "TIFF", (".tif", ".tiff"), "image/tiff", "image", "picture", "pages", ".tif", drawn=True, binary=True
    ),
    Format("webp", "WebP", (".webp",), "image/webp", "image", "picture", "pages", ".webp", drawn=True, binary=True),
    Format("code", "Code", _CODE, "text/plain", "code", "text", "lines"),
    Format("rst", "reStructuredText", (".rst",), "text/x-rst", "article", "rst", "lines"),
    Format("text", "TXT", (".txt", ".log"), "text/plain", "notes", "text", "lines"),
)
# Of what a later version of the program has read.
_UNKNOWN: Final = Format("", "", (), "application/octet-stream", "draft", "text")

_BY_KIND: Final = {format.kind: format for format in FORMATS}
_BY_ENDING: Final = {ending: format for format in FORMATS for ending in format.endings}

ENDINGS: Final = tuple(_BY_ENDING)
# What people are told can be read.
NAMES: Final = tuple(dict.fromkeys(format.name for format in FORMATS if format.endings))


def format_of(kind: Kind) -> Format:
    """The format of a stored kind."""
    return _BY_KIND.get(kind, _UNKNOWN)


def promised(name: str) -> Format | None:
    """The format that a file's name promises; None where it promises none that is read."""
    return _BY_ENDING.get(PurePosixPath(name.lower()).suffix)
