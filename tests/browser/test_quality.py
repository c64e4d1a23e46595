"""A person keeps questions with their right sources, has them asked again, and sees what changed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import User
from tests.browser.making import file, pdf

pytestmark = pytest.mark.browser

GARDEN = pdf("The greenhouse is watered at six in the morning.", "Tools hang in shed B.")
NEWER = pdf("The greenhouse is painted every spring.", "Tools hang in shed B.")


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


def measure(user: User, name: str) -> str:
    return user.page.get_by_test_id("stMetric").filter(has_text=name).inner_text()


def test_kept_questions_are_asked_again_and_changes_seen(user: User) -> None:
    user.make_collection("Tested")
    user.upload(file("garden.pdf", GARDEN))
    expect(user.page.locator("tr[data-document]")).to_have_count(1)
    user.page.get_by_role("link", name="Chat").click()
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
