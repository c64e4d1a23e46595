"""A person asks the sample documents in a real browser and checks what they are told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from rag.library.samples import SAMPLES
from rag.models.catalogue.hardware_fit import Speed, machine, write_speeds
from rag.ui.texts import Texts
from tests.browser.conftest import App, User, new_page
from tests.browser.making import file

pytestmark = pytest.mark.browser

LEAVE = "How many days of annual leave do I have after six years of service?"


def test_an_answer_begins_with_the_sentence_of_the_document(user: User) -> None:
    user.open()
    answer = user.ask(LEAVE)
    first = answer.locator(".quote").first
    expect(first).to_contain_text("28 days")
    expect(first).to_contain_text("employee-handbook.pdf")
    expect(first).to_contain_text("page 4")


def test_a_footnote_opens_the_page_with_the_words_boxed(user: User) -> None:
    user.open()
    answer = user.ask(LEAVE)
    answer.locator(".quote .place").first.click()
    dialog = user.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Page 7 of 15")
    expect(dialog.locator("img")).to_be_visible()
    dialog.get_by_role("button", name="Next page").click()
    expect(dialog).to_contain_text("Page 8 of 15")


HOUSE = b"""# House rules

## Bicycles in the yard

Bicycles are parked in the yard behind gate B, never on the stairs.

## Quiet hours

Quiet hours are from 22:00 to 6:00 on all days.
"""


def test_own_documents_suggest_questions_that_they_answer(user: User) -> None:
    user.make_collection("House")
    user.upload(file("house.md", HOUSE))
    expect(user.page.locator("tr[data-document]")).to_have_count(1)
    user.page.get_by_role("link", name="Chat").click()
    question = "What is said about “Bicycles in the yard”?"
    user.page.get_by_role("button", name=question).click()
    expect(user.answer_to(question).locator(".quote").first).to_contain_text("behind gate B")
    user.new_chat()
    user.page.get_by_role("button", name="What is in these documents?").click()
    expect(user.answer_to("What is in these documents?").locator(".quote").first).to_contain_text("house.md")


def test_answer_and_source_stand_side_by_side(user: User) -> None:
    user.open()
    answer = user.ask(LEAVE)
    place = answer.locator(".quote .place").first
    place.click()
    panel = user.page.get_by_role("dialog")
    expect(panel.locator("img")).to_have_js_property("naturalWidth", 1191)
    beside, words = panel.bounding_box(), answer.locator(".quote").first.bounding_box()
    assert beside is not None
    assert words is not None
    assert words["x"] + words["width"] <= beside["x"]
    # The quote is marked, or its row where several stand together.
    expect(answer.locator("[data-number='1'].shown").first).to_be_visible()
    # One footnote after the other; the address opens this very one again.
    panel.get_by_role("button", name="Next footnote").click()
    expect(panel).to_contain_text("Footnote 2 of ")
    expect(user.page).to_have_url(re.compile(r"turn=[0-9a-f]{32}&footnote=2"))
    # Words are looked for in the whole document.
    panel.get_by_role("searchbox").fill("bicycle")
    panel.get_by_role("searchbox").press("Enter")
    expect(panel.locator(".hits")).to_contain_text(re.compile(r"\d places?"))
    panel.locator(".hits button").first.click()
    expect(panel.locator(".frame img")).to_have_attribute("src", re.compile(r"marked=\d+-\d+"))
    panel.get_by_role("button", name="Show what was read").click()
    expect(panel.locator("mark").last).to_have_text(re.compile("bicycle", re.IGNORECASE))
    user.page.reload()
    expect(panel).to_contain_text("Footnote 2 of ")
    user.page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(user.page).not_to_have_url(re.compile("footnote="))


def test_the_panel_is_left_by_the_back_button_and_by_escape_to_where_one_was(user: User) -> None:
    user.open()
    answer = user.ask(LEAVE)
    place = answer.locator(".quote .place").nth(1)
    place.focus()
    user.page.keyboard.press("Enter")
    panel = user.page.get_by_role("dialog")
    expect(panel).to_contain_text("Footnote 2 of ")
    expect(panel.get_by_role("heading", name="employee-handbook.pdf")).to_be_focused()
    user.page.keyboard.press("Escape")
    expect(place).to_be_focused()
    user.page.keyboard.press("Enter")
    expect(panel).to_contain_text("Footnote 2 of ")
    user.page.go_back()
    expect(panel).to_have_count(0)
    expect(answer.locator(".quote").first).to_be_visible()


def test_a_file_and_an_answer_are_saved_with_mouse_and_keyboard(user: User, tmp_path: Path) -> None:
    user.open()
    answer = user.ask(LEAVE)
    answer.locator(".quote .place").first.click()
    dialog = user.page.get_by_role("dialog")
    # The page's own width: a picture that could not be fetched has none.
    expect(dialog.locator("img")).to_have_js_property("naturalWidth", 1191)
    with user.page.expect_download() as original:
        dialog.get_by_role("link", name="Download the file").click()
    original.value.save_as(tmp_path / "original.pdf")
    assert original.value.suggested_filename == "employee-handbook.pdf"
    assert (tmp_path / "original.pdf").read_bytes() == (SAMPLES / "employee-handbook.pdf").read_bytes()
    user.page.keyboard.press("Escape")
    answer.get_by_role("button", name="Export").click()
    links = user.page.get_by_test_id("stPopoverBody").get_by_role("link")
    names = []
    for place in range(6):
        links.nth(place).focus()
        with user.page.expect_download() as file:
            user.page.keyboard.press("Enter")
        names.append(file.value.suggested_filename)
        file.value.save_as(tmp_path / names[-1])
    assert names == ["answer.html", "answer.md", "answer.docx", "chat.html", "chat.md", "chat.docx"]
    saved = (tmp_path / "answer.html").read_text(encoding="utf-8")
    assert f"<h2>{LEAVE}</h2>" in (tmp_path / "chat.html").read_text(encoding="utf-8")
    assert (tmp_path / "chat.docx").read_bytes()[:2] == b"PK"
    assert f"<h1>{LEAVE}</h1>" in saved
    assert "data:image/png;base64," in saved
    # The page is still there, and nothing of a file went by another way.
    expect(links.first).to_be_visible()
    assert [url for url in user.requests if "/media/" in url and not url.endswith((".png", ".woff2"))] == []


@pytest.mark.parametrize("user", [{"locale": "zh-CN"}], indirect=True)
def test_what_is_gone_is_said_in_words_beside_the_page(user: User) -> None:
    """The address of a document that was removed, opened from a page that still shows it."""
    user.page.goto(f"{user.app.address}/files/documents/{'0' * 32}/original")
    for language in ("en", "zh"):
        expect(user.page.get_by_text(Texts(language)("files.not_there"))).to_be_visible()


def test_an_answer_is_copied_as_rich_text_with_its_sources(user: User) -> None:
    user.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    user.open()
    answer = user.ask(LEAVE)
    answer.get_by_role("button", name="Copy with sources").click()
    expect(answer.get_by_role("button", name="Copied, with its sources.")).to_be_visible()
    copied = user.page.evaluate("""async () => {
      const [item] = await navigator.clipboard.read();
      return Promise.all(["text/html", "text/plain"].map(async (type) => (await item.getType(type)).text()));
    }""")
    assert "<ol><li>" in copied[0].replace("\n", "")
    assert "28 days" in copied[0]
    assert re.search(r"\[1\] “.*28 days.*” – employee-handbook\.pdf", copied[1])


def test_a_reload_keeps_the_chat(user: User) -> None:
    user.open()
    user.ask(LEAVE)
    user.page.reload()
    expect(user.answer_to(LEAVE).locator(".quote").first).to_contain_text("28 days")


def test_a_follow_up_is_understood(user: User) -> None:
    user.open()
    user.ask("What is the daily meal allowance in Zurich?")
    answer = user.ask("And in Lisbon?")
    expect(answer.locator(".quote").first).to_contain_text("Lisbon")


def test_two_tabs_ask_at_once_and_both_are_answered(user: User, app: App, chromium: Browser) -> None:
    other = User(new_page(chromium, {}), app)
    user.open()
    other.open()
    for person, question in ((user, LEAVE), (other, "How long is the probation period?")):
        person.page.get_by_test_id("stChatInputTextArea").fill(question)
    for person in (user, other):
        person.page.get_by_test_id("stChatInputSubmitButton").click()
    expect(user.answer_to(LEAVE).locator(".quote").first).to_contain_text("28 days")
    answer = other.answer_to("How long is the probation period?")
    expect(answer.locator(".quote").first).to_contain_text("six months")
    other.page.context.close()


def test_what_is_not_in_the_documents_is_refused(user: User) -> None:
    user.open()
    answer = user.ask("Who won the football world cup in 1974?")
    expect(answer).to_contain_text("This is not in your documents.")
    expect(user.page.get_by_role("button", name="Ask the model anyway")).to_be_visible()


def test_nothing_is_asked_of_any_other_server(user: User) -> None:
    user.open()
    user.ask(LEAVE)
    assert [address for address in user.requests if not address.startswith((user.app.address, "data:", "blob:"))] == []


def test_a_restart_of_the_app_keeps_the_chat(user: User) -> None:
    user.open()
    user.ask(LEAVE)
    address = user.page.url
    user.app.stop()
    user.app.start()
    user.page.goto(address)
    expect(user.answer_to(LEAVE).locator(".quote").first).to_contain_text("28 days")


@pytest.mark.parametrize(
    ("user", "told"),
    [
        ({"locale": "en-US"}, "on this computer smollm2-135m-instruct takes about 41 s to start writing."),
        ({"locale": "zh-CN"}, "smollm2-135m-instruct 在这台机器上大约要 41 秒才写出第一个字。"),
    ],
    indirect=["user"],
)
def test_who_has_a_slow_model_is_told_how_long_it_takes_before_asking(user: User, told: str) -> None:
    speeds = user.app.data / "models" / ".speeds.json"
    # Ten tokens read in a second, one written: 400 tokens of a usual prompt, and the first word.
    write_speeds(speeds, machine(), {"smollm2-135m-instruct": Speed(read=10, write=1, size=10**8)})
    user.open()
    expect(user.page.get_by_text(told)).to_be_visible()
    write_speeds(speeds, machine(), {"smollm2-135m-instruct": Speed(read=1000, write=50, size=10**8)})
    user.page.reload()
    user.settle()
    expect(user.page.get_by_text(told)).to_have_count(0)


def test_the_seconds_of_each_stage_are_told_on_demand(user: User) -> None:
    user.open()
    answer = user.ask(LEAVE)
    answer.get_by_role("button", name="Searched text").click()
    stages = [f"{stage} [0-9]+[.][0-9]{{2}} s" for stage in ("search", "quotes", "first word", "writing", "checking")]
    told = user.page.get_by_text(re.compile(" · ".join([*stages, "total [0-9]+[.][0-9]{2} s"])))
    expect(told).to_be_visible()


def test_a_chat_is_found_renamed_archived_deleted_and_brought_back(user: User) -> None:
    user.open()
    user.ask(LEAVE)
    user.new_chat()
    user.ask("How long is the probation period?")
    chats = user.page.locator(".chats")
    links = chats.get_by_role("link")
    expect(links.filter(has_text=LEAVE).first).to_be_visible()
    before = links.count()
    # In the titles and in what was answered.
    chats.get_by_role("searchbox").fill("probation period")
    expect(links.filter(has_text=LEAVE)).to_have_count(0)
    chats.get_by_role("searchbox").fill("")
    expect(links).to_have_count(before)
    current = chats.locator("li.current")
    current.get_by_role("button").first.click()
    current.get_by_role("button", name="Rename").click()
    chats.locator("input.rename").fill("Not this")
    user.page.keyboard.press("Escape")
    expect(links.filter(has_text="Not this")).to_have_count(0)
    current.get_by_role("button").first.click()
    current.get_by_role("button", name="Rename").click()
    chats.locator("input.rename").fill("About probation")
    user.page.keyboard.press("Enter")
    # The new title is shown before it is kept.
    user.page.wait_for_timeout(1500)
    user.settle()
    user.page.reload()
    expect(current.get_by_role("link", name="About probation")).to_be_visible()
    menu = current.get_by_role("button", name="More for About probation").first
    menu.click()
    current.get_by_role("button", name="Pin").click()
    expect(chats.get_by_role("heading").first).to_have_text("Pinned")
    menu.click()
    current.get_by_role("button", name="Delete").click()
    expect(user.page.get_by_role("heading", name="Ask your documents")).to_be_visible()
    expect(links.filter(has_text="About probation")).to_have_count(0)
    chats.get_by_role("button", name="Undo").click()
    expect(current.get_by_role("link", name="About probation")).to_be_visible()
    expect(user.answer_to("How long is the probation period?").locator(".quote").first).to_contain_text("six months")
    menu.click()
    current.get_by_role("button", name="Archive").click()
    expect(chats.locator("summary")).to_contain_text("Archived (1)")


@pytest.mark.parametrize("user", [{"locale": "zh-CN"}], indirect=True)
def test_the_chinese_interface_answers_in_chinese(user: User) -> None:
    user.open()
    expect(user.page.get_by_role("heading", name="向你的文档提问")).to_be_visible()
    answer = user.ask("午餐补贴每天多少钱？")
    expect(answer.locator(".quote").first).to_contain_text("shanghai-office-move.docx")
    expect(answer).to_contain_text("smollm2-135m-instruct 不会写中文，所以以引用的原文作答。")
    expect(user.page.get_by_role("button", name="重新回答")).to_be_visible()
    user.page.get_by_text("English", exact=True).click()
    expect(user.page.get_by_role("button", name="Ask again")).to_be_visible()
    user.page.reload()
    expect(user.page.get_by_role("button", name="Ask again")).to_be_visible()


@pytest.mark.parametrize("user", [{"viewport": {"width": 390, "height": 844}}], indirect=True)
def test_a_phone_is_wide_enough(user: User) -> None:
    user.open()
    answer = user.ask(LEAVE)
    answer.locator(".quote .place").first.click()
    expect(user.page.get_by_role("dialog").locator("img")).to_be_visible()
    assert user.page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("user", [{"viewport": {"width": 390, "height": 844}}], indirect=True)
def test_on_a_phone_the_list_of_chats_gives_way_to_the_chat_that_is_opened(user: User) -> None:
    user.open()
    user.ask(LEAVE)
    question = user.page.get_by_test_id("stChatMessage").first
    user.page.get_by_test_id("stExpandSidebarButton").click()
    user.page.get_by_role("button", name="New chat").click()
    heading = user.page.get_by_role("heading", name="Ask your documents")
    expect(heading).to_be_in_viewport()
    # Drawn beneath the list it would be in view too, but not be reached.
    heading.click()
    user.page.get_by_test_id("stExpandSidebarButton").click()
    user.page.locator(".chats").get_by_role("link", name=LEAVE).first.click()
    question.click()
