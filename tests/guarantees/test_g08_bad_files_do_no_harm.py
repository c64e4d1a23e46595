"""G8. Mutated files: each is read or refused with a reason, none crashes or hangs, neighbours go on.

The control hands the same files to the libraries directly. It must fail with errors of theirs
on at least a tenth, or the mutations are too tame.
"""

from __future__ import annotations

import io
import random
import zipfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from docx import Document as WordDocument
from PIL import Image, ImageDraw
from pypdf import PdfReader
from reportlab.pdfgen.canvas import Canvas

from rag.core.errors import UnreadableDocument
from rag.ingestion.loading import load_bytes
from tests.guarantees.library import size
from tests.support.mail_files import box, mail, outlook, packed
from tests.support.serving import Reply, serving
from tests.support.sheet_files import ODS, old_workbook, open_sheet, workbook
from tests.support.slide_files import slides
from tests.support.text_files import RTF, SLIDES, TEXT, book, open_document
from tests.support.waiting import ends

FILES = size(100, 2000)
NEIGHBOUR = b"# Leave\n\nEverybody has 25 days.\n"


def a_pdf() -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pageCompression=0)
    for page in range(3):
        canvas.bookmarkPage(str(page))
        canvas.addOutlineEntry(f"Part {page}", str(page))
        canvas.drawString(72, 700, f"Everybody has 25 days of leave, says page {page}.")
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def a_word_file() -> bytes:
    document = WordDocument()
    document.add_heading("Leave", 1)
    document.add_paragraph("Everybody has 25 days.")
    document.add_table(2, 2).rows[0].cells[0].text = "Years"
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def a_page() -> bytes:
    rows = "".join(f"<tr><td>{n}</td><td><b>{n * n}</b></td></tr>" for n in range(50))
    return (
        f"<!DOCTYPE html><html><head><title>x</title></head><body><h1>Leave</h1><table>{rows}</table></body>".encode()
    )


def fill(sheet: Any) -> None:
    for row in (["Boat", "Fee", "Since"], ["Dory", 20.5, "=A1"], ["Ketch", 70, "May"]):
        sheet.append(row)
    sheet.merge_cells("A2:A3")


def a_picture(format: str) -> bytes:
    picture = Image.new("L", (220, 60), "white")
    ImageDraw.Draw(picture).text((10, 10), "Hours: nine", fill="black", font_size=28)
    out = io.BytesIO()
    picture.save(out, format)
    return out.getvalue()


SEEDS: Final = {
    "a.pdf": a_pdf(),
    "b.docx": a_word_file(),
    "c.html": a_page(),
    "d.md": NEIGHBOUR * 20,
    "e.xlsx": workbook(fill),
    "f.xls": old_workbook([["Boat", "Fee"], ["Dory", 20.5]]),
    "g.ods": open_sheet(ODS),
    "i.pptx": slides(),
    "j.eml": mail(files={"a.txt": b"x"}),
    "k.mbox": box(mail(), mail()),
    "l.msg": outlook("Hours", "At nine.", ("a.txt", b"x")),
    "m.zip": packed({"a.txt": b"x" * 99, "b.md": b"# y"}),
    "n.odt": open_document("text", TEXT),
    "o.odp": open_document("presentation", SLIDES),
    "p.epub": book({"one": "<h1>Hours</h1><p>At nine."}, ["one"]),
    "q.rtf": RTF,
    "r.png": a_picture("PNG"),
    "s.jpg": a_picture("JPEG"),
    "t.tif": a_picture("TIFF"),
    "u.webp": a_picture("WEBP"),
    "h.csv": b"Boat;Fee\nDory;20\n" * 9,
    "r.tsv": b"Boat\tFee\nDory\t20\n" * 9,
    "s.org": b"* Hours\nAt nine.\n| Boat | Fee |\n|------+-----|\n| Dory | 20 |\n" * 3,
    "t.rst": b"Hours\n=====\n\nAt nine.\n\n- a lamp\n" * 3,
    "u.json": b'{"hours": {"from": 9, "to": "noon"}, "boats": ["Dory", null, 1.5e3]}',
    "v.jsonl": b'{"boat": "Dory", "fee": 20}\n' * 9,
    "w.xml": b'<?xml version="1.0"?><hours><from unit="h">9</from></hours>' * 2,
    "x.py": b"def fee(days):\n    return 20 * days\n" * 5,
    "y.mdx": NEIGHBOUR * 3,
}


def flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice([1, 10, 100])):
        data[chance.randrange(len(data))] = chance.randrange(256)


def cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(1, len(data)) :]


def drop(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    del data[start : start + chance.randrange(1, 500)]


def repeat(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    data[start:start] = data[start : start + chance.randrange(1, 500)] * chance.choice([1, 50])


def exaggerate(data: bytearray, chance: random.Random) -> None:
    """Put a huge or negative number where a number stands, or where none does."""
    digits = [i for i, byte in enumerate(data) if 48 <= byte <= 57] or [0]
    start = chance.choice(digits)
    data[start : start + 1] = chance.choice([b"-1", b"0", b"4294967296", b"9" * 30, b"1e999"])


MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (flip, cut, drop, repeat, exaggerate)


def mutated(number: int, seeds: dict[str, bytes]) -> tuple[str, bytes]:
    chance = random.Random(number)
    name = chance.choice(sorted(seeds))
    data = bytearray(seeds[name])
    for _ in range(chance.randint(1, 3)):
        # Of one byte nothing is left to be cut.
        if len(data) > 1:
            chance.choice(MUTATIONS)(data, chance)
    return name, bytes(data)


def by_the_libraries(name: str, data: bytes) -> None:
    """The control: no child, and only the errors that somebody thought of."""
    if name.endswith(".pdf"):
        for page in PdfReader(io.BytesIO(data)).pages:
            page.extract_text()
    elif name.endswith(".docx"):
        WordDocument(io.BytesIO(data))
    else:
        data.decode()


def linked(place: str) -> dict[str, bytes]:
    """Files that would have to ask for something elsewhere: pictures, formulas, macros, entities, other files."""
    there = f"{place}/x"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

    def links(*kinds: str) -> bytes:
        each = "".join(
            f'<Relationship Id="x{n}" Type="{office}/{kind}" Target="{there}" TargetMode="External"/>'
            for n, kind in enumerate(kinds)
        )
        return f'<Relationships xmlns="{_RELATIONS}">{each}</Relationships>'.encode()

    def fetching(sheet: Any) -> None:
        sheet.append(["Boat", "Fee"])
        sheet.append(["Dory", f'=WEBSERVICE("{there}")'])
        sheet.append(["Ketch", "=cmd|'/c calc'!A1"])

    entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{there}"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    frame = f'<draw:frame><draw:image xlink:href="{there}"/></draw:frame>'
    text = open_document("text", TEXT + frame.replace("xlink:", ""))
    return {
        "a.xlsx": added(workbook(fetching), {"xl/_rels/links.xml.rels": links("externalLink", "image")}),
        "b.xlsm": added(workbook(fetching), {"xl/vbaProject.bin": b"Sub AutoOpen()"}),
        "c.docx": added(a_word_file(), {"word/_rels/footer9.xml.rels": links("image", "attachedTemplate")}),
        "d.pptx": added(slides(), {"ppt/slides/_rels/slide9.xml.rels": links("image", "oleObject")}),
        "e.ods": open_sheet(entity + ODS.replace("Dory", "&e;&f;")),
        "f.odt": text,
        "g.epub": book({"one": f'<link rel="stylesheet" href="{there}"/><img src="{there}"/><p>At nine.</p>'}, ["one"]),
        "h.rtf": RTF.replace(
            b"Bold words.", b'{\\field{\\*\\fldinst INCLUDEPICTURE "' + there.encode() + b'"}}At nine.'
        ),
        "i.eml": mail(page=f'<img src="{there}"><iframe src="{there}"></iframe><p>At nine.</p>'),
        "j.xml": f"{entity}<x>At nine. &e;&f;</x>".encode(),
        "k.html": f'<img src="{there}"><script src="{there}"></script><p>At nine.</p>'.encode(),
        "l.zip": packed({"../../escaped.txt": b"x", "/etc/escaped.txt": b"x", "a.txt": b"At nine."}),
        "m.csv": f'Boat;Fee\nDory;=WEBSERVICE("{there}")\nKetch;20\n'.encode(),
        "n.msg": outlook("Hours", f"See {there}", ("a.txt", b"x")),
    }


_RELATIONS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"


def added(archive: bytes, parts: dict[str, bytes]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return packed({name: opened.read(name) for name in opened.namelist()} | parts)


def test_g08_nothing_that_a_file_points_to_is_followed_and_no_formula_is_run() -> None:
    with serving(lambda path: Reply(b"FETCHED")) as served:
        for name, data in linked(f"http://{served.place}").items():
            document = ends(partial(load_bytes, data, name))
            read = " ".join([page.text for page in document.pages])
            assert "FETCHED" not in read, name
            assert "root:" not in read, name
            assert all(
                ".." not in inner.name.split("/") and not inner.name.startswith("/") for inner in document.inside
            )
        assert served.requests == []


def test_g08_mutated_files_are_read_or_refused_and_neighbours_go_on() -> None:
    seeds = SEEDS
    outcomes: Counter[str] = Counter()
    control, harmed = 0, 0
    for number in range(FILES):
        name, data = mutated(number, seeds)
        try:
            ends(partial(load_bytes, data, name))
            outcomes["read"] += 1
        except UnreadableDocument as error:
            outcomes[error.key()] += 1
        if number % 10 == 0:
            harmed += load_bytes(NEIGHBOUR, "neighbour.md").pages[0].text != NEIGHBOUR.decode()
        try:
            by_the_libraries(name, data)
        except Exception:  # noqa: BLE001 - that these are of every sort is the point
            control += 1
    print(f"G8: {FILES} mutated files: {dict(outcomes)}, {harmed} neighbours harmed; "
          f"the control failed on {control}")  # fmt: skip
    assert outcomes.total() == FILES
    assert outcomes["read"] > 0
    assert harmed == 0
    assert control >= FILES / 10
