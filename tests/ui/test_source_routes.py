"""What the source panel is told: pages in blocks, what a footnote points to, words found in a document."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from rag.answering.background_runs import AnswerRuns, RunOwner
from rag.core.types import Answer, Document, Quote, Turn
from rag.library.store import Store
from rag.ui import file_addresses, file_routes
from rag.ui.page_frame import Frame
from rag.ui.texts import Texts
from tests.browser.making import pdf
from tests.guarantees.apps import OWNER
from tests.support import panel_addresses
from tests.ui.test_file_routes import put

Ask = Callable[[str], Any]


class Services:
    """A library and the answers being written, which is all that the routes ask for."""

    def __init__(self, store: Store) -> None:
        self.store, self.runs = store, AnswerRuns()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store.open(tmp_path)) as opened:
        yield opened


@pytest.fixture
def services(store: Store) -> Services:
    return Services(store)


@pytest.fixture
def ask(services: Services) -> Ask:
    page = Frame(services, Texts("en"))  # type: ignore[arg-type]
    browser = TestClient(Starlette(routes=file_routes.routes(lambda _: page)))

    def get(address: str) -> Any:
        reply = browser.get(address)
        return reply.json() if reply.status_code == 200 else reply.status_code

    return get


def quote_of(document: Document, text: str = "Plan") -> Quote:
    return Quote(document.id, "plan.pdf", "", "pdf", None, 1, "1", "2 Plans", text, 0, len(text), 1.0)


def asked(store: Store, document: Document, answer: Answer | None) -> Turn:
    turn = store.chats.ask(OWNER, store.chats.create(OWNER, document.collection).id, "Which plan?")
    if answer is not None:
        store.chats.answer(OWNER, turn.id, answer)
    return turn


def answer_with(*quotes: Quote) -> Answer:
    return Answer("Which plan?", "Which plan?", "Plan 1", "answered", None, quotes=quotes)


def test_a_footnote_opens_its_page_with_the_words_marked(store: Store, ask: Ask) -> None:
    document = put(store, store.collections.create(OWNER, "mine").id, "plan.pdf", pdf("Plan 1"))
    turn = asked(store, document, answer_with(quote_of(document), quote_of(document)))
    seen = ask(panel_addresses.citation_address(turn, 2))
    assert (seen["footnote"], seen["footnotes"], seen["name"], seen["section"]) == (2, 2, "plan.pdf", "2 Plans")
    assert (seen["place"], seen["number"], seen["count"], seen["marked"]) == ("Page 1 of 1", 1, 1, "0-4")
    assert seen["blocks"][0]["pieces"] == [["Plan", "quote"], [" 1", ""]]
    assert seen["picture"] == file_addresses.picture_address(document, 1, [(0, 4)])
    assert 0 < seen["at"] < 1
    assert ask(panel_addresses.citation_address(turn, 3)) == 404


def test_an_answer_being_written_has_footnotes_too(services: Services, store: Store, ask: Ask) -> None:
    document = put(store, store.collections.create(OWNER, "mine").id, "plan.pdf", pdf("Plan 1"))
    turn = asked(store, document, None)
    assert ask(panel_addresses.citation_address(turn, 1)) == 404
    draft = answer_with(quote_of(document))
    for person, expected in (("somebody else", 404), (OWNER, "plan.pdf")):
        with closing(Writing(services, turn, draft, person)):
            seen = ask(panel_addresses.citation_address(turn, 1))
            assert (seen if isinstance(seen, int) else seen["name"]) == expected


class Writing:
    """An answer of a person that is being written until it is closed."""

    def __init__(self, services: Services, turn: Turn, draft: Answer, person: str) -> None:
        self._services, self._turn = services, turn
        run = services.runs.start(turn.id, draft, self._write, lambda _: None, RunOwner(person, "", ""))
        self._run = run

    def _write(self, run: Any) -> Iterator[Answer]:
        while not run.stopping():
            run.wait(-1, 0.01)
            yield run.draft

    def close(self) -> None:
        self._run.stop()
        while self._services.runs.get(self._turn.id) is not None:
            self._run.wait(-1, 0.01)


def test_of_what_is_gone_the_quoted_words_stay(store: Store, ask: Ask) -> None:
    document = put(store, store.collections.create(OWNER, "mine").id, "plan.pdf", pdf("Plan 1"))
    turn = asked(store, document, answer_with(quote_of(document)))
    store.documents.remove(OWNER, document.id)
    seen = ask(panel_addresses.citation_address(turn, 1))
    assert (seen["quote"], seen["gone"]) == ("Plan", Texts("en")("source.gone"))
    assert ask(panel_addresses.view_address(document, 1)) == 404


def test_a_page_number_past_the_last_is_the_last(store: Store, ask: Ask) -> None:
    document = put(store, store.collections.create(OWNER, "mine").id, "plan.pdf", pdf("Plan 1"))
    assert ask(panel_addresses.view_address(document, 99))["number"] == 1
    assert ask(file_addresses.address(f"documents/{document.id}/view/0")) == 404


def test_words_are_found_and_open_marked(store: Store, ask: Ask) -> None:
    document = put(store, store.collections.create(OWNER, "mine").id, "plan.pdf", pdf("Plan 1"))
    found = ask(panel_addresses.find_address(document) + "?words=plan")
    (hit,) = found["hits"]
    assert (found["said"], hit["words"], hit["page"]) == ("1 place", "Plan", 1)
    seen = ask(panel_addresses.view_address(document, 1) + f"?marked={hit['start']}-{hit['end']}")
    assert seen["blocks"][0]["pieces"][0] == ["Plan", "quote"]
    assert ask(panel_addresses.find_address(document) + "?words=moon")["said"] == Texts("en")("source.no_hits")


def test_what_was_read_of_a_document_is_told_in_lines(store: Store, ask: Ask) -> None:
    document = put(store, store.collections.create(OWNER, "c").id, "plan.pdf", pdf("Plan of the harbour"))
    told = ask(panel_addresses.report_address(document))
    assert told["lines"][0].startswith("plan.pdf · 1 page")
    assert told["lines"][1:] == ["1 page read as it stands"]
    assert ask(file_addresses.address(f"documents/{'0' * 32}/report")) == 404


def test_chats_are_found_by_words_in_them(store: Store, ask: Ask) -> None:
    collection = store.collections.create(OWNER, "c")
    mine = store.chats.create(OWNER, collection.id)
    store.chats.ask(OWNER, mine.id, "What of the quay?")
    other = store.chats.create("another", store.collections.create("another", "c").id)
    store.chats.ask("another", other.id, "What of the quay?")
    assert ask(file_addresses.address("chats/find?words=QUAY")) == {"chats": [mine.id]}
    assert ask(file_addresses.address("chats/find?words=crane")) == {"chats": []}
