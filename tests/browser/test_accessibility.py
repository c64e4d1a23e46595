"""Everyone can use the pages: axe finds nothing serious, the keyboard reaches all, nothing is wider than a phone."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import User

pytestmark = pytest.mark.browser

LEAVE: Final = "How many days of annual leave do I have after six years of service?"
AXE: Final = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PAGES: Final = ("/", "/documents", "/quality", "/models", "/privacy")
# Streamlit's own parts, drawn as its pinned version draws them.
STREAMLITS: Final = "[data-testid=stToolbar], [data-testid=stHeader], [data-testid=stFileUploaderDropzoneInput]"
# Of our components: what is pressed, and is no link or note within a line of text.
SMALL: Final = """() => [...document.querySelectorAll('[data-testid*=BidiComponent]')]
  .flatMap((part) => [...(part.shadowRoot ?? part).querySelectorAll('button, summary, input')])
  .filter((node) => node.checkVisibility())
  .map((node) => [node.outerHTML.slice(0, 80), node.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.height < 23.5 || box.width < 17))
  .map(([html]) => html)"""


def serious(page: Page) -> list[str]:
    """What axe finds on the page as it stands: rule and place, of what is serious or critical, and headings that leave
    a level out."""
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate(
        "([tags, left]) => axe.run({exclude: [left.split(', ')]}, {runOnly: {type: 'tag', values: tags},"
        " rules: {'heading-order': {enabled: true}}, resultTypes: ['violations']})",
        [RULES, STREAMLITS],
    )
    return [
        f"{rule['id']}: {node['html'][:160]}"
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical") or rule["id"] == "heading-order"
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("user", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True)
def test_axe_finds_nothing_serious_on_any_page(user: User) -> None:
    found = {}
    for path in PAGES:
        user.open(path)
        found[path] = serious(user.page)
    assert {path: faults for path, faults in found.items() if faults} == {}


@pytest.mark.parametrize("user", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True)
def test_axe_finds_nothing_serious_in_an_answer_its_source_and_its_menus(user: User) -> None:
    user.open()
    answer = user.ask(LEAVE)
    found = {"answer": serious(user.page)}
    answer.locator(".place").first.click()
    expect(user.page.get_by_role("dialog").locator("img")).to_be_visible()
    found["source"] = serious(user.page)
    user.page.keyboard.press("Escape")
    answer.get_by_role("button", name="Export").click()
    expect(user.page.get_by_role("link", name="Word").first).to_be_visible()
    found["export"] = serious(user.page)
    user.page.keyboard.press("Escape")
    user.page.keyboard.press("?")
    expect(user.page.get_by_role("heading", name="Keyboard shortcuts")).to_be_visible()
    found["keys"] = serious(user.page)
    assert {state: faults for state, faults in found.items() if faults} == {}
    assert user.page.evaluate(SMALL) == []


def test_a_question_is_asked_and_its_sources_read_by_keyboard_alone(user: User) -> None:
    user.open()
    keyboard, panel = user.page.keyboard, user.page.get_by_role("dialog")
    box = user.page.get_by_test_id("stChatInputTextArea")
    expect(box).to_be_focused()
    keyboard.type(LEAVE)
    keyboard.press("Enter")
    answer = user.answer_to(LEAVE)
    box.evaluate("node => node.blur()")
    keyboard.press("/")
    expect(box).to_be_focused()
    place = answer.locator(".place").first
    place.focus()
    keyboard.press("Enter")
    expect(panel).to_contain_text("Footnote 1 of ")
    keyboard.press("]")
    expect(panel).to_contain_text("Footnote 2 of ")
    keyboard.press("[")
    expect(panel).to_contain_text("Footnote 1 of ")
    keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(place).to_be_focused()
    keyboard.press("?")
    expect(user.page.get_by_role("heading", name="Keyboard shortcuts")).to_be_visible()
    keyboard.press("Escape")
    expect(user.page.get_by_role("heading", name="Keyboard shortcuts")).to_have_count(0)


def test_a_screen_reader_is_told_of_an_answer_by_one_polite_region(user: User) -> None:
    user.open()
    user.page.evaluate("""() => {
      window.told = [];
      const watch = new MutationObserver(() => {
        const said = document.getElementById("footnote-status")?.textContent;
        if (said && said !== window.told.at(-1)) window.told.push(said);
      });
      watch.observe(document.body, {subtree: true, childList: true, characterData: true});
    }""")
    user.ask(LEAVE)
    expect(user.page.locator("#footnote-status")).to_contain_text("The answer is ready.")
    told = user.page.evaluate("window.told")
    assert len(told) == len(set(told))
    assert [said for said in told if any(sign.isdigit() for sign in said.partition("The answer")[0])] == []
    assert user.page.locator(".answer[aria-live], .answer [aria-live]").count() == 0


@pytest.mark.parametrize(
    "user",
    [
        {"viewport": {"width": 360, "height": 740}},
        # 1280 pixels at 200 % and 400 %.
        {"viewport": {"width": 640, "height": 512}},
        {"viewport": {"width": 320, "height": 256}},
    ],
    indirect=True,
)
def test_nothing_is_wider_than_a_phone_or_a_page_drawn_large(user: User) -> None:
    user.open()
    user.ask(LEAVE)
    width = user.page.viewport_size["width"] if user.page.viewport_size else 0
    for path in ("", *PAGES[1:]):
        if path:
            user.open(path)
        assert user.page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_theme_and_text_size_are_chosen_and_kept(user: User) -> None:
    user.open()
    user.page.get_by_text("Display and keys").click()
    user.page.get_by_label("Larger").check()
    expect(user.page.locator("html")).to_have_css("font-size", "20.8px")
    user.page.get_by_label("Dark").check()
    user.page.wait_for_load_state()
    for path in ("/", "/documents"):
        user.open(path)
        expect(user.page.locator(".stApp")).to_have_css("background-color", "rgb(22, 24, 28)")
        expect(user.page.locator("html")).to_have_css("font-size", "20.8px")
