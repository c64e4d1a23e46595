"""Word files: headings, list numbers as Word shows them, titles, and files that other programs wrote."""

from __future__ import annotations

import pytest

from rag.core.errors import DamagedFile, NoText
from rag.core.types import LoadedDocument, Page
from rag.ingestion.loading import load_bytes
from tests.support.word_files import docx, links, p, packed, run, unpacked, xml

STYLE = '<w:style w:type="paragraph" w:styleId="{id}"><w:name w:val="{name}"/>{more}</w:style>'
BASED = '<w:basedOn w:val="{}"/>'
LEVEL = '<w:pPr><w:outlineLvl w:val="{}"/></w:pPr>'


def load(body: str, **parts: str) -> LoadedDocument:
    return load_bytes(docx(body, **parts), "staff_rules.docx")


def read(body: str, **parts: str) -> Page:
    (page,) = load(body, **parts).pages
    for heading in page.headings:
        assert page.text[heading.start :].startswith(heading.title)
    return page


def styled(style: str, text: str) -> str:
    return p(text, properties=f'<w:pStyle w:val="{style}"/>')


def headings(page: Page) -> list[tuple[int, str]]:
    return [(heading.level, heading.title) for heading in page.headings]


# Headings


def test_headings_are_told_by_name_outline_or_what_their_style_is_based_on() -> None:
    styles = (
        STYLE.format(id="berschrift1", name="heading 1", more="")
        + STYLE.format(id="Clause", name="Clause", more=BASED.format("berschrift1"))
        + STYLE.format(id="Legal2", name="Legal 2", more=LEVEL.format(1))
        + STYLE.format(id="TOCHeading", name="TOC Heading", more=BASED.format("berschrift1") + LEVEL.format(9))
        + STYLE.format(id="Kop", name="Überschrift 3", more="")
    )
    body = (
        styled("berschrift1", "One")
        + styled("Clause", "Two")
        + styled("Legal2", "Three")
        + styled("TOCHeading", "Four")
    )
    body += styled("Kop", "Five") + p("Six", properties='<w:outlineLvl w:val="4"/>') + p("Seven")
    assert headings(read(body, styles=styles)) == [(1, "One"), (1, "Two"), (2, "Three"), (3, "Five"), (5, "Six")]


def test_headings_are_told_without_a_part_of_styles() -> None:
    body = styled("Title", "Handbook") + styled("Heading1", "Leave") + p("Words.") + styled("Heading_20_2", "Notice")
    document = load(body)
    assert headings(document.pages[0]) == [(1, "Handbook"), (1, "Leave"), (2, "Notice")]
    assert document.title == "Handbook"


def test_a_meaningless_title_gives_way_to_the_first_heading() -> None:
    core = '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{}</dc:title></cp:coreProperties>'
    kind = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"
    files = unpacked(docx(p("Intro.") + styled("Heading1", "Leave policy")))
    files["_rels/.rels"] = files["_rels/.rels"].replace(
        "</Relationships>", f'<Relationship Id="c" Type="{kind}" Target="docProps/core.xml"/></Relationships>'
    )
    for stated, title in (("Microsoft Word - draft.docx", "Leave policy"), ("Travel rules", "Travel rules")):
        files["docProps/core.xml"] = core.format(stated)
        assert load_bytes(packed(files), "x.docx").title == title


# Lists


def numbering(levels: str, nums: str = '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>') -> str:
    return f'<w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>{nums}'


def level(depth: int, pattern: str, format_: str = "decimal", more: str = "", start: int = 1) -> str:
    counted = f'<w:start w:val="{start}"/><w:numFmt w:val="{format_}"/>{more}<w:lvlText w:val="{pattern}"/>'
    return f'<w:lvl w:ilvl="{depth}">{counted}</w:lvl>'


def num(id_: int, override: str = "") -> str:
    own = f'<w:lvlOverride w:ilvl="0">{override}</w:lvlOverride>' if override else ""
    return f'<w:num w:numId="{id_}"><w:abstractNumId w:val="0"/>{own}</w:num>'


def item(text: str, number: int = 1, depth: int = 0, more: str = "") -> str:
    listed = f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{number}"/></w:numPr>'
    return p(*([text] if text else []), properties=listed + more)


def test_numbers_of_several_levels_and_kinds() -> None:
    levels = level(0, "%1.") + level(1, "%1.%2") + level(2, "(%3)", "lowerLetter") + level(3, "§ %4", "upperRoman")
    body = (
        item("A")
        + item("B", depth=1)
        + item("C", depth=1)
        + item("D", depth=2)
        + item("E", depth=3)
        + item("F")
        + item("G", depth=1)
    )
    assert read(body, numbering=numbering(levels)).text.split("\n") == [
        "1. A", "1.1 B", "1.2 C", "(a) D", "§ I E", "2. F", "2.1 G",
    ]  # fmt: skip


def test_a_list_begins_anew_where_its_number_says_so() -> None:
    begins = '<w:startOverride w:val="{}"/>'
    nums = num(1, begins.format(1)) + num(2, begins.format(1)) + num(3, begins.format(7)) + num(4)
    body = item("A") + item("B") + item("C", 2) + item("D", 2) + item("E", 3) + item("F", 2) + item("G", 4)
    text = read(body, numbering=numbering(level(0, "%1."), nums)).text
    assert text.split("\n") == ["1. A", "2. B", "1. C", "2. D", "7. E", "8. F", "9. G"]


def test_an_override_can_replace_a_level_and_a_level_can_go_on_counting() -> None:
    nums = num(1) + num(2, level(0, "Annex %1:", "upperLetter", start=3))
    assert read(item("A") + item("B", 2), numbering=numbering(level(0, "%1."), nums)).text == "1. A\nAnnex C: B"
    goes_on = level(0, "%1.") + level(1, "%2)", more='<w:lvlRestart w:val="0"/>')
    body = item("A") + item("B", depth=1) + item("C") + item("D", depth=1)
    assert read(body, numbering=numbering(goes_on)).text.split("\n") == ["1. A", "1) B", "2. C", "2) D"]


def test_legal_numbers_are_written_in_digits_throughout() -> None:
    levels = level(0, "%1", "upperRoman") + level(1, "%1.%2", more="<w:isLgl/>")
    assert read(item("A") + item("B", depth=1), numbering=numbering(levels)).text == "I A\n1.1 B"
    levels = level(0, "%1", "upperRoman") + level(1, "Section %1.%2", "decimalZero", more="<w:isLgl/>")
    assert read(item("A") + item("B", depth=1), numbering=numbering(levels)).text == "I A\nSection 1.01 B"


def test_an_empty_item_counts_and_a_deleted_one_does_not() -> None:
    gone = '<w:rPr><w:del w:id="1"/></w:rPr>'
    body = item("A") + item("") + item("C") + item("", more=gone) + item("D")
    assert read(body, numbering=numbering(level(0, "%1."))).text == "1. A\n3. C\n4. D"


def test_a_heading_bears_its_number() -> None:
    listed = '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>'
    styles = STYLE.format(id="H1", name="heading 1", more=listed) + STYLE.format(id="H2", name="heading 2", more=listed)
    linked = level(0, "Article %1", more='<w:pStyle w:val="H1"/>') + level(1, "%1.%2", more='<w:pStyle w:val="H2"/>')
    page = read(styled("H1", "Pay") + styled("H2", "Bonus") + p("Words."), styles=styles, numbering=numbering(linked))
    assert headings(page) == [(1, "Article 1 Pay"), (2, "1.1 Bonus")]
    assert page.text == "Article 1 Pay\n\n1.1 Bonus\n\nWords."


def test_marks_of_lists_that_are_boxes_stay_boxes() -> None:
    font = "<w:rPr><w:rFonts w:ascii='Wingdings' w:hAnsi='Wingdings'/></w:rPr>"
    boxes = f'<w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="\uf0a8"/>{font}</w:lvl>'
    dots = '<w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="\uf0b7"/></w:lvl>'
    assert read(item("Open"), numbering=numbering(boxes)).text == "☐ Open"
    assert read(item("Point"), numbering=numbering(dots)).text == "• Point"


# Files of other programs


def test_the_strict_form_of_the_standard_is_read() -> None:
    files = unpacked(
        docx(
            styled("H", "Leave") + p("It is ", run("gone ", "<w:vanish/>"), "25 days."),
            styles=STYLE.format(id="H", name="heading 1", more=""),
        )
    )
    names = {
        "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "http://purl.oclc.org/ooxml/wordprocessingml/main",
        "http://schemas.openxmlformats.org/officeDocument/2006/": "http://purl.oclc.org/ooxml/officeDocument/",
    }
    for name, content in files.items():
        for ordinary, strict in names.items():
            content = content.replace(ordinary, strict)
        files[name] = content
    (page,) = load_bytes(packed(files), "strict.docx").pages
    assert (page.text, headings(page)) == ("Leave\n\nIt is 25 days.", [(1, "Leave")])
    assert [part.text for part in page.left_out] == ["gone"]


def test_parts_lie_where_the_links_say_and_nowhere_else_is_needed() -> None:
    styles = STYLE.format(id="H", name="heading 1", more="")
    document = load_bytes(docx(styled("H", "Leave") + p("Words."), main="content/story7.xml", styles=styles), "x.docx")
    assert (document.kind, headings(document.pages[0])) == ("word", [(1, "Leave")])
    bare = packed({"word/document.xml": xml("document", f"<w:body>{p('Words.')}</w:body>")})
    assert load_bytes(bare, "x.docx").pages[0].text == "Words."
    rooted = packed(
        {
            "_rels/.rels": links(("r", "officeDocument", "/Word/Document.xml")),
            "word/document.xml": xml("document", f"<w:body>{p('Words.')}</w:body>"),
        }
    )
    assert load_bytes(rooted, "x.docx").pages[0].text == "Words."


def test_a_word_file_written_as_one_xml_file_is_read() -> None:
    files = unpacked(docx(p("All in one."), styles=""))
    name = "http://schemas.microsoft.com/office/2006/xmlPackage"
    part = '<pkg:part pkg:name="/{}"><pkg:xmlData>{}</pkg:xmlData></pkg:part>'
    parts = "".join(
        part.format(n, c.partition("?>")[2] if c.startswith("<?") else c) for n, c in files.items() if n[0] != "["
    )
    head = '<?xml version="1.0"?><?mso-application progid="Word.Document"?>'
    whole = f'{head}<pkg:package xmlns:pkg="{name}">{parts}</pkg:package>'
    document = load_bytes(whole.encode(), "x.xml")
    assert (document.kind, document.pages[0].text) == ("word", "All in one.")


def test_a_document_inside_of_another_is_read_in_its_place() -> None:
    page = b"<html><body><p>From a <b>web</b> page.</p><p>Two.</p></body></html>"
    mime = b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n"
    mime += b"--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    inner = docx(p("From a Word file."))
    for name, content, text in (
        ("afchunk.html", page, "From a web page.\n\nTwo."),
        ("afchunk.mht", mime + page + b"\r\n--x--\r\n", "From a web page.\n\nTwo."),
        ("afchunk.docx", inner, "From a Word file."),
    ):
        files: dict[str, str | bytes] = dict(unpacked(docx(p("Before.") + '<w:altChunk r:id="c"/>' + p("After."))))
        files["word/_rels/document.xml.rels"] = links(("c", "aFChunk", f"../{name}"))
        files[name] = content
        assert load_bytes(packed(files), "x.docx").pages[0].text == f"Before.\n\n{text}\n\nAfter."


def test_a_file_whose_folders_are_parted_as_windows_parts_them_is_read() -> None:
    files = {name.replace("/", "\\"): text for name, text in unpacked(docx(p("It closes at nine."))).items()}
    (page,) = load_bytes(packed(files), "hours.docx").pages
    assert page.text == "It closes at nine."


def test_broken_files_are_refused_by_what_is_wrong_with_them() -> None:
    files = unpacked(docx(p("Words.")))
    files["word/document.xml"] = "<w:document><w:body>"
    with pytest.raises(DamagedFile):
        load_bytes(packed(files), "x.docx")
    with pytest.raises(NoText):
        load_bytes(docx("<w:p/>"), "x.docx")
