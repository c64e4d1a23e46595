"""Makes the sample documents of `data/samples/` from the texts in `data/sources/`.

    python data/make_samples.py [FOLDER]

The same texts give the same bytes each time: no date of the day goes in, and the PDF is neither
compressed nor given fonts of this machine, only those that every reader brings along.
Needs reportlab and python-docx.

The texts are written in a small part of Markdown: `#` a chapter, `##` a section, `- ` and `1. `
lists, `| a | b |` table rows of which the first is the head, `> ` a note, `**bold**`, and
`<<columns>>`, `<<next>>` and `<<end>>` around what is set in two columns.
"""

from __future__ import annotations

import io
import re
import sys
import zipfile
from collections.abc import Iterator
from datetime import datetime
from html import escape
from pathlib import Path

import docx
from docx.document import Document
from docx.oxml.ns import qn
from docx.shared import Pt
from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    FrameBreak,
    ListFlowable,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

HERE = Path(__file__).resolve().parent
WIDTH, HEIGHT = A4
MARGIN = 24 * mm
FRONT_PAGES = 3  # cover, contents and welcome are numbered i to iii
NAVY, TEAL, MIST, INK = HexColor("#123a56"), HexColor("#1f7a8c"), HexColor("#eaf1f4"), HexColor("#1d2730")

BODY = ParagraphStyle(
    "body", fontName="Times-Roman", fontSize=12, leading=17, textColor=INK, spaceAfter=8, allowWidows=0
)
SMALL = ParagraphStyle("small", BODY, fontSize=11, leading=14, spaceAfter=0)
HEAD = ParagraphStyle("head", SMALL, fontName="Helvetica-Bold", textColor=white)
CHAPTER = ParagraphStyle("chapter", fontName="Helvetica-Bold", fontSize=22, leading=28, textColor=NAVY, spaceAfter=12)
SECTION = ParagraphStyle(
    "section",
    fontName="Helvetica-Bold",
    fontSize=13,
    leading=16,
    textColor=TEAL,
    spaceBefore=10,
    spaceAfter=6,
    keepWithNext=1,
)
NOTE = ParagraphStyle(
    "note", BODY, fontName="Times-Italic", backColor=MIST, borderPadding=8, leftIndent=8, rightIndent=8, spaceBefore=14
)
CONTENTS = ParagraphStyle(
    "contents", BODY, fontName="Helvetica-Bold", textColor=NAVY, spaceAfter=1, tabs=((WIDTH - 2 * MARGIN,),)
)
UNDER = ParagraphStyle("under", SMALL, leftIndent=18, spaceAfter=6)
CENTRED = ParagraphStyle("centred", SMALL, alignment=TA_CENTER)

Block = tuple[str, list[str]]


def blocks(text: str) -> Iterator[Block]:
    """The text's blocks as (kind, lines); kinds: chapter, section, bullets, numbers, table, note, mark, text."""
    marks = {"# ": "chapter", "##": "section", "- ": "bullets", "| ": "table", "> ": "note", "<<": "mark"}
    for part in re.split(r"\n\s*\n", text.strip()):
        lines = part.splitlines()
        kind = "numbers" if re.match(r"1\. ", part) else marks.get(part[:2], "text")
        if kind == "table":
            yield kind, lines
        elif kind == "mark":
            yield kind, [part.strip("<>")]
        else:
            yield kind, [re.sub(r"^(#+|-|>|\d+\.) ", "", line) if kind != "text" else line for line in lines]


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip("| ").split("|")]


def inline(text: str) -> str:
    return re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", escape(text, quote=False))


class Bookmark(Flowable):
    """Takes no room; puts its title into the outline, pointing at this place."""

    def __init__(self, title: str, level: int) -> None:
        super().__init__()
        self.title, self.level = title, level

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        return 0, 0

    def draw(self) -> None:
        key = re.sub(r"\W+", "-", self.title)
        _, top = self.canv.absolutePosition(0, 0)
        self.canv.bookmarkPage(key, fit="XYZ", left=0, top=top + 4, zoom=0)
        self.canv.addOutlineEntry(self.title, key, self.level, closed=self.level == 0)


def table(rows: list[str], width: float) -> Table:
    """A ruled table, its first row the head, its columns as wide as their longest cell asks."""
    data = [cells(row) for row in rows]
    longest = [max(len(row[i]) for row in data) for i in range(len(data[0]))]
    drawn = Table(
        [[Paragraph(inline(cell), HEAD if i == 0 else SMALL) for cell in row] for i, row in enumerate(data)],
        colWidths=[width * size / sum(longest) for size in longest],
        spaceBefore=6,
        spaceAfter=12,
        repeatRows=1,
    )
    drawn.setStyle(
        TableStyle(
            [
                ("BACKGROUND", (0, 0), (-1, 0), NAVY),
                ("ROWBACKGROUNDS", (0, 1), (-1, -1), [white, MIST]),
                ("LINEBELOW", (0, -1), (-1, -1), 0.8, NAVY),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("TOPPADDING", (0, 0), (-1, -1), 4),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
            ]
        )
    )
    return drawn


def flow(kind: str, lines: list[str], width: float) -> list[Flowable]:
    """One block as reportlab sets it."""
    if kind == "chapter":
        return [Bookmark(lines[0], 0), Paragraph(inline(lines[0]), CHAPTER)]
    if kind == "section":
        return [Bookmark(lines[0], 1), Paragraph(inline(lines[0]), SECTION)]
    if kind == "table":
        return [table(lines, width)]
    if kind in ("bullets", "numbers"):
        start = {"start": "•", "bulletType": "bullet"} if kind == "bullets" else {"bulletType": "1"}
        items = [Paragraph(inline(line), BODY) for line in lines]
        return [ListFlowable(items, leftIndent=16, bulletColor=TEAL, bulletFontName="Helvetica", **start)]
    return [Paragraph(inline(" ".join(lines)), NOTE if kind == "note" else BODY)]


def draw_cover(canvas: Canvas, _: BaseDocTemplate) -> None:
    """A buoy on a calm sea at night."""
    canvas.setFillColor(NAVY)
    canvas.rect(0, 0, WIDTH, HEIGHT, stroke=0, fill=1)
    canvas.setFillColor(HexColor("#f2e9d0"))
    canvas.circle(WIDTH - 45 * mm, HEIGHT - 50 * mm, 12 * mm, stroke=0, fill=1)
    _draw_buoy(canvas, WIDTH / 2, 92 * mm)
    for i in range(6):
        canvas.setFillColor(Color(0.12, 0.48 - i * 0.05, 0.55 - i * 0.04, alpha=0.75))
        _draw_wave(canvas, (88 - i * 15) * mm, (9 + i) * mm, i * 23 * mm)
    canvas.setFillColor(white)
    canvas.setFont("Helvetica", 14)
    canvas.drawString(MARGIN, HEIGHT - 42 * mm, "LARKFIELD INSTRUMENTS")
    canvas.setFont("Helvetica-Bold", 40)
    canvas.drawString(MARGIN, HEIGHT - 68 * mm, "Employee")
    canvas.drawString(MARGIN, HEIGHT - 84 * mm, "handbook")
    canvas.setFont("Times-Italic", 15)
    canvas.drawString(MARGIN, HEIGHT - 98 * mm, "How we work with one another. Edition 2026")


def _draw_buoy(canvas: Canvas, x: float, y: float) -> None:
    canvas.setFillColor(HexColor("#e8a33d"))
    shape = canvas.beginPath()
    for i, (dx, dy) in enumerate([(-22, -14), (22, -14), (14, 6), (5, 34), (-5, 34), (-14, 6)]):
        (shape.lineTo if i else shape.moveTo)(x + dx * mm, y + dy * mm)
    shape.close()
    canvas.drawPath(shape, stroke=0, fill=1)
    canvas.setFillColor(NAVY)
    canvas.rect(x - 12.2 * mm, y + 10 * mm, 24.4 * mm, 5 * mm, stroke=0, fill=1)
    canvas.setFillColor(HexColor("#f2e9d0"))
    canvas.circle(x, y + 39 * mm, 4 * mm, stroke=0, fill=1)


def _draw_wave(canvas: Canvas, y: float, swell: float, shift: float) -> None:
    shape = canvas.beginPath()
    shape.moveTo(-shift, 0)
    shape.lineTo(-shift, y)
    step, x = 70 * mm, -shift
    while x < WIDTH + step:
        shape.curveTo(x + step / 3, y + swell, x + 2 * step / 3, y - swell, x + step, y)
        x += step
    shape.lineTo(x, 0)
    shape.close()
    canvas.drawPath(shape, stroke=0, fill=1)


def draw_frame(canvas: Canvas, _: BaseDocTemplate) -> None:
    """Header and footer of every page but the cover, drawn last so that a page's text begins with its own words."""
    number = canvas.getPageNumber()
    printed = str(number - FRONT_PAGES) if number > FRONT_PAGES else ("i", "ii", "iii")[number - 1]
    canvas.setStrokeColor(TEAL)
    canvas.setLineWidth(0.6)
    canvas.line(MARGIN, HEIGHT - 18 * mm, WIDTH - MARGIN, HEIGHT - 18 * mm)
    canvas.setFillColor(TEAL)
    canvas.setFont("Helvetica", 8.5)
    canvas.drawString(MARGIN, HEIGHT - 16 * mm, "Larkfield Instruments")
    canvas.drawRightString(WIDTH - MARGIN, HEIGHT - 16 * mm, "Employee handbook, edition 2026")
    canvas.drawCentredString(WIDTH / 2, 12 * mm, printed)


def templates() -> list[PageTemplate]:
    wide, top, foot, gap = WIDTH - 2 * MARGIN, HEIGHT - 24 * mm, 18 * mm, 8 * mm
    head = 16 * mm
    whole = Frame(MARGIN, foot, wide, top - foot, 0, 0, 0, 0)
    two = [Frame(MARGIN, top - head, wide, head, 0, 0, 0, 0)]
    column = (wide - gap) / 2
    two += [Frame(MARGIN + i * (column + gap), foot, column, top - foot - head, 0, 0, 0, 0) for i in (0, 1)]
    return [
        PageTemplate("cover", [whole], onPage=draw_cover),
        PageTemplate("one", [whole], onPageEnd=draw_frame),
        PageTemplate("two", two, onPageEnd=draw_frame),
    ]


def contents(parts: list[Block]) -> list[Flowable]:
    """The list of chapters, each with its sections; a chapter fills exactly one page."""
    found: list[Flowable] = [Paragraph("Contents", CHAPTER)]
    chapters: list[tuple[str, list[str]]] = []
    for kind, lines in parts:
        if kind == "chapter":
            chapters.append((lines[0], []))
        elif kind == "section":
            chapters[-1][1].append(lines[0].split(" ", 1)[1])
    for i, (title, sections) in enumerate(chapters):
        page = "iii" if i == 0 else str(i)
        key = re.sub(r"\W+", "-", title)
        row = [Paragraph(f'<a href="#{key}">{inline(title)}</a>', CONTENTS), Paragraph(page, CENTRED)]
        found.append(Table([row], colWidths=[WIDTH - 2 * MARGIN - 30, 30], style=[("LEFTPADDING", (0, 0), (0, 0), 0)]))
        if sections:
            found.append(Paragraph(inline(" · ".join(sections)), UNDER))
    return found


class Handbook(BaseDocTemplate):
    """The document template with page labels: i to iii, then 1 onwards."""

    def beforeDocument(self) -> None:  # noqa: N802 (reportlab's name)
        self.canv.addPageLabel(0, "ROMAN_LOWER", 1)
        self.canv.addPageLabel(FRONT_PAGES, "ARABIC", 1)
        self.canv.showOutline()


def handbook(text: str) -> bytes:
    """The handbook as PDF; fails when a chapter does not fit on its page."""
    parts = list(blocks(text))
    story: list[Flowable] = [Spacer(1, 1), NextPageTemplate("one"), PageBreak(), *contents(parts)]
    width = WIDTH - 2 * MARGIN
    for i, (kind, lines) in enumerate(parts):
        if kind == "mark":
            story += [FrameBreak()] if lines[0] != "end" else []
            continue
        if kind == "chapter":
            two = parts[i + 1] == ("mark", ["columns"])
            story += [NextPageTemplate("two" if two else "one"), PageBreak()]
        story += flow(kind, lines, width)
    out = io.BytesIO()
    book = Handbook(
        out,
        pagesize=A4,
        pageTemplates=templates(),
        invariant=1,
        pageCompression=0,
        title="Employee handbook",
        author="Larkfield Instruments",
        subject="How we work with one another. Edition 2026",
        lang="en-GB",
    )
    book.build(story)
    chapters = sum(kind == "chapter" for kind, _ in parts)
    if book.page != FRONT_PAGES - 1 + chapters:
        raise SystemExit(f"{book.page} pages for {chapters} chapters: one of them does not fit on its page")
    return out.getvalue()


def _set_chinese_font(document: Document) -> None:
    for name in ("Normal", "Title", "Heading 1", "List Bullet"):
        style = document.styles[name]
        style.font.name = "Arial"
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), "SimSun")
    document.styles["Normal"].font.size = Pt(11)


def notice(text: str) -> bytes:
    """The Chinese notice as a Word file with headings and a table."""
    document = docx.Document()
    _set_chinese_font(document)
    for kind, lines in blocks(text):
        if kind in ("chapter", "section"):
            document.add_heading(lines[0], level=0 if kind == "chapter" else 1)
        elif kind == "table":
            rows = [cells(line) for line in lines]
            grid = document.add_table(len(rows), len(rows[0]), style="Light Grid Accent 1")
            for drawn, row in zip(grid.rows, rows, strict=True):
                for cell, words in zip(drawn.cells, row, strict=True):
                    cell.text = words
        else:
            document.add_paragraph("".join(lines))
    core = document.core_properties
    core.title, core.author, core.language = "关于上海办事处搬迁的通知", "拉克菲尔德仪器公司", "zh-CN"
    core.created = core.modified = datetime(2026, 3, 30, 9, 0)
    out = io.BytesIO()
    document.save(out)
    return _undated(out.getvalue())


def _undated(archive: bytes) -> bytes:
    """The same zip archive, all its parts dated 1980: the hour of making it leaves no trace."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w") as new:
        for item in old.infolist():
            new.writestr(zipfile.ZipInfo(item.filename, (1980, 1, 1, 0, 0, 0)), old.read(item), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def make(folder: Path) -> list[Path]:
    """Writes the made samples into the folder and returns their paths."""
    made = {
        "employee-handbook.pdf": handbook((HERE / "sources" / "handbook.md").read_text("utf-8")),
        "shanghai-office-move.docx": notice((HERE / "sources" / "notice-zh.md").read_text("utf-8")),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in made.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in made]


if __name__ == "__main__":
    for path in make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "samples"):
        sys.stdout.write(f"{path.name} {path.stat().st_size}\n")
