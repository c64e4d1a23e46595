"""A person sees which models fit, downloads, cancels, imports, tries and switches, in the browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from rag.models.catalogue.hardware_fit import Speed, machine, write_speeds
from tests.browser.conftest import App, User
from tests.guarantees.apps import running
from tests.support.hub import LLAMA_FILE, WEIGHTS, Hub, hub_serving, slowly

pytestmark = pytest.mark.browser

BUNDLED = "smollm2-135m-instruct"
QWEN = ("Qwen/Qwen2.5-1.5B-Instruct-GGUF", "qwen2.5-1.5b-instruct-q4_k_m.gguf")
HOSTILE = "<img src=x onerror=alert(1)> *mine*.gguf"


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with hub_serving() as made:
        made.files[QWEN] = WEIGHTS
        yield made


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, hub: Hub, chromium: Browser) -> Iterator[App]:
    """An app of its own, with a hub on loopback as the source of models."""
    folder = tmp_path_factory.mktemp("models")
    source = f"http://{hub.served.place}"
    given = {"RAG_MODEL": BUNDLED, "RAG_MODEL_SOURCE": source, "RAG_SAMPLES": "false"}
    with running(folder, {**os.environ, **given}) as made:
        yield App(made.address, made.data, lambda: None, lambda: None)


def card(user: User, name: str) -> Locator:
    return user.page.locator(f".st-key-model-{name.replace('.', '-')}")


def open_models(user: User) -> None:
    """The page, once this machine is measured."""
    user.open("/models")
    expect(card(user, BUNDLED)).to_contain_text("measured")
    user.settle()


def choose(user: User, name: str) -> None:
    user.page.get_by_test_id("stSelectbox").locator("input").click()
    user.page.get_by_role("option", name=name).click()
    user.settle()


def test_each_model_says_how_it_runs_here(user: User) -> None:
    open_models(user)
    expect(card(user, BUNDLED)).to_contain_text("On this computer")
    expect(card(user, BUNDLED)).to_contain_text("included")
    expect(card(user, "llama-2-13b-chat")).to_contain_text("Not on this computer")
    expect(card(user, "llama-2-13b-chat")).to_contain_text("7.9 GB")


def test_a_model_comes_once_its_licence_is_accepted(user: User, app: App, hub: Hub) -> None:
    open_models(user)
    llama = card(user, "llama-2-7b-chat")
    download = llama.get_by_role("button", name="Download")
    expect(download).to_be_disabled()
    expect(llama.get_by_role("link")).to_have_attribute(
        "href", "https://ai.meta.com/resources/models-and-libraries/llama-downloads/"
    )
    assert hub.served.requests == [], "nothing is fetched without being asked for"
    llama.get_by_test_id("stCheckbox").locator("label").click()
    expect(download).to_be_enabled()
    hub.before_piece = slowly(0.05)
    download.click()
    expect(llama.get_by_role("progressbar")).to_be_visible()
    expect(llama).to_contain_text("On this computer")
    assert (app.data / "models" / LLAMA_FILE).read_bytes() == WEIGHTS
    llama.get_by_role("button", name="Check files").click()
    expect(llama).to_contain_text("All files are unchanged.")
    llama.get_by_role("button", name="Remove").click()
    user.page.get_by_test_id("stPopoverBody").get_by_role("button", name="Remove").click()
    expect(llama).to_contain_text("Not on this computer")
    assert not (app.data / "models" / LLAMA_FILE).exists()


def test_a_cancelled_download_leaves_nothing_and_a_wrong_one_is_named(user: User, app: App, hub: Hub) -> None:
    open_models(user)
    qwen = card(user, "qwen2.5-1.5b-instruct")
    hub.before_piece = slowly(0.3)
    qwen.get_by_role("button", name="Download").click()
    qwen.get_by_role("button", name="Cancel").click()
    expect(qwen.get_by_role("button", name="Download")).to_be_visible()
    assert not (app.data / "models" / ".partial" / "qwen2.5-1.5b-instruct").exists()
    hub.before_piece = lambda sent: None
    hub.lies[QWEN[1]] = WEIGHTS[:-1] + b"!"
    qwen.get_by_role("button", name="Download").click()
    expect(qwen).to_contain_text("its file is not the one that was published or first seen")
    qwen.get_by_role("button", name="Dismiss").click()
    expect(qwen).not_to_contain_text("not the one that was published")
    hub.lies.clear()


def test_a_model_is_tried_with_one_line(user: User) -> None:
    open_models(user)
    user.page.get_by_label("Try it with one line").fill(
        "The capital of France is Paris. What is the capital of France?"
    )
    user.page.get_by_role("button", name="Try", exact=True).click()
    expect(user.page.locator(".question")).to_contain_text("Paris")


def test_another_model_writes_without_a_restart_and_none_from_elsewhere_is_offered(user: User) -> None:
    open_models(user)
    user.page.get_by_test_id("stSelectbox").locator("input").click()
    offered = user.page.get_by_role("option").all_inner_texts()
    assert BUNDLED in offered
    assert not [name for name in offered if ":" in name and not name.startswith("None")], offered
    user.page.keyboard.press("Escape")
    choose(user, "None: quotes only")
    expect(user.page.get_by_test_id("stSidebar")).to_contain_text("Quotes only")
    user.page.reload()
    expect(user.page.get_by_test_id("stSidebar")).to_contain_text("Quotes only")
    choose(user, BUNDLED)
    expect(user.page.get_by_test_id("stSidebar")).to_contain_text(BUNDLED)


def test_a_file_laid_into_the_folder_is_imported_whatever_its_name(user: User, app: App) -> None:
    folder: Path = app.data / "models" / "import"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / HOSTILE).write_bytes(WEIGHTS)
    open_models(user)
    alerts: list[str] = []
    user.page.on("dialog", lambda dialog: alerts.append(dialog.message))
    expect(user.page.get_by_role("button", name=f"Import {HOSTILE}")).to_be_visible()
    # A click while the page is drawn anew may be lost.
    user.settle()
    user.page.get_by_role("button", name=f"Import {HOSTILE}").click()
    expect(user.page.locator("[class*='st-key-model-'] h2", has_text="mine")).to_be_visible()
    assert not alerts
    assert list(folder.iterdir()) == []


def test_the_start_screen_brings_the_model_that_suits_this_machine(user: User, app: App, hub: Hub) -> None:
    # So slow that the smallest able one suits best.
    speeds = {BUNDLED: Speed(read=10, write=1, size=10**8)}
    write_speeds(app.data / "models" / ".speeds.json", machine(), speeds)
    user.open()
    first = user.page.locator(".st-key-first-model")
    expect(first).to_contain_text("qwen2.5-1.5b-instruct · 1.1 GB · slow here")
    expect(first).to_contain_text("Licence: Apache-2.0")
    hub.before_piece = slowly(0.3)
    first.get_by_role("button", name="Download and use it").click()
    expect(first.get_by_role("progressbar")).to_be_visible()
    first.get_by_role("button", name="Cancel").click()
    again = first.get_by_role("button", name="Download and use it")
    # Fast before it is cancelled, it would be there at once.
    expect(again).to_be_visible()
    hub.before_piece = lambda sent: None
    again.click()
    expect(user.page.get_by_test_id("stSidebar")).to_contain_text("qwen2.5-1.5b-instruct")
    expect(first).to_have_count(0)


@pytest.mark.parametrize("user", [{"locale": "zh-CN", "color_scheme": "dark"}], indirect=True)
def test_the_page_speaks_chinese(user: User) -> None:
    user.open("/models")
    expect(user.page.get_by_role("heading", name="模型")).to_be_visible()
    expect(card(user, BUNDLED)).to_contain_text("许可证")
