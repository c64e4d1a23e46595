"""What a browser may ask of the table of documents, and what becomes of what it may not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from rag.core.types import Selection
from rag.ui.document_filters import said
from rag.ui.document_table import ROWS, Act, View, acted, viewed
from rag.ui.texts import Texts

ID = "0" * 32
VIEW = View(words="before", sort="added", descending=True, start=ROWS)
GIVEN = {"words": "ferry\0", "sort": "name", "descending": False, "start": 2 * ROWS + 7}


def test_words_order_and_page_are_taken_over() -> None:
    assert viewed(GIVEN, VIEW) == View(words="ferry", start=2 * ROWS)
    assert viewed(GIVEN | {"words": "x" * 9_999, "start": -1}, VIEW) == View(words="x" * 200)


@pytest.mark.parametrize(
    "given",
    [None, [], "x", {}, *(GIVEN | {key: 1.5} for key in ("words", "sort", "start")), GIVEN | {"sort": "owner"}],
)
def test_what_no_table_asks_for_changes_nothing(given: object) -> None:
    assert viewed(given, VIEW) == VIEW


def test_ticked_documents_are_named_by_ids_and_all_by_the_view() -> None:
    seen: list[object] = []

    def ids(*given: object) -> list[str]:
        seen.append(given)
        return ["a", "b"]

    listing = SimpleNamespace(ids=ids)
    page: Any = SimpleNamespace(services=SimpleNamespace(store=SimpleNamespace(listing=listing)), owner="ann")
    collection: Any = SimpleNamespace(id="c")
    assert acted(page, collection, {"act": "move", "ids": f"{ID} ../x {ID}"}, VIEW) == Act("move", (ID, ID))
    assert seen == []
    assert acted(page, collection, {"act": "tag", "ids": "", "all": True}, VIEW) == Act("tag", ("a", "b"))
    assert seen == [("ann", "c", VIEW.wanted)]
    for given in (None, {"act": "drop", "ids": ID}, {"act": "move", "ids": [ID]}, {"act": "move", "ids": ""}):
        assert acted(page, collection, given, VIEW) is None


def test_a_selection_is_said_in_words() -> None:
    selection = Selection(("Law/2024",), ("new",), ("web", "pdf"), until="2025-01-01")
    assert said(selection, Texts("en")) == "Law/2024 · #new · Web page · PDF · … – 2025-01-01"
