"""A person keeps questions with their right sources, has them asked again, and sees what changed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import User
from tests.browser.making import file, pdf

pytestmark = pytest.mark.browser

GARDEN = pdf("The greenhouse is watered at six in the morning.", "Tools hang in shed B.")
NEWER = pdf("The greenhouse is painted every spring.", "Tools hang in shed B.")


def begin(user: User, collection: str) -> None:
    """A new collection with the garden in it, and the chat about it."""
    user.make_collection(collection)
    user.upload(file("garden.pdf", GARDEN))
    expect(user.page.locator("tr[data-document]")).to_have_count(1)
    user.page.get_by_role("link", name="Chat").click()


def keep(user: User, source: str) -> None:
    """Keep the question of the answer on the page, with the source whose line begins so."""
    user.page.get_by_role("button", name="Save as test question").click()
    popover = user.page.get_by_test_id("stPopoverBody")
    popover.get_by_test_id("stRadio").get_by_text(source).click()
    popover.get_by_role("button", name="Save", exact=True).click()
    expect(popover).to_contain_text("Saved. You find it on the Quality page")


def keep_elsewhere(user: User, words: str, said: str) -> None:
    """Keep it with words of the document that are typed."""
    popover = user.page.get_by_test_id("stPopoverBody")
    if not popover.count():
        user.page.get_by_role("button", name="Save as test question").click()
        popover.get_by_test_id("stRadio").get_by_text("Another place").click()
    field = popover.get_by_role("textbox", name="The words of the right place")
    field.fill(words)
    field.press("Control+Enter")
    popover.get_by_role("button", name="Save", exact=True).click()
    expect(popover).to_contain_text(said)


def choose_place(user: User, answer: Locator, document: str, words: str) -> None:
    """Open a document from under an answer, find the words in it, and say that this is the right place."""
    # By the keyboard: a click that takes the focus from a text box opens the list and closes it at once.
    answer.get_by_test_id("stSelectbox").locator("input").press("ArrowDown")
    user.page.get_by_role("option", name=document).click()
    panel = user.page.get_by_role("dialog")
    panel.get_by_role("searchbox").fill(words)
    panel.get_by_role("searchbox").press("Enter")
    panel.locator(".hits button").first.click()
    expect(panel.locator("img")).to_have_attribute("src", re.compile("marked="))
    panel.get_by_role("button", name="This is the right place").click()


def test_a_thumb_down_and_the_right_place_become_a_test_question(user: User) -> None:
    begin(user, "Missed")
    user.ask("Who won the football world cup in 1974?")
    user.new_chat()
    answer = user.ask("When is the greenhouse watered?")
    answer.get_by_label("Thumbs down").click()
    answer.get_by_text("The quotes do not fit the question").click()
    note = answer.get_by_label("A note, if you like")
    note.fill("It is about the tools.")
    note.press("Enter")
    choose_place(user, answer, "garden.pdf", "tools hang in")
    expect(answer).to_contain_text("The right place: garden.pdf, page 1: “Tools hang in”")
    user.page.get_by_role("link", name="Quality").click()
    user.page.get_by_role("tab", name="Questions to look at").click()
    told = user.page.get_by_text("thumbs down · The quotes do not fit the question · It is about the tools.")
    expect(told).to_be_visible()
    with user.page.expect_download() as exported:
        user.page.get_by_role("link", name="Export these questions").click()
    lines = [json.loads(line) for line in Path(exported.value.path()).read_text(encoding="utf-8").splitlines()]
    assert [(each["refused"], each["thumb"], each.get("file"), each.get("answers")) for each in lines] == [
        (False, "down", "garden.pdf", ["Tools hang in"]),
        (True, "", None, None),
    ]
    user.page.get_by_role("button", name="Rightly not answered").click()
    expect(user.page.locator("[class*=st-key-miss-]")).to_have_count(1)
    user.page.get_by_role("button", name="Save as test question").click()
    expect(user.page.locator("[class*=st-key-miss-]")).to_contain_text("in the test questions")
    user.page.locator("[class*=st-key-miss-]").get_by_role("button", name="Open").click()
    expect(user.page.get_by_text("The right place: garden.pdf")).to_be_visible()
    user.page.get_by_label("Thumbs down").click()
    expect(user.page.get_by_text("What is wrong with this answer?")).to_have_count(0)


def measure(user: User, name: str) -> str:
    return user.page.get_by_test_id("stMetric").filter(has_text=name).inner_text()


def test_kept_questions_are_asked_again_and_changes_seen(user: User) -> None:
    begin(user, "Tested")
    user.ask("When is the greenhouse watered?")
    keep(user, "The greenhouse is watered at six")
    user.new_chat()
    user.ask("Who won the football world cup in 1974?")
    keep(user, "None: the documents do not say it")
    user.new_chat()
    user.ask("Where are the tools?")
    keep_elsewhere(user, "Tools hang in no shed", "These words are not in that document.")
    keep_elsewhere(user, "tools hang in shed B", "Saved. You find it on the Quality page")
    user.page.get_by_role("link", name="Quality").click()
    expect(user.page.get_by_text("Not run yet")).to_have_count(3)
    expect(user.page.get_by_text("“Tools hang in shed B”")).to_be_visible()

    user.page.get_by_role("button", name="Run all 3").click()
    expect(user.page.get_by_text("Last run")).to_be_visible()
    assert "100 %" in measure(user, "Correct quote first")
    assert "100 %" in measure(user, "Correct overall")
    expect(
        user.page.get_by_text("correct · answered · correct page at rank 1 · correct words in quote 1")
    ).to_have_count(2)
    expect(user.page.get_by_text("correct · not answered", exact=True)).to_be_visible()

    user.page.get_by_role("link", name="Documents").click()
    old = user.page.locator("tr[data-document]").get_attribute("data-document") or ""
    user.upload(file("garden.pdf", NEWER))
    user.page.get_by_role("button", name="Replace the old one").click()
    expect(user.page.locator("tr[data-document]")).not_to_have_attribute("data-document", old)
    user.page.get_by_role("link", name="Quality").click()
    user.page.get_by_role("button", name="Run all 3").click()
    expect(user.page.get_by_text("documents were added, read again or removed")).to_be_visible()
    assert "0 %" in measure(user, "Correct quote first")
    expect(user.page.get_by_text("▼ incorrect")).to_be_visible()
    expect(user.page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first).to_be_visible()
