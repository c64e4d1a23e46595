"""Takes the tutorial's pictures from the running app (`make pictures`, after a change of the pages).

The app has a library of its own, made for it; what is done in it is what the tutorial tells.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

from playwright.sync_api import FilePayload, Page, expect, sync_playwright

from rag.library.samples import example_questions
from rag.ui.texts import Texts
from tests.guarantees.apps import Running, quiet, running

PICTURES: Final = Path(__file__).resolve().parents[1] / "pictures"
_PATIENCE_MS: Final = 180_000
_NOTE: Final = "# Garden\n\nThe greenhouse is watered at six in the morning. Tools hang in shed B.\n"


class Story(NamedTuple):
    """What is asked and made in one language; the words on the buttons are the app's own."""

    locale: str
    ending: str
    texts: Texts
    question: str
    collection: str


STORIES: Final = (
    Story("en-GB", "", Texts("en"), "How many days of annual leave do I have after six years of service?", "Garden"),
    Story("zh-CN", ".zh", Texts("zh"), "午餐补贴每天多少钱？", "花园"),
)


def take() -> None:
    """Write all pictures into docs/pictures."""
    PICTURES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder), quiet()) as app,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for story in STORIES:
            context = browser.new_context(locale=story.locale, viewport={"width": 1200, "height": 760})
            page = context.new_page()
            page.set_default_timeout(_PATIENCE_MS)
            _play(page, app, story)
            context.close()
        browser.close()


def _play(page: Page, app: Running, story: Story) -> None:
    texts = story.texts
    page.goto(app.address)
    first = page.get_by_role("button", name=example_questions(texts.language)[0])
    expect(first).to_be_visible(timeout=2 * _PATIENCE_MS)
    _picture(page, f"start{story.ending}")
    page.get_by_test_id("stChatInputTextArea").fill(story.question)
    page.get_by_test_id("stChatInputSubmitButton").click()
    answer = page.get_by_test_id("stChatMessage").last
    expect(answer.locator("[class*='st-key-again-']")).to_be_visible(timeout=_PATIENCE_MS)
    _picture(page, f"answer{story.ending}")
    answer.locator(".quote .place").first.click()
    panel = page.get_by_role("dialog")
    expect(panel.locator("img, mark").first).to_be_visible(timeout=_PATIENCE_MS)
    answer.locator(".quote").first.scroll_into_view_if_needed()
    _picture(page, f"footnote{story.ending}")
    page.keyboard.press("Escape")
    page.get_by_role("link", name=texts("app.documents")).click()
    page.get_by_role("button", name=texts("collections.new")).click()
    page.get_by_label(texts("collections.name")).fill(story.collection)
    page.get_by_role("button", name=texts("collections.create"), exact=True).click()
    expect(page.get_by_role("heading", name=story.collection)).to_be_visible(timeout=_PATIENCE_MS)
    _settle(page)
    note = FilePayload(name="garden.md", mimeType="text/markdown", buffer=_NOTE.encode())
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(note)
    expect(page.get_by_test_id("stFileChip")).to_have_count(1)
    page.get_by_role("button", name=texts("documents.read"), exact=True).click()
    expect(page.get_by_role("button", name=re.compile(r"garden\.md")).first).to_be_visible(timeout=_PATIENCE_MS)
    _picture(page, f"documents{story.ending}")


def _settle(page: Page) -> None:
    """Until the page's script has run to its end."""
    expect(page.locator("[data-test-script-state='running']")).to_have_count(0, timeout=_PATIENCE_MS)


def _picture(page: Page, name: str) -> None:
    _settle(page)
    page.wait_for_timeout(700)  # what fades in has faded in
    page.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    take()
