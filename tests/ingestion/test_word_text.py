"""Word files: what is revoked or unseen, what hangs beside the text, forms, formulas, signs."""

from __future__ import annotations

import pytest

from rag.core.types import LeftOut, Page
from rag.ingestion.loading import load_bytes
from tests.support.word_files import docx, field, p, run

CONTROL = "<w:sdt><w:sdtPr>{}</w:sdtPr><w:sdtContent>{}</w:sdtContent></w:sdt>"


def choice(state: int, sign: str) -> str:
    """A checkbox of a form, drawn with some sign."""
    return CONTROL.format(f"<w14:checkbox><w14:checked w14:val='{state}'/></w14:checkbox>", sign)


def read(body: str, **parts: str) -> Page:
    (page,) = load_bytes(docx(body, **parts), "notes.docx").pages
    for heading in page.headings:
        assert page.text[heading.start :].startswith(heading.title)
    return page


def left_out(page: Page) -> list[tuple[str, str, str]]:
    """Why, what, and the words before the place."""
    return [(part.why, part.text, page.text[: part.start][-8:]) for part in page.left_out]


STYLES = """
<w:style w:type="character" w:styleId="Secret"><w:name w:val="Secret"/><w:rPr><w:vanish/></w:rPr></w:style>
<w:style w:type="character" w:styleId="More"><w:name w:val="More"/><w:basedOn w:val="Secret"/></w:style>
<w:style w:type="paragraph" w:styleId="Old"><w:name w:val="Old"/><w:rPr><w:strike/></w:rPr></w:style>
<w:style w:type="paragraph" w:styleId="Dark"><w:name w:val="Dark"/>
<w:pPr><w:shd w:val="clear" w:fill="1F1F1F"/></w:pPr></w:style>
"""


@pytest.mark.parametrize(
    ("properties", "why"),
    [
        ("<w:vanish/>", "hidden"),
        ("<w:rStyle w:val='Secret'/>", "hidden"),
        ("<w:rStyle w:val='More'/>", "hidden"),
        ("<w:strike/>", "struck"),
        ("<w:dstrike/>", "struck"),
        ("<w:color w:val='FFFFFF'/>", "unseen"),
        ("<w:color w:val='FEFEFE'/>", "unseen"),
        ("<w:sz w:val='2'/>", "unseen"),
        ("<w:color w:val='FF0000'/><w:shd w:val='clear' w:fill='FF0000'/>", "unseen"),
        ("<w:color w:val='00FF00'/><w:highlight w:val='lime'/>", "unseen"),
    ],
)
def test_what_nobody_is_meant_to_read_is_no_text_and_is_listed(properties: str, why: str) -> None:
    page = read(p("Pay is 10 ", run("or 20 ", properties), "euros."), styles=STYLES)
    assert page.text == "Pay is 10 euros."
    assert left_out(page) == [(why, "or 20", "y is 10 ")]


@pytest.mark.parametrize(
    "properties",
    [
        "<w:vanish w:val='0'/>",
        "<w:rStyle w:val='Secret'/><w:vanish w:val='false'/>",
        "<w:strike w:val='off'/>",
        "<w:color w:val='FFFFFF'/><w:shd w:val='clear' w:fill='000000'/>",
        "<w:color w:val='FFFFFF'/><w:highlight w:val='darkBlue'/>",
        "<w:color w:val='auto'/>",
        "<w:sz w:val='8'/>",
        "<w:webHidden/>",
    ],
)
def test_what_is_seen_all_the_same_is_text(properties: str) -> None:
    page = read(p("Pay is ", run("20 euros.", properties)), styles=STYLES)
    assert (page.text, page.left_out) == ("Pay is 20 euros.", ())


def test_a_style_strikes_a_whole_paragraph_and_a_run_can_undo_it() -> None:
    page = read(p("Old rule.", properties='<w:pStyle w:val="Old"/>') + p("New rule."), styles=STYLES)
    assert (page.text, left_out(page)) == ("New rule.", [("struck", "Old rule.", "")])
    page = read(p(run("New rule.", "<w:strike w:val='0'/>"), properties='<w:pStyle w:val="Old"/>'), styles=STYLES)
    assert page.text == "New rule."


def test_white_text_is_seen_on_a_dark_paragraph_cell_or_page() -> None:
    white = run("Seen.", "<w:color w:val='FFFFFF'/>")
    assert read(p(white, properties='<w:pStyle w:val="Dark"/>'), styles=STYLES).text == "Seen."
    cell = f"<w:tc><w:tcPr><w:shd w:val='clear' w:fill='333333'/></w:tcPr>{p(white)}</w:tc>"
    styled = "<w:tblPr><w:tblStyle w:val='GridTable'/></w:tblPr>"
    assert read(f"<w:tbl><w:tr>{cell}</w:tr></w:tbl>").text == "Seen."
    assert read(f"<w:tbl>{styled}<w:tr><w:tc>{p(white)}</w:tc></w:tr></w:tbl>").text == "Seen."
    assert read(p("Text.") + f"<w:tbl><w:tr><w:tc>{p(white)}</w:tc></w:tr></w:tbl>").text == "Text."


def test_deleted_revisions_are_no_text_and_inserted_ones_are() -> None:
    page = read(
        p(
            "Notice is ",
            "<w:del><w:r><w:delText>one month</w:delText></w:r></w:del>",
            f"<w:ins>{run('two weeks')}</w:ins>",
            ".",
        )
        + p("<w:moveFrom><w:r><w:t>Moved.</w:t></w:r></w:moveFrom>")
        + p("Last. ", f"<w:moveTo>{run('Moved.')}</w:moveTo>")
    )
    assert page.text == "Notice is two weeks.\n\nLast. Moved."
    assert left_out(page) == [("deleted", "one month", "tice is "), ("deleted", "Moved.", "o weeks.")]


def test_paragraphs_run_together_where_the_mark_between_them_is_deleted() -> None:
    gone = '<w:rPr><w:del w:id="1"/></w:rPr>'
    assert (
        read(p("One begins ", properties=gone) + p("and goes on.") + p("Two.")).text
        == "One begins and goes on.\n\nTwo."
    )


def test_a_deleted_or_hidden_row_of_a_table_is_no_text() -> None:
    row = "<w:tr>{}<w:tc>{}</w:tc><w:tc>{}</w:tc></w:tr>"
    rows = row.format("", p("Ada"), p("5")) + row.format("<w:trPr><w:del w:id='1'/></w:trPr>", p("Bo"), p("6"))
    page = read(f"<w:tbl>{rows}</w:tbl>")
    assert (page.text, [(part.why, part.text) for part in page.left_out]) == ("Ada | 5", [("deleted", "Bo 6")])


def test_comments_are_listed_where_they_stand() -> None:
    comment = f"<w:comment w:id='7'>{p('Is that so?')}</w:comment>"
    page = read(p("It is so.", "<w:r><w:commentReference w:id='7'/></w:r>") + p("And more."), comments=comment)
    assert (page.text, left_out(page)) == ("It is so.\n\nAnd more.", [("hidden", "Is that so?", "t is so.")])


def test_raised_figures_stand_apart_and_lowered_ones_in_line() -> None:
    high, low = "<w:vertAlign w:val='superscript'/>", "<w:vertAlign w:val='subscript'/>"
    body = p(
        "It costs $320",
        run("1", high),
        " a year, 10",
        run("2", high),
        " pieces of H",
        run("2", low),
        "SO",
        run("4", low),
        ".",
    )
    assert read(body).text == "It costs $320 [1] a year, 10^2 pieces of H2SO4."
    assert read(p("The 1", run("st", high), " of May, 20 m", run("2", high), ".")).text == "The 1st of May, 20 m^2."
    moved = "<w:position w:val='6'/><w:sz w:val='14'/>"
    assert read(p("It costs $320", run("1", moved), " a year.")).text == "It costs $320 [1] a year."


def test_notes_are_numbered_in_the_order_of_the_text_and_stand_behind_it() -> None:
    note = "<w:footnote w:id='{}'><w:p><w:r><w:footnoteRef/></w:r><w:r><w:t> {}</w:t></w:r></w:p></w:footnote>"
    notes = (
        "<w:footnote w:id='0' w:type='separator'><w:p/></w:footnote>"
        + note.format(5, "Second.")
        + note.format(8, "First.")
    )
    reference = "<w:r><w:footnoteReference w:id='{}'/></w:r>"
    page = read(
        p("Rent is $400", reference.format(8), " a month.", reference.format(5), " Heating is extra."), footnotes=notes
    )
    assert page.text == "Rent is $400 [1] a month. [2] Heating is extra.\n\n[1] First.\n\n[2] Second."


def test_a_note_with_a_mark_of_its_own_keeps_it() -> None:
    notes = f"<w:footnote w:id='3'>{p('Net.')}</w:footnote>"
    page = read(
        p("50 ", "<w:r><w:footnoteReference w:customMarkFollows='1' w:id='3'/><w:t>a</w:t></w:r>"), footnotes=notes
    )
    assert page.text.startswith("50 [a]")


def test_text_boxes_follow_their_paragraph_once() -> None:
    box = f"<w:txbxContent>{p('Boxed words.')}{p('Second line.')}</w:txbxContent>"
    drawn = f"<mc:Choice Requires='wps'><w:drawing><wps:txbx>{box}</wps:txbx></w:drawing></mc:Choice>"
    older = f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback>"
    body = p("The sentence ", f"<w:r><mc:AlternateContent>{drawn}{older}</mc:AlternateContent></w:r>", "goes on.") + p(
        "Next."
    )
    assert read(body).text == "The sentence goes on.\n\nBoxed words.\n\nSecond line.\n\nNext."
    assert read(p("A", f"<w:r><w:pict><v:textbox>{box}</v:textbox></w:pict></w:r>")).text.count("Boxed") == 1


def test_headers_and_footers_are_read_once_and_page_numbers_not() -> None:
    top = "<w:headerReference w:type='default' r:id='id_hdr1'/>"
    section = f"<w:sectPr>{top}<w:footerReference w:type='default' r:id='id_hdr2'/></w:sectPr>"
    count = "<w:fldSimple w:instr='NUMPAGES'><w:r><w:t>9</w:t></w:r></w:fldSimple>"
    parts = {"hdr1": p("Confidential, valid from May"), "hdr2": p("Page ", field(" PAGE ", run("7")), " of ", count)}
    body = p("Text.") + f"<w:p><w:pPr>{section}</w:pPr></w:p>" + p("More.") + section
    assert read(body, **parts).text == "Text.\n\nMore.\n\nConfidential, valid from May"


def test_fields_show_what_they_come_to() -> None:
    outer = field(f"IF </w:instrText></w:r>{field('MERGEFIELD x', run('wrong'))}<w:r><w:instrText>", run("right"))
    assert read(p("It is ", outer, ".")).text == "It is right."


def test_ticked_and_empty_boxes_of_every_making() -> None:
    sym = "<w:r><w:sym w:font='Wingdings' w:char='F0{}'/></w:r>"
    assert read(p(choice(1, sym.format("FE")), " Full time ", choice(0, run("☐")), " Part time")).text == (
        "☒ Full time ☐ Part time"
    )
    assert read(p(sym.format("FE"), " Yes ", sym.format("A8"), " No")).text == "☒ Yes ☐ No"
    assert read(p(run("þ", "<w:rFonts w:ascii='Wingdings' w:hAnsi='Wingdings'/>"), " Yes")).text == "☒ Yes"
    old = field("FORMCHECKBOX", data="<w:checkBox>{}</w:checkBox>")
    assert read(
        p(old.format("<w:default w:val='0'/><w:checked/>"), " Paid ", old.format("<w:default w:val='0'/>"), " Open")
    ).text == ("☒ Paid ☐ Open")


def test_choices_of_a_form_are_read() -> None:
    listed = "<w:ddList><w:result w:val='1'/><w:listEntry w:val='Red'/><w:listEntry w:val='Blue'/></w:ddList>"
    old = field("FORMDROPDOWN", data=listed)
    control = CONTROL.format("<w:dropDownList/>", run("Large"))
    assert read(p("Colour: ", old, ", size: ", control)).text == "Colour: Blue, size: Large"
    assert read(f"<w:sdt><w:sdtPr/><w:sdtContent>{p('In a control.')}</w:sdtContent></w:sdt>").text == "In a control."


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("<m:r><m:t>B=0.08</m:t></m:r>", "B=0.08"),
        ("<m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup>", "x^2"),
        ("<m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>c</m:t></m:r></m:den></m:f>", "(a+b)/c"),
        (
            "<m:rad><m:radPr><m:degHide m:val='1'/></m:radPr><m:deg/><m:e><m:r><m:t>x</m:t></m:r></m:e></m:rad>",
            "sqrt(x)",
        ),
        ("<m:sSub><m:e><m:r><m:t>H</m:t></m:r></m:e><m:sub><m:r><m:t>2</m:t></m:r></m:sub></m:sSub>", "H2"),
        ("<m:d><m:e><m:r><m:t>x+1</m:t></m:r></m:e></m:d>", "(x+1)"),
        (
            "<m:nary><m:naryPr><m:chr m:val='∑'/></m:naryPr><m:sub><m:r><m:t>i=1</m:t></m:r></m:sub>"
            "<m:sup><m:r><m:t>n</m:t></m:r></m:sup><m:e><m:r><m:t>i</m:t></m:r></m:e></m:nary>",
            "∑_(i=1)^n i",
        ),
        ("<m:func><m:fName><m:r><m:t>sin</m:t></m:r></m:fName><m:e><m:r><m:t>x</m:t></m:r></m:e></m:func>", "sin(x)"),
    ],
)
def test_formulas_stand_on_one_line(formula: str, text: str) -> None:
    assert read(p("So ", f"<m:oMath>{formula}</m:oMath>", " holds.")).text == f"So {text} holds."
    assert read(p("So:") + p(f"<m:oMathPara><m:oMath>{formula}</m:oMath></m:oMathPara>")).text == f"So:\n\n{text}"


def test_signs_stay_what_they_are() -> None:
    symbol = "<w:r><w:sym w:font='Symbol' w:char='F0B3'/></w:r>"
    page = read(p("−5 °C, 1\u202f000 and ", symbol, " 2,5 non", "<w:r><w:noBreakHyphen/></w:r>", "smokers"))
    assert page.text == "−5 °C, 1\u202f000 and ≥ 2,5 non-smokers"


def test_lines_of_a_program_keep_their_order_and_their_blanks() -> None:
    style = '<w:style w:type="paragraph" w:styleId="Code"><w:name w:val="Source Code"/></w:style>'
    code = '<w:pStyle w:val="Code"/>'
    body = p("Run this:") + p("for x in y:", properties=code) + p("    print(x)", properties=code) + p("Then wait.")
    assert read(body, styles=style).text == "Run this:\n\nfor x in y:\n    print(x)\n\nThen wait."


def test_a_left_out_text_stands_with_the_part_that_it_belongs_to() -> None:
    body = "".join(p(f"Sentence {n} of a long text. " * 20) for n in range(60)) + p(
        "Last. ", run("Gone.", "<w:vanish/>")
    )
    first, *_, last = load_bytes(docx(body), "long.docx").pages
    assert first.left_out == ()
    assert last.left_out == (LeftOut("hidden", "Gone.", len(last.text)),)
