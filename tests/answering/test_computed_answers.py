"""Numbers asked of sheets and tables, by the door of a conversation: the value, its rows, and when it asks back."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rag.answering.computing.engine import run
from rag.answering.computing.grids import Grid, grids_of
from rag.answering.computing.operations import Filter, Query
from rag.answering.computing.planning import plan
from rag.core.call_context import CallContext
from rag.core.settings import Settings
from rag.core.types import Answer, Document
from rag.ingestion.loading import load_bytes
from rag.ingestion.pipeline import read_file
from rag.services import Services, open_services
from tests.support.sheet_files import workbook

OWNER = "me"
ROWS = [
    ("North", "Rope", 410, 2, datetime.date(2024, 7, 3), "open"),
    ("South", "Rope", 90, 1, datetime.date(2024, 2, 9), "paid"),
    ("North", "Sail", 120, 5, datetime.date(2024, 9, 30), "paid"),
    ("South", "Anchor", 75, 9, datetime.date(2024, 10, 1), "open"),
    ("East", "Anchor", None, 4, datetime.date(2023, 8, 8), "open"),
]
PRICES = "Ware;Preis;Ort\nTau;1.200,50 €;Kiel\nAnker;300,00 €;Kiel\nSegel;12,25 $;Ulm\nBoje;7,25 €;Ulm\n"
REPORT = """<h1>Report</h1><table><tr><td></td><td>2018</td><td>2019</td></tr>
<tr><td>Revenue</td><td>400</td><td>500</td></tr><tr><td>Staff costs</td><td>(120)</td><td>(90)</td></tr>
<tr><td>Total assets</td><td>1,000</td><td>1,250</td></tr></table>"""


def orders(sheet: Any) -> None:
    sheet.title = "Orders"
    sheet.append(["Region", "Product", "Amount", "Pieces", "Ordered", "Status"])
    for row in ROWS:
        sheet.append(row)
    sheet.append(["Total", None, 695, 21, None, None])
    # Of which the document has something to say.
    sheet.parent.create_sheet("Notes")["A1"] = "=SUM(1,2)"
    for (cell,) in sheet["C2:C7"]:
        cell.number_format = '#,##0 "€"'


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("sheets")
    services = open_services(Settings(data_dir=folder, samples=False, model="none", reader="elsewhere"))
    with closing(services.store):
        collection = services.store.collections.create(OWNER, "sheets").id
        for name, data in (
            ("orders.xlsx", workbook(orders)),
            ("Preise.csv", PRICES.encode()),
            ("r.html", REPORT.encode()),
        ):
            read_file(services.ingest, OWNER, collection, data, name)
        yield services


def ask(library: Services, question: str) -> Answer:
    (collection,) = library.store.collections.list(OWNER)
    *_, answer = library.conversation.ask(question, CallContext(OWNER, collection.id))
    return answer


def cells(answer: Answer) -> list[str]:
    return [quote.cells for quote in answer.quotes]


def test_a_sum_stands_in_words_with_its_rows_and_without_the_total(library: Services) -> None:
    answer = ask(library, "What is the total amount in the region North?")
    assert answer.text == "Sum of Amount over 2 rows where Region = North: 410 € + 120 € = 530 €."
    assert cells(answer) == ["A2:F2", "A4:F4"]
    assert answer.quotes[0].head == "Region | Product | Amount | Pieces | Ordered | Status"
    assert [(s.verdict, s.quotes, [r.key for r in s.reasons]) for s in answer.sentences] == [
        ("supported", (0, 1), ["computed"])
    ]
    assert [notice.key for notice in answer.notices] == ["computed_totals"]
    assert answer.computed is not None
    assert (answer.computed.places, answer.computed.sheet) == (("A2:F2", "A4:F4"), "Orders")
    assert (answer.outcome, answer.model) == ("answered", None)


@pytest.mark.parametrize(
    ("question", "text", "rows"),
    [
        ("How many orders have status open?", "Number of rows where Status = open: 3.", ["A2:F2", "A5:F5", "A6:F6"]),
        ("How many orders are there?", "Number of rows: 5.", ["A2:F2", "A3:F3", "A4:F4", "A5:F5", "A6:F6"]),
        (
            "Which orders in the South have more than 5 pieces?",
            "Rows where Region = South and Pieces > 5: 1.",
            ["A5:F5"],
        ),
        (
            "What was the total amount ordered in the third quarter of 2024?",
            "Sum of Amount over 2 rows where 2024-07-01 ≤ Ordered ≤ 2024-09-30: 410 € + 120 € = 530 €.",
            ["A2:F2", "A4:F4"],
        ),
        ("What is the highest amount?", "Highest Amount over 4 rows: 410 € (North).", ["A2:F2"]),
        ("How many orders are not paid?", "Number of rows where Status ≠ paid: 3.", ["A2:F2", "A5:F5", "A6:F6"]),
        (
            "What is the average amount per product?",
            "Average of Amount over 4 rows by Product: Rope = 250 €; Sail = 120 €; Anchor = 75 €.",
            ["A2:F2", "A3:F3", "A4:F4", "A5:F5"],
        ),
        (
            "What is the change in revenue from 2018 to 2019?",
            "Change of Revenue (2019, 2018): 500 − 400 = 100.",
            [""],
        ),
        (
            "What is the percentage change in staff costs between 2018 and 2019?",
            "Change of Staff costs (2019, 2018) in percent: ((90) − (120)) / (120) = -25.00%.",
            [""],
        ),
        (
            "In which year was revenue the highest?",
            "Highest Revenue (2018, 2019): 500 (2019).",
            [""],
        ),
        ("哪一年revenue更低?", "Revenue (2018, 2019)最小值：400 (2018)。", [""]),
        (
            "Which years had total assets of more than 900?",
            "Columns: Total assets (2018, 2019): 1,000, 1,250; > 900 = 2018, 2019.",
            [""],
        ),
        (
            "Was ist die Summe der Preise in Kiel?",
            "Summe von Preis über 2 Zeilen mit Ort = Kiel: 1.200,50 € + 300,00 € = 1.500,50 €.",
            ["A2:C2", "A3:C3"],
        ),
    ],
)
def test_what_is_asked_is_computed_of_the_rows_that_pass(
    library: Services, question: str, text: str, rows: list[str]
) -> None:
    answer = ask(library, question)
    assert (answer.text, cells(answer)) == (text, rows)


def test_different_units_are_said_and_not_added(library: Services) -> None:
    answer = ask(library, "Was ist die Summe der Preise?")
    assert (answer.computed, [notice.key for notice in answer.notices]) == (None, ["computed_units"])
    assert answer.notices[0].fields["units"] == "€, $"
    assert len(answer.quotes) == 4


def test_where_the_column_is_not_clear_it_asks_back_and_shows_rows(library: Services) -> None:
    answer = ask(library, "What is the highest order in the South?")
    assert (answer.computed, [notice.key for notice in answer.notices]) == (None, ["computed_unclear"])
    assert answer.notices[0].fields["columns"] == "Amount, Pieces"
    assert cells(answer) == ["A2:F2", "A3:F3", "A4:F4"]


def test_a_column_of_a_table_of_which_no_word_is_said_is_asked_about() -> None:
    asked = plan("What is the average of the second quarter?", grid_of("Day,Fee\n2024-04-03,20\n2024-05-03,70\n"))
    assert asked is not None
    assert asked.unclear == ("Fee",)


@pytest.mark.parametrize(
    "question",
    [
        "What is the total amount of refunds in the North?",
        "How many orders were open before they were cancelled?",
        "What is the highest amount in the North or of Anchor?",
        "What is the change in profit from 2018 to 2019?",
        # Two numbers are asked for, or the total that stands there, or a reason.
        "What were the revenues in 2018 and 2019 in total, respectively?",
        "What were the total assets in 2018 and 2019?",
        "Why did revenue change from 2018 to 2019?",
        # How something changed is no value of a year; of costs in brackets either may be called the higher.
        "In which year did revenue increase the most?",
        "In which year were staff costs higher?",
        # The lines of a report are different things.
        "What is the highest of 2019 in the report?",
    ],
)
def test_a_question_of_which_not_all_is_understood_is_not_computed(library: Services, question: str) -> None:
    assert ask(library, question).computed is None


def test_of_two_reports_the_rows_asked_for_are_shown_and_none_is_chosen(tmp_path: Path) -> None:
    services = open_services(Settings(data_dir=tmp_path, samples=False, model="none", reader="elsewhere"))
    with closing(services.store):
        collection = services.store.collections.create(OWNER, "reports").id
        for name in ("Alder.html", "Birch.html"):
            read_file(services.ingest, OWNER, collection, REPORT.replace("Report", name).encode(), name)
        answer = ask(services, "What is the change in revenue from 2018 to 2019?")
    assert (answer.computed, [notice.key for notice in answer.notices]) == (None, ["computed_tables"])
    assert sorted((quote.name, quote.text) for quote in answer.quotes) == [
        ("Alder.html", "Revenue | 400 | 500"),
        ("Birch.html", "Revenue | 400 | 500"),
    ]


def test_a_question_back_hides_nothing_that_another_document_says(tmp_path: Path) -> None:
    services = open_services(Settings(data_dir=tmp_path, samples=False, model="none", reader="elsewhere"))
    said = "The highest order in the South was one of 4,100 euros."
    with closing(services.store):
        collection = services.store.collections.create(OWNER, "orders").id
        for name, data in (("orders.xlsx", workbook(orders)), ("review.md", said.encode())):
            read_file(services.ingest, OWNER, collection, data, name)
        *_, answer = services.conversation.ask(
            "What is the highest order in the South?", CallContext(OWNER, collection)
        )
    assert [notice.key for notice in answer.notices] == ["computed_unclear"]
    assert [quote.text for quote in answer.quotes[:1]] == [said]
    assert cells(answer)[1:] == ["A2:F2", "A3:F3", "A4:F4"]


def test_no_row_that_fits_is_said(library: Services) -> None:
    answer = ask(library, "How many orders in the East have status paid?")
    assert answer.computed is None
    assert [(n.key, n.fields["filters"]) for n in answer.notices] == [
        ("computed_none", "Region = East and Status = paid")
    ]


def grid_of(lines: str) -> Grid:
    loaded = load_bytes(lines.encode(), "a.csv")
    document = Document("a", OWNER, "c", "a.csv", "", loaded.kind, None, "", 0, 1, 1, (), "en", "")
    (grid,) = grids_of(document, loaded.pages)
    return grid


def test_a_long_sheet_is_one_table_over_all_its_pages() -> None:
    lines = "Name,Fee\n" + "".join(f"n{n},{n}\n" for n in range(20_000))
    grid = grid_of(lines)
    result = run(Query("sum", 1, (Filter(1, ">=", low=19_998.0),)), grid)
    assert (len(grid.rows), len(grid.pages) > 1, result.value, result.rows) == (
        20_000,
        True,
        39_997.0,
        (19_998, 19_999),
    )


def test_only_what_fits_the_columns_is_run() -> None:
    grid = grid_of("Name,Fee\nDory,20\nKetch,70\n")
    for query in (Query("sum", 0), Query("sum", 7), Query("count", None, (Filter(0, ">", low=1.0),)), Query("sum")):
        with pytest.raises(ValueError, match="no "):
            run(query, grid)
    hostile = "x'); DROP TABLE cells; --"
    assert run(Query("count", None, (Filter(0, "is", (hostile,)),)), grid).value == 0


def test_duckdb_is_loaded_by_the_first_such_question_alone() -> None:
    import subprocess
    import sys

    code = "import sys, json, rag.answering.conversation; print(json.dumps('duckdb' in sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert json.loads(shown) is False
