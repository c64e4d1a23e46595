"""Word files written by hand: what other programs write, and what Word writes where python-docx has no word for it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

_MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_NAMES = {
    "w": _MAIN,
    "r": _OFFICE,
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "w14": "http://schemas.microsoft.com/office/word/2010/wordml",
    "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
    "v": "urn:schemas-microsoft-com:vml",
}
_LINK = '<Relationship Id="{id}" Type="{kind}/{type}" Target="{to}"/>'
_LINKS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)


def xml(tag: str, inner: str) -> str:
    """A part whose root is `w:{tag}`, with all names declared."""
    names = " ".join(f'xmlns:{short}="{name}"' for short, name in _NAMES.items())
    return f'<?xml version="1.0" encoding="UTF-8"?><w:{tag} {names}>{inner}</w:{tag}>'


def p(*runs: str, properties: str = "") -> str:
    """A paragraph of runs; a bare text is a run."""
    inner = "".join(one if one.startswith("<") else run(one) for one in runs)
    return f"<w:p>{f'<w:pPr>{properties}</w:pPr>' if properties else ''}{inner}</w:p>"


def run(text: str, properties: str = "") -> str:
    return f'<w:r>{f"<w:rPr>{properties}</w:rPr>" if properties else ""}<w:t xml:space="preserve">{text}</w:t></w:r>'


def field(code: str, result: str = "", data: str = "") -> str:
    """The runs of a field; `data` is that of an old form field."""
    mark = "<w:r><w:fldChar w:fldCharType='{}'>{}</w:fldChar></w:r>"
    begin = mark.format("begin", f"<w:ffData>{data}</w:ffData>" if data else "")
    shown = f"{mark.format('separate', '')}{result}" if result else ""
    return f"{begin}<w:r><w:instrText>{code}</w:instrText></w:r>{shown}{mark.format('end', '')}"


def links(*entries: tuple[str, str, str]) -> str:
    """A part of relationships: (id, type, target)."""
    return _LINKS.format("".join(_LINK.format(id=id_, kind=_OFFICE, type=type_, to=to) for id_, type_, to in entries))


def docx(body: str, *, main: str = "word/document.xml", **parts: str) -> bytes:
    """A Word file of this body; `parts` are further ones, by their type ("styles", "footnotes", "numbering")."""
    files = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": links(("rId1", "officeDocument", main)),
        main: xml("document", f"<w:body>{body}</w:body>"),
    }
    folder, _, name = main.rpartition("/")
    entries = [(f"id_{type_}", type_.rstrip("0123456789"), f"{type_}.xml") for type_ in parts]
    files[f"{folder}/_rels/{name}.rels"] = links(*entries)
    files |= {f"{folder}/{type_}.xml": xml(type_.rstrip("0123456789"), inner) for type_, inner in parts.items()}
    return packed(files)


def packed(files: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def unpacked(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name).decode("utf-8") for name in archive.namelist()}
