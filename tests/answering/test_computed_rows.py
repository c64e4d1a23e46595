"""Rows of a price list by what its columns say: prices, yes and no, and what may be counted as rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from rag.core.call_context import CallContext
from rag.core.settings import Settings
from rag.core.types import Answer
from rag.ingestion.pipeline import read_file
from rag.services import Services, open_services

OWNER = "me"
SEEDS = "Article;Name;Price;Hardy\nS-1;Kale;2.30;yes\nS-2;Red tomato;3.20;no\nS-3;Plum tomato;3.60;no\n"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("seeds")
    services = open_services(Settings(data_dir=folder, samples=False, model="none", reader="elsewhere"))
    with closing(services.store):
        collection = services.store.collections.create(OWNER, "seeds").id
        read_file(services.ingest, OWNER, collection, SEEDS.encode(), "seeds.csv")
        yield services


def ask(library: Services, question: str) -> Answer:
    (collection,) = library.store.collections.list(OWNER)
    *_, answer = library.conversation.ask(question, CallContext(OWNER, collection.id))
    return answer


@pytest.mark.parametrize(
    ("question", "text", "rows"),
    [
        ("What is the cheapest seed?", "Lowest Price over 3 rows: 2.30 (S-1 Kale).", ["A2:D2"]),
        (
            "Which is the most expensive tomato?",
            "Highest Price over 2 rows where Name holds “tomato”: 3.60 (S-3 Plum tomato).",
            ["A4:D4"],
        ),
        ("Which seeds are not hardy?", "Rows where Hardy = no: 2.", ["A3:D3", "A4:D4"]),
        ("Which seeds are hardy?", "Rows where Hardy = yes: 1.", ["A2:D2"]),
        ("How many seeds are hardy?", "Number of rows where Hardy = yes: 1.", ["A2:D2"]),
    ],
)
def test_prices_and_columns_of_yes_and_no_choose_rows(
    library: Services, question: str, text: str, rows: list[str]
) -> None:
    answer = ask(library, question)
    assert (answer.text, [quote.cells for quote in answer.quotes]) == (text, rows)


def test_rows_are_not_counted_as_things_of_which_the_table_says_nothing(library: Services) -> None:
    assert ask(library, "How many employees does the company have?").outcome == "refused"
    assert ask(library, "How many rows are there?").text == "Number of rows: 3."
