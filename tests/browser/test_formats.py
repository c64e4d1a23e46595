"""A footnote opens where it points: the cells of a sheet, a slide, a mail, a chapter of a book."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, expect
from reportlab.pdfgen.canvas import Canvas

from tests.browser.conftest import User
from tests.browser.making import file
from tests.ingestion.drawings import body, pdf
from tests.support.mail_files import mail
from tests.support.scans import as_file, pictures
from tests.support.sheet_files import workbook
from tests.support.slide_files import slides
from tests.support.text_files import book

pytestmark = pytest.mark.browser


def berths(sheet: Any) -> None:
    sheet.title = "Berths"
    sheet["A1"] = "What a night costs"
    for row in (["Boat", "Night", "Week"], ["Trawler", 48, 290], ["Houseboat", 61, 370], ["Catamaran", 75, 455]):
        sheet.append(row)
    for (cell,) in sheet["B3:B5"]:
        cell.number_format = '#,##0.00 "€"'


BRIDGE = "Hello Bo,\n\nthe swing bridge is closed for repairs until the third of June.\n\nAda\n"
KEEPER = "<h1>The keeper</h1><p>The lighthouse keeper painted his door green.</p>"
FILES = (
    file("berths.xlsx", workbook(berths)),
    file("harbour.pptx", slides()),
    file("lock.eml", mail(BRIDGE, "Bridge")),
    file("story.epub", book({"one": KEEPER}, ["one"])),
)
QUESTIONS = (
    ("What does a night cost for a houseboat?", "sheet Berths · A4:C4", "61.00 €"),
    ("Which pier is for boats over ten metres?", "slide 2 · Two piers", "South: for boats over ten metres."),
    ("Until when is the swing bridge closed?", "Bridge", "the swing bridge is closed for repairs"),
    ("What colour did the lighthouse keeper paint his door?", "The keeper", "painted his door green"),
)


def opened(user: User, question: str, place: str) -> Locator:
    """The dialog of the first quote of an answer, which says where it stands."""
    quote = user.ask(question).locator(".quote").first
    expect(quote).to_contain_text(place)
    quote.locator(".place").first.click()
    return user.page.get_by_role("dialog")


@pytest.mark.slow
def test_each_format_opens_at_its_footnote(user: User) -> None:
    user.make_collection("Formats")
    user.upload(*FILES)
    names = user.page.locator(".documents button.name")
    expect(names).to_have_count(len(FILES))
    user.page.get_by_role("link", name="Chat").click()
    for question, place, words in QUESTIONS:
        dialog = opened(user, question, place)
        expect(dialog.locator("mark, .cited").filter(has_text=words).first).to_be_in_viewport()
        if "sheet" in place:
            expect(dialog.locator(".cited")).to_have_text(["Houseboat", "61.00 €", "370"])
            expect(dialog.locator("th[scope=row]").first).to_have_text("1")
        expect(dialog.get_by_role("searchbox")).to_have_value("")
        expect(dialog.locator(".hits")).to_be_hidden()
        dialog.get_by_role("searchbox").fill("a")
        dialog.get_by_role("searchbox").press("Enter")
        expect(dialog.locator(".hits button").first).to_be_visible()
        user.page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
    answer = user.ask("What is the average of the column Week?")
    expect(answer.locator(".written")).to_contain_text("(290 + 370 + 455) / 3 = 371.67")
    expect(answer.locator("h2")).to_have_text(["Calculated from the rows below", "The rows it was calculated from"])
    # The rows of one table stand together, each behind the footnote that opens it.
    expect(answer.locator(".quote")).to_have_count(1)
    expect(answer.locator(".quote tr[data-number]")).to_have_count(3)
    answer.locator(".quote .place").nth(1).click()
    row = answer.locator(".quote tr.shown")
    expect(row).to_have_count(1)
    expect(user.page.get_by_role("dialog").locator(".cited").last).to_have_text(row.locator("td").last.inner_text())


def lamps(canvas: Canvas) -> None:
    body(canvas, ("The lamp on the western mole burns red.", "It is lit by the keeper at dusk."), top=760, size=13)


@pytest.mark.slow
def test_a_footnote_of_a_picture_opens_boxed_on_it(user: User) -> None:
    user.make_collection("Scans")
    user.upload(file("lamp.png", as_file(pictures(pdf(lamps)), "PNG")))
    names = user.page.locator(".documents button.name")
    expect(names).to_have_count(1, timeout=180_000)
    user.page.get_by_role("link", name="Chat").click()
    dialog = opened(user, "Which colour does the lamp on the western mole burn?", "page 1")
    expect(dialog.locator("img").first).to_be_visible()
    expect(dialog).to_contain_text("read by text recognition")
    dialog.locator("[data-act=asText]").click()
    expect(dialog.locator("mark")).to_have_text("The lamp on the western mole burns red.")
