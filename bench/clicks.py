"""How soon a click changes something and how soon the page has settled, in a real browser.

    python bench/clicks.py [--documents 250] [--chats 100] [--turns 50] [--rounds 10]

A library of that size is made, the app started on it, and each click made so many times: open a chat, open the long
chat, open a footnote, go to the Documents page, next page of the table, sort it, search it, switch the collection.
`seen` is the time until what was asked for is there, `settled` until the page's script has run to its end. Seconds,
P50 and P95. No model writes. Prints one JSON object and renews its section in bench/results.md.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH.parent))

from playwright.sync_api import Page, sync_playwright  # noqa: E402

from bench.report import renew  # noqa: E402
from rag.core.call_context import CallContext  # noqa: E402
from rag.core.settings import Settings  # noqa: E402
from rag.ingestion.pipeline import read_file  # noqa: E402
from rag.services import open_services  # noqa: E402
from tests.guarantees.apps import OWNER, quiet, running  # noqa: E402

CHROMIUM = "/usr/bin/chromium"
NAME, OTHER = "Office", "Elsewhere"
FOLDERS = ("", "Contracts/2024", "Contracts/2025", "Minutes")
WORDS = (
    *("lease", "office", "boiler", "ferry", "harbour", "budget", "meeting", "travel"),
    *("claim", "pension", "garden", "contract", "invoice", "safety"),
)
BUSY = "[data-test-script-state='running']"


def make(data: Path, documents: int, chats: int, turns: int) -> None:
    """The library: so many short documents, so many chats, one of them with so many turns."""
    services = open_services(Settings(data_dir=data, model="none", samples=False))
    with closing(services.store) as store:
        here = store.collections.named(OWNER, NAME)
        store.collections.named(OWNER, OTHER)
        draw = random.Random(1)
        for number in range(documents):
            what, whom, cost = draw.sample(WORDS, 3)
            folder = draw.choice(FOLDERS)
            due, price = f"The {whom} is due on day {number % 28 + 1}.", f"The {cost} costs {number * 7} euros."
            text = f"{what.title()} {number}\n\n{due} {price}"
            read_file(services.ingest, OWNER, here.id, text.encode(), f"{folder}/{what}-{number}.txt".lstrip("/"))
        *_, answer = services.conversation.ask("What does the garden cost?", CallContext(OWNER, here.id))
        for number in range(chats):
            chat = store.chats.create(OWNER, here.id)
            for place in range(turns if number == chats - 1 else 1):
                turn = store.chats.ask(OWNER, chat.id, f"Question {place} of chat {number}?")
                store.chats.answer(OWNER, turn.id, answer)


class Clicks:
    """Clicks in one browser, and what each took."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.taken: dict[str, list[tuple[float, float]]] = {}

    def click(self, name: str, do: Callable[[], object], there: Callable[[], object]) -> None:
        """Click, wait until it shows, wait until the page has settled."""
        self.settle()
        began = time.monotonic()
        do()
        there()
        seen = time.monotonic() - began
        self.settle()
        self.taken.setdefault(name, []).append((seen, time.monotonic() - began))

    def settle(self) -> None:
        self.page.wait_for_function(f'!document.querySelector("{BUSY}")')

    def table(self) -> dict[str, dict[str, float]]:
        """P50 and P95 of each click, in seconds."""
        return {name: _percentiles(pairs) for name, pairs in self.taken.items()}


def _percentiles(pairs: list[tuple[float, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for what, values in zip(("seen", "settled"), zip(*pairs, strict=True), strict=True):
        cuts = statistics.quantiles(values, n=20, method="inclusive")
        found |= {f"{what}_p50": round(statistics.median(values), 2), f"{what}_p95": round(cuts[18], 2)}
    return found


def walk(clicks: Clicks, turns: int, rounds: int) -> None:
    """All clicks, so many times."""
    page = clicks.page
    chats, rows = page.locator(".chats a.chat"), page.locator(".documents button.name")
    long = page.get_by_text(f"Question {turns - 1} of chat")
    for number in range(rounds):
        title = chats.nth(number + 1).inner_text()
        clicks.click("open a chat", chats.nth(number + 1).click, page.locator(".question", has_text=title).wait_for)
        clicks.click("open the long chat", chats.first.click, long.last.wait_for)
        page.keyboard.press("Escape")
        # Not among those that are folded.
        note = page.locator(".answer .place").filter(visible=True).last
        clicks.click("open a footnote", note.click, page.locator(".panel .frame").wait_for)
        page.keyboard.press("Escape")
        clicks.click("go to Documents", page.get_by_role("link", name="Documents").click, rows.first.wait_for)
        first = rows.first.inner_text()
        following = page.locator(".documents .pager").get_by_role("button", name="Next")
        clicks.click("next page of the table", following.click, partial(_other, page, first))
        first = rows.first.inner_text()
        by = page.locator(".documents").get_by_role("button", name="Size" if number % 2 else "Name", exact=True)
        clicks.click("sort the table", by.click, partial(_other, page, first))
        search = page.locator(".documents .search")
        clicks.click("search the table", partial(search.fill, "garden"), page.get_by_text("documents found").wait_for)
        clicks.click("open a document", rows.first.click, page.locator(".panel .frame").wait_for)
        page.keyboard.press("Escape")
        search.fill("")
        box = page.get_by_test_id("stSidebar").get_by_test_id("stSelectbox").locator("input")
        for name in (OTHER, NAME):
            box.click()
            option, title_ = page.get_by_role("option", name=name), page.get_by_role("heading", name=name)
            clicks.click("switch the collection", option.click, title_.wait_for)
        clicks.click("go to the chat", page.get_by_role("link", name="Chat").click, chats.first.wait_for)


def _other(page: Page, first: str) -> None:
    page.wait_for_function(
        "first => { for (const host of document.querySelectorAll('*')) { const name = host.shadowRoot?.querySelector("
        "'.documents button.name'); if (name) return name.textContent !== first; } return false; }",
        arg=first,
    )


def measure(folder: Path, documents: int, chats: int, turns: int, rounds: int) -> dict[str, Any]:
    """What each click takes on a library of that size."""
    make(folder / "data", documents, chats, turns)
    environment = quiet() | {"RAG_SAMPLES": "false", "RAG_DATA_DIR": str(folder / "data")}
    with running(folder, environment) as app, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        page = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900}).new_page()
        page.goto(app.address)
        page.locator(".chats a.chat").first.wait_for(timeout=90_000)
        clicks = Clicks(page)
        walk(clicks, turns, rounds)
        browser.close()
    return {"documents": documents, "chats": chats, "turns": turns, "rounds": rounds, "clicks": clicks.table()}


def lines(found: dict[str, Any]) -> list[str]:
    """The section of bench/results.md."""
    size = "{documents} documents, {chats} chats, one of {turns} turns; {rounds} rounds".format_map(found)
    head = ["| click | seen P50 | seen P95 | settled P50 | settled P95 |", "|---|---|---|---|---|"]
    columns = ("seen_p50", "seen_p95", "settled_p50", "settled_p95")
    rows = [
        f"| {name} | " + " | ".join(f"{each[column]:.2f}" for column in columns) + " |"
        for name, each in found["clicks"].items()
    ]
    return [f"Seconds in a real browser with {size}.", "", *head, *rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("documents", 250), ("chats", 100), ("turns", 50), ("rounds", 10)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), asked.documents, asked.chats, asked.turns, asked.rounds)
    print(json.dumps(found))
    renew("What a click takes", "python bench/clicks.py", "\n".join(lines(found)), found)


if __name__ == "__main__":
    main()
