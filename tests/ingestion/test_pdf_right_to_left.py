"""PDFs that are read from the right, as browsers write them: some words drawn as they stand, letter by letter."""

from __future__ import annotations

import re

from rag.ingestion.loading import Ocr, load_bytes

LINES = (
    "דמי החבר הם שקלים בשנה והטלפון 47.",
    "התשלום בתחילת כל שנה, לא יאוחר ממרץ.",
    "(הנחה לסטודנטים) לפי בקשה בכתב.",
)
_CMAP = (
    "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def "
    "1 begincodespacerange <00> <FF> endcodespacerange {count} beginbfchar\n{entries}\nendbfchar endcmap "
    "CMapName currentdict /CMap defineresource pop end end"
)
_STEP = 6.6


def as_it_stands(line: str) -> str:
    """A line as its letters stand from the left: figures keep their order, brackets are turned."""
    turned = line.translate(str.maketrans("()", ")("))
    return re.sub(r"\d+", lambda figure: figure[0][::-1], turned[::-1])


def drawn(lines: tuple[str, ...], *, parted: bool) -> bytes:
    """A PDF of the lines; `parted`: in every other word some letters say themselves what they are."""
    codes = {letter: 65 + n for n, letter in enumerate(sorted({c for line in lines for c in line} - {" "}))}
    entries = "\n".join(f"<{code:02X}> <{ord(letter):04X}>" for letter, code in codes.items())
    operations = ["BT /F1 11 Tf"]
    for number, line in enumerate(map(as_it_stands, lines)):
        for count, word in enumerate(reversed(list(re.finditer(r"\S+", line)))):
            for at in range(*word.span()):
                says = parted and count % 2 == 0 and line[at].isalpha() and at % 2 == 0
                before = f"/Span<</ActualText <FEFF{ord(line[at]):04X}> >> BDC " if says else ""
                place = f"1 0 0 1 {60 + _STEP * at:.1f} {760 - 20 * number} Tm"
                operations.append(f"{before}{place} <{codes[line[at]]:02X}> Tj{' EMC' if says else ''}")
    stream, cmap = "\n".join([*operations, "ET"]), _CMAP.format(count=len(codes), entries=entries)
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Courier /ToUnicode 6 0 R >>",
        f"<< /Length {len(cmap)} >>\nstream\n{cmap}\nendstream",
    ]
    body = "".join(f"{number} 0 obj\n{one}\nendobj\n" for number, one in enumerate(objects, 1))
    return f"%PDF-1.4\n{body}trailer << /Size 7 /Root 1 0 R >>\n%%EOF".encode("latin-1")


def test_words_and_signs_are_read_from_the_right_however_they_were_drawn() -> None:
    for parted in (False, True):
        (page,) = load_bytes(drawn(LINES, parted=parted), "fees.pdf", ocr=Ocr("never")).pages
        assert page.text.split("\n") == list(LINES), parted


def test_the_columns_of_a_table_are_read_from_the_right() -> None:
    rows = (
        "שירות          מחיר           משך",
        "תיקון          120            יומיים",
        "החלפה          60             שעה",
    )
    (page,) = load_bytes(drawn(rows, parted=False), "prices.pdf", ocr=Ocr("never")).pages
    assert page.text.split("\n") == [" | ".join(row.split()) for row in rows]
    assert page.tables[0].heads == tuple(rows[0].split())
