"""Small books and OpenDocument files for tests."""

from __future__ import annotations

from tests.support.mail_files import packed

_SPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (
        ("office", "office"),
        ("text", "text"),
        ("table", "table"),
        ("draw", "drawing"),
        ("svg", "svg-compatible"),
        ("style", "style"),
        ("presentation", "presentation"),
    )
)
_CONTAINER = b'<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
RTF = (
    rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\info{\title The harbour}{\author nobody}}"
    rb"{\*\generator x}\pard The lock closes at nine, \'fcber Nacht.\par"
    rb"\trowd\cellx1\cellx2 Boat\cell Fee\cell\row\trowd\cellx1\cellx2 Dory\cell 20\cell\row"
    rb"\pard{\*\cs7 hidden}{\b\*\cs7 Bold words.}\par}"
)


def open_document(kind: str, body: str, styles: str = "") -> bytes:
    """An OpenDocument file: `text`, `presentation` …"""
    content = (
        f"<office:document-content {_SPACES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>"
    )
    media = f"application/vnd.oasis.opendocument.{kind}"
    return packed({"mimetype": media.encode(), "content.xml": content.encode()})


TEXT = (
    "<text:tracked-changes><text:changed-region><text:deletion><text:p>It closes at eight.</text:p></text:deletion>"
    "</text:changed-region></text:tracked-changes><text:h text:outline-level='1'>Hours</text:h>"
    "<text:p>The lock closes at nine.<text:note><text:note-citation>1</text:note-citation><text:note-body>"
    "<text:p>Not on Sundays.</text:p></text:note-body></text:note> From May on.</text:p>"
    "<text:list><text:list-item><text:p>Bring a lamp.</text:p></text:list-item>"
    "<text:list-item><text:p>Bring a rope.</text:p></text:list-item></text:list>"
    "<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>Boat</text:p></table:table-cell>"
    "<table:table-cell><text:p>Fee</text:p></table:table-cell></table:table-row></table:table-header-rows>"
    "<table:table-row><table:table-cell><text:p>Dory</text:p></table:table-cell>"
    "<table:table-cell><text:p>20</text:p></table:table-cell></table:table-row></table:table>"
)


def _box(text: str, y: int, said: str = "") -> str:
    return f'<draw:frame svg:y="{y}cm" {said}><draw:text-box><text:p>{text}</text:p></draw:text-box></draw:frame>'


SLIDES = (
    "<draw:page>" + _box("Below.", 9) + _box("Above.", 3) + _box("Hours", 5, 'presentation:class="title"')
    + "<presentation:notes>" + _box("Say it slowly.", 1) + "</presentation:notes></draw:page>"
    + '<draw:page draw:style-name="gone">' + _box("Not shown.", 1) + "</draw:page>"
)  # fmt: skip
HIDING = (
    '<style:style style:name="gone" style:family="drawing-page">'
    '<style:drawing-page-properties presentation:visibility="hidden"/></style:style>'
)


def book(chapters: dict[str, str], spine: list[str], **more: bytes) -> bytes:
    """A book whose chapters are pages of these names, read in the order of `spine`."""
    items = "".join(f'<item id="{n}" href="{n}.xhtml" media-type="application/xhtml+xml"/>' for n in chapters)
    order = "".join(f'<itemref idref="{name}"/>' for name in spine)
    listing = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>The harbour</dc:title><dc:date>2024-03-13</dc:date></metadata><manifest>{items}</manifest>"
        f"<spine>{order}</spine></package>"
    )
    pages = {f"OEBPS/{name}.xhtml": f"<html><body>{text}</body></html>".encode() for name, text in chapters.items()}
    parts = {
        "mimetype": b"application/epub+zip",
        "META-INF/container.xml": _CONTAINER,
        "OEBPS/book.opf": listing.encode(),
    }
    return packed(parts | pages | {name.replace("__", "/") + ".xml": data for name, data in more.items()})
