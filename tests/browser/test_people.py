"""Two people and an admin, each in a browser of their own, sign in at a real provider on loopback."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import User, new_page
from tests.browser.making import file, pdf
from tests.browser.team import Team, known, open_sharing, share, sign_in, team, withdraw

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUESTION = "What colour is the gate painted?"
HOSTILE = "Bob **Q** <img src=x onerror=alert(1)> www.example.org"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    people = [known("Ada"), known("Ann"), known("bob", name=HOSTILE), known("Eve", verified=False)]
    with team(tmp_path_factory.mktemp("team"), *people, RAG_ADMINS="ada@example.org", RAG_WARM_UP="false") as running:
        yield running


@pytest.fixture
def someone(app: Team, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., User]]:
    """Makes a person with a browser of their own."""
    opened: list[Page] = []

    def make(**options: object) -> User:
        page = new_page(chromium, options)
        opened.append(page)
        return User(page, app)  # type: ignore[arg-type]

    yield make
    for number, page in enumerate(opened):
        if folder := os.environ.get("FOOTNOTE_SCREENSHOTS"):
            page.screenshot(path=Path(folder) / f"{request.node.name}-{number}.png", full_page=True)
        page.context.close()


def is_out(page: Page, said: str) -> None:
    """The page says why, and nothing else is left on it: no menu, no list, no word that was in the sidebar.

    Streamlit keeps the frame of a sidebar whose contents are gone, unless the browser goes to another page at once.
    """
    expect(page.get_by_text(said)).to_be_visible()
    expect(page.get_by_test_id("stPageLink")).to_have_count(0)
    expect(page.locator("[data-testid='stSidebar'] [data-testid='stElementContainer']")).to_have_count(0)
    expect(page.get_by_test_id("stSidebar")).not_to_be_visible()
    expect(page.get_by_role("button", name="New collection")).to_have_count(0)


def test_a_stranger_sees_the_door_and_nothing_is_started(app: Team, someone: Callable[..., User]) -> None:
    stranger = someone()
    for path in ("/", "/documents", "/people", "/?chat=1"):
        stranger.page.goto(app.address + path)
        expect(stranger.page.get_by_role("button", name="Sign in")).to_be_visible()
        expect(stranger.page.get_by_test_id("stSidebar")).to_have_count(0)
    stranger.page.get_by_text("中文").click()
    expect(stranger.page.get_by_role("button", name="登录")).to_be_visible()
    assert not app.data.exists()


def test_a_share_is_given_used_and_withdrawn(app: Team, someone: Callable[..., User]) -> None:
    bob, ann = sign_in(someone(), "bob"), sign_in(someone(), "ann")
    # A name is words, whatever it says.
    expect(bob.page.get_by_role("button", name="Bob **Q** <img src=x")).to_be_visible()
    expect(bob.page.locator("img[src='x']")).to_have_count(0)

    ann.make_collection("Plans")
    ann.upload(file("gate.pdf", pdf("The Gate", "The gate of the museum is painted green every spring.")))
    expect(ann.page.get_by_role("button", name="gate.pdf", exact=True)).to_be_visible()
    ann.settle()
    open_sharing(ann)
    share(ann, "eve@example.org")
    expect(ann.page.get_by_text("Nobody with the address")).to_be_visible()
    share(ann, "bob@example.org")
    expect(ann.page.get_by_text("Shared with 1")).to_be_visible()

    # Bob reads it and asks, and changes nothing.
    bob.open("/documents")
    bob.choose_collection("Plans · Ann")
    expect(bob.page.get_by_text("Ann shares this with you: you can read and ask.")).to_be_visible()
    expect(bob.page.get_by_role("button", name="gate.pdf", exact=True)).to_be_visible()
    expect(bob.page.get_by_test_id("stFileUploaderDropzone")).to_have_count(0)
    expect(bob.page.get_by_role("checkbox", name="Choose gate.pdf")).to_have_count(0)
    for change in ("Add documents", "Manage", "Share"):
        expect(bob.page.get_by_role("button", name=change, exact=True)).to_have_count(0)
    bob.page.get_by_role("link", name="Chat").click()
    bob.settle()
    answer = bob.ask(QUESTION)
    expect(answer.locator(".quote").first).to_contain_text("painted green")
    expect(answer.get_by_text("Save as test question")).to_have_count(0)
    answer.locator(".quote .place").first.click()
    expect(bob.page.get_by_role("dialog").locator("img")).to_have_js_property("naturalWidth", 1191)
    addresses = addresses_in(bob)
    assert [fetched(each, addresses) for each in (bob, ann, someone())] == [[200, 200], [200, 200], [404, 404]]
    bob.page.keyboard.press("Escape")
    chat = bob.page.url

    # Withdrawn: what was quoted stays, and nothing opens.
    ann.open("/documents")
    ann.choose_collection("Plans")
    withdraw(ann)
    answer.locator(".quote .place").first.click()
    expect(bob.page.get_by_text("or is no longer shared with you")).to_be_visible()
    expect(bob.page.get_by_role("dialog").locator("img")).to_have_count(0)
    assert [fetched(each, addresses) for each in (bob, ann)] == [[404, 404], [200, 200]]
    bob.page.goto(chat)
    bob.settle()
    expect(bob.page.locator(".quote").first).to_contain_text("painted green")
    expect(bob.page.get_by_test_id("stChatInputTextArea")).to_be_disabled()
    for gone in ("Ask again", "Searched text (1)"):
        expect(bob.page.get_by_role("button", name=gone)).to_have_count(0)
    # What belongs to others is not there by its address either.
    ann.page.goto(chat)
    ann.settle()
    expect(ann.page.get_by_role("heading", name="Ask your documents")).to_be_visible()


def addresses_in(person: User) -> list[str]:
    """Where the picture and the file of the source that is open lie."""
    dialog = person.page.get_by_role("dialog")
    link = dialog.get_by_role("link", name="Download the file")
    found = [dialog.locator("img").get_attribute("src"), link.get_attribute("href")]
    return [person.app.address + str(path) for path in found]


def fetched(person: User, addresses: list[str]) -> list[int]:
    """What their browser is answered, with its cookies."""
    return [person.page.request.get(address, max_retries=3).status for address in addresses]


def test_whoever_is_shut_out_is_out_without_a_click(app: Team, someone: Callable[..., User]) -> None:
    eve, ada = sign_in(someone(), "eve"), sign_in(someone(), "ada")
    eve.page.goto(app.address + "/people")
    expect(eve.page.get_by_text("This page is for administrators")).to_be_visible()
    eve.open("/documents")
    ada.open("/people")
    row = ada.page.locator("[class*='st-key-person-']", has_text="Eve")
    row.get_by_role("button", name="Deactivate").click()
    expect(row.get_by_role("button", name="Reactivate")).to_be_visible()
    # Eve does nothing, and her page is empty.
    is_out(eve.page, "Your account has been deactivated")
    # Nor is she in by any other door.
    for path in ("/", "/documents", "/people"):
        eve.page.goto(app.address + path)
        is_out(eve.page, "Your account has been deactivated")
    ada.page.get_by_role("tab", name="Activity").click()
    expect(ada.page.get_by_role("row", name="Ada deactivated Eve")).to_be_visible()


def test_signing_out_counts_in_every_window(app: Team, someone: Callable[..., User]) -> None:
    ann = sign_in(someone(), "ann")
    other = ann.page.context.new_page()
    other.goto(app.address)
    expect(other.get_by_role("button", name="New chat")).to_be_visible()
    ann.page.get_by_role("button", name="Ann", exact=True).click()
    expect(ann.page.get_by_role("button", name="Sign out")).to_be_visible()
    ann.page.get_by_role("button", name="Sign out").click()
    # The provider asks whether it is to forget the person as well; the app has done so already.
    expect(ann.page.get_by_test_id("stSidebar")).to_have_count(0)
    # In the other window nobody does anything.
    is_out(other, "Your sign-in has ended")
