"""G9. Bombs: files that unpack, nest or loop without end cost a bounded child and one error.

The child stays within a gigabyte of memory, and this process grows by fifty megabytes at most.
"""

from __future__ import annotations

import gzip
import io
import os
import sys
import threading
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.core.errors import RagError
from rag.ingestion.loading import Limits, load_address, load_bytes
from tests.guarantees.library import size
from tests.support.mail_files import box, mail, packed
from tests.support.serving import Reply, serving
from tests.support.sheet_files import ODS, open_sheet, workbook
from tests.support.text_files import book
from tests.support.waiting import PATIENCE, ends

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is measured by way of /proc")
LIMITS = Limits(seconds=size(5, 30))
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def pdf(*objects: bytes, count: int = 1) -> bytes:
    """A PDF of numbered objects (from 3 on; page tree and catalogue are there) with a right xref table."""
    all_objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count %d>>" % count, *objects]
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, content in enumerate(all_objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(out + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(places) + 1, start))


def stream(data: bytes, filters: bytes, extra: bytes = b"") -> bytes:
    return b"<</Length %d/Filter[%b]%b>>stream\n%b\nendstream" % (len(data), filters, extra, data)


PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<</XObject<</X 5 0 R>>>>>>"


def squeezed(megabytes: int, piece: bytes = b" ", times: int = 1) -> bytes:
    packer = zlib.compressobj(9)
    block = piece * (2**20 // len(piece))
    data = b"".join(packer.compress(block) for _ in range(megabytes)) + packer.flush()
    for _ in range(times - 1):
        data = zlib.compress(data, 9)
    return data


def word(xml: str) -> bytes:
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/word/document.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    )
    links = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
        'Target="word/document.xml"/></Relationships>'
    )
    parts = {"[Content_Types].xml": types, "_rels/.rels": links, "word/document.xml": xml}
    return packed({name: content.encode() for name, content in parts.items()})


def laughs() -> str:
    lines = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE w:document [<!ENTITY l0 "ha">{lines}]><w:document {_W}><w:body><w:p><w:r><w:t>&l9;'


_MANY = '<table:table-cell table:number-columns-repeated="999999" table:number-rows-spanned="999999" '


def sheet(before: str, value: str, merged: str = "A1:B2") -> bytes:
    """A workbook with its cell at the last row and column there are."""
    text = (
        f'{before}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        f'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>{value}</t></is></c>'
        f'<c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'
        f'</sheetData><mergeCells><mergeCell ref="{merged}"/></mergeCells></worksheet>'
    )
    book = workbook(lambda filled: filled.append(["x"]))
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return packed(parts | {"xl/worksheets/sheet1.xml": text.encode()})


def lying_archive() -> bytes:
    """An archive that states one byte where a hundred megabytes come out."""
    data = bytearray(packed({"word/document.xml": b" " * (100 * 2**20)}))
    for mark, offset in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        place = data.index(mark) + offset
        data[place : place + 4] = (1).to_bytes(4, "little")
    return bytes(data)


_TEXT_TYPE = b"application/vnd.oasis.opendocument.text"
BOMBS: dict[str, Callable[[], bytes]] = {
    "flate.pdf": lambda: pdf(PAGE, stream(squeezed(1500), b"/FlateDecode")),
    "flate of text.pdf": lambda: pdf(PAGE, stream(squeezed(400, b"BT (a) Tj ET\n"), b"/FlateDecode")),
    "flate of flate.pdf": lambda: pdf(PAGE, stream(squeezed(2000, times=2), b"/FlateDecode/FlateDecode")),
    "lzw.pdf": lambda: pdf(PAGE, stream(b"\x80\x0b\x60\x50" * 2_000_000, b"/LZWDecode")),
    "run length.pdf": lambda: pdf(PAGE, stream(squeezed(8, b"\x81 "), b"/FlateDecode/RunLengthDecode")),
    "image.pdf": lambda: pdf(
        PAGE,
        stream(zlib.compress(b"/X Do " * 1000), b"/FlateDecode"),
        stream(
            squeezed(500, b"\0"),
            b"/FlateDecode",
            b"/Type/XObject/Subtype/Image/Width 60000/Height 60000/BitsPerComponent 8/ColorSpace/DeviceRGB",
        ),
    ),
    "form in itself.pdf": lambda: pdf(
        PAGE,
        stream(zlib.compress(b"/X Do /X Do"), b"/FlateDecode"),
        stream(
            zlib.compress(b"/X Do " * 50),
            b"/FlateDecode",
            b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 5 0 R>>>>",
        ),
    ),
    "page tree in itself.pdf": lambda: pdf(b"<</Type/Pages/Parent 2 0 R/Kids[2 0 R 3 0 R]/Count 99>>", count=99),
    "deep page tree.pdf": lambda: pdf(*(b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % n for n in range(4, 50_000)), PAGE),
    "a billion pages.pdf": lambda: pdf(b"<</Type/Page/Parent 2 0 R>>", count=10**9),
    "nested arrays.pdf": lambda: pdf(b"<</Type/Page/Parent 2 0 R/X " + b"[" * 500_000 + b">>"),
    "large.docx": lambda: packed({"word/document.xml": b" " * (101 * 2**20)}),
    "ratio.docx": lambda: packed({"word/document.xml": b" " * (90 * 2**20)}),
    "many.docx": lambda: packed({"word/document.xml": b""} | {str(n): b"" for n in range(20_000)}),
    "lying.docx": lying_archive,
    "laughs.docx": lambda: word(laughs() + "</w:t></w:r></w:p></w:body></w:document>"),
    "laughs.xlsx": lambda: sheet(f'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "{"&a;" * 9999}">]>', "&b;" * 9999),
    "far cells.xlsx": lambda: sheet("", "x", merged="A1:XFD1048576"),
    "repeated.ods": lambda: open_sheet(ODS.replace("<table:table-cell ", _MANY, 1)),
    "ratio.zip": lambda: packed({str(n): b" " * (50 * 2**20) for n in range(3)}),
    "ratio.epub": lambda: book({"a": " " * (90 * 2**20)}, ["a"]),
    "nested.rtf": lambda: b"{\\rtf1" + b"{\\b " * 500_000 + b"words",
    "laughs.ods": lambda: open_sheet(ODS.replace("Dory", "&l9;").join([laughs().partition("<w:document")[0], ""])),
    "laughs.odt": lambda: packed({"mimetype": _TEXT_TYPE, "content.xml": (laughs() + "</w:t>").encode()}),
    "laughs.pptx": lambda: packed({"[Content_Types].xml": b"<Types/>", "ppt/presentation.xml": laughs().encode()}),
    "laughs.epub": lambda: book({"a": f"{laughs()}</w:t>"}, ["a"]),
    "laughs.xml": lambda: laughs().encode(),
    "nested.json": lambda: b"[" * 3_000_000,
    "nested.zip": lambda: nested(lambda inner: packed({"a.zip": inner}), packed({"a.txt": b"x"}), 60),
    "nested.eml": lambda: nested(lambda inner: mail(files={"a.eml": inner}), mail(), 20),
    "parts.eml": lambda: b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n\nx\n" * 300_000,
    "mails.mbox": lambda: box(*[b"Subject: x\n\ny"] * 200_000),
    "wide.csv": lambda: b";".join([b"x"] * 400_000) + b"\n" + b";" * 400_000,
    "one line.py": lambda: b"x=" + b"(" * 5_000_000,
    "nested.docx": lambda: word(f"<w:document {_W}><w:body>" + "<w:sdt>" * 100_000),
    "nested.html": lambda: b"<html><body>" + b"<div><table><tr><td>" * 100_000 + b"words",
    "attributes.html": lambda: b"<html><body><p " + b" ".join(b'a%d="x"' % n for n in range(300_000)) + b">words",
    "from the network.txt": lambda: gzip.compress(b"0" * (200 * 2**20)),
}


def nested(wrap: Callable[[bytes], bytes], inner: bytes, times: int) -> bytes:
    for _ in range(times):
        inner = wrap(inner)
    return inner


def children() -> list[int]:
    """The parsing processes of this process."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command, parent = (
                (folder / "cmdline").read_bytes(),
                (folder / "stat").read_text().rpartition(")")[2].split()[1],
            )
        except OSError:
            continue  # gone meanwhile
        if b"rag.ingestion.loading.sandbox_child" in command and int(parent) == os.getpid():
            found.append(int(folder.name))
    return found


def memory(process: int | str, field: str) -> int:
    """Megabytes of a process, as the system counts them; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith(field)), 0)


class Watch:
    """Looks at the memory of this process's children until it is told to stop."""

    def __init__(self) -> None:
        self.most = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        stopped = False
        while not stopped:
            stopped = self._stop.wait(0.02)  # and once more after the end: a waiting child remembers its peak
            self.most = max([self.most, *(memory(child, "VmHWM") for child in children())])

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def explode(name: str, data: bytes) -> str:
    try:
        if name.startswith("from the network"):
            headers = {"Content-Type": "text/plain", "Content-Encoding": "gzip"}
            with serving(lambda path: Reply(data, headers=headers)) as served:
                load_address(served.at("/"), intranet=[served.place])
        else:
            load_bytes(data, name, limits=LIMITS)
    except RagError as error:
        return error.key()
    return "read"


def test_g09_no_bomb_is_forgotten() -> None:
    assert len(BOMBS) == 38


@pytest.mark.parametrize("name", BOMBS)
def test_g09_a_bomb_costs_a_bounded_child_and_one_error(name: str) -> None:
    data = BOMBS[name]()
    load_bytes(b"Words.", "x.txt")
    before = memory("self", "VmRSS")
    with Watch() as watch:
        became = ends(lambda: explode(name, data), LIMITS.seconds + PATIENCE)
    grown = memory("self", "VmRSS") - before
    print(f"G9: {name}: {became}, child {watch.most} MB, this process {grown:+} MB")
    assert watch.most <= 1024
    assert grown <= 50
    assert load_bytes(b"Words.", "x.txt").pages[0].text == "Words."
