"""Whether a question asks to compute something of the tables found, and the answer: the value, its rows, its words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final, TypeVar

from rag.answering.computing.asked_operations import REASONS, operation_of
from rag.answering.computing.asked_series import AskedSeries
from rag.answering.computing.engine import run
from rag.answering.computing.grids import Grid, Row, grids_of
from rag.answering.computing.operations import Query, Result
from rag.answering.computing.planning import Plan, plan
from rag.answering.computing.report_lines import Series
from rag.answering.computing.series import planned_series
from rag.answering.computing.series_answers import series_answer
from rag.answering.computing.spans import Question
from rag.answering.computing.wording import WORDINGS, filter_text, head_of, number_text, terms_text
from rag.core.text import language_of
from rag.core.text.scripts import Language
from rag.core.types import Answer, Claim, Computed, Document, Notice, PageKey, Passage, Sentence
from rag.library.store import Store

# Rows that are quoted; of more the places are told.
_QUOTED: Final = 100
# Footnotes behind the sentence itself.
_NOTED: Final = 12
# Rows shown of a table of which the columns are not clear.
_SHOWN: Final = 3
# Documents whose tables are kept, and stretches of cells named beyond the rows quoted.
_KEPT: Final = 4
_STRETCHES: Final = 1000
# Tables named where it is not clear which is meant.
_NAMED: Final = 6

Fitting = TypeVar("Fitting", Plan, Series)


class Computer:
    """Computes of the tables of a library. One for all; thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._of_sheets = lru_cache(_KEPT)(self._read_sheets)

    def answered(
        self, draft: Answer, owner: str, documents: Iterable[Document], tables: Collection[PageKey]
    ) -> Answer | None:
        """The draft with what is computed of its passages' tables, or with what is not clear; None where it asks for
        nothing of the kind. `tables` are the pages that hold some: others are not read again."""
        asked = draft.question
        question, series = Question(asked), AskedSeries.of(asked)
        if REASONS.search(question.text) or (operation_of(question) is None and series is None):
            return None
        grids = self._grids(
            owner,
            [each for each in draft.passages if (each.document, each.page) in tables],
            {d.id: d for d in documents},
        )
        language = language_of(asked)
        plans = [one for grid in grids if (one := plan(asked, grid))]
        clear = [one for one in plans if not one.unclear]
        lines = [line for grid in grids if series and (line := planned_series(series, grid))]
        over_lines = bool(lines) and not any(one.grid.sheet for one in clear)
        found: Sequence[Plan | Series] = _best(lines) if over_lines else _best(clear or plans[:1])
        if len(found) != 1:
            return _which_table(draft, found) if found else None
        (best,) = found
        if isinstance(best, Series):
            return series_answer(draft, best, language)
        return _which_column(draft, best) if best.unclear else _answer(draft, best, language)

    def _grids(self, owner: str, passages: Sequence[Passage], documents: dict[str, Document]) -> list[Grid]:
        found: list[Grid] = []
        places: dict[str, set[PageKey]] = {}
        for passage in passages:
            places.setdefault(passage.document, set()).add((passage.document, passage.page))
        for name, pages in places.items():
            document = documents.get(name)
            if document is None:
                continue
            if document.format.places == "cells":
                found += self._of_sheets(owner, document.id, document.sha256, document.reading)
            else:
                read = self._store.documents.pages_at(owner, pages)
                found += grids_of(document, [page for _, page in sorted(read.items())])
        return found

    def _read_sheets(self, owner: str, document: str, _sha256: str, _reading: int) -> tuple[Grid, ...]:
        """The tables of a document, kept for as long as its bytes and their reading are the same."""
        documents = self._store.documents
        return tuple(grids_of(documents.get(owner, document), documents.pages(owner, document)))


def _best(plans: Sequence[Fitting]) -> list[Fitting]:
    """Those that fit the question best."""
    most = max((one.fits for one in plans), default=0)
    return [one for one in plans if one.fits == most]


def _answer(draft: Answer, one: Plan, language: Language) -> Answer:
    result = run(one.query, one.grid)
    table = one.grid.name
    if not result.rows:
        said = WORDINGS[language].joined.join(filter_text(each, one.grid, language) for each in one.query.filters)
        return replace(draft, notices=(*draft.notices, Notice("computed_none", {"table": table, "filters": said})))
    rows = [one.grid.rows[place] for place in result.rows]
    column = one.grid.heads[one.query.column] if one.query.column is not None else ""
    if len(result.units) > 1:
        notice = Notice("computed_units", {"column": column, "units": ", ".join(result.units)})
        return _shown(draft, one.grid, rows, (notice, *_about(one, result, len(rows))))
    text, value = _said(one, result, language)
    quotes = tuple(one.grid.quote(row) for row in rows[:_QUOTED])
    noted = tuple(range(min(_NOTED, len(quotes))))
    reason = Notice("computed", {"said": value})
    claim = Claim(text, "supported", noted, reasons=(reason,))
    computed = Computed(
        operation=one.query.operation, column=column,
        filters=tuple(filter_text(each, one.grid, language) for each in one.query.filters),
        value=result.value, shown=value, unit=_unit(one, result), rows=len(rows),
        places=_stretches(one.grid, rows), document=one.grid.document.name,
        sheet=one.grid.label if one.grid.sheet else "",
        groups=tuple((name, number, len(places)) for name, number, places in result.groups),
    )  # fmt: skip
    return replace(
        draft, outcome="answered", text=text, quotes=quotes, computed=computed, disagreements=(),
        sentences=(Sentence(text, "supported", noted, claims=(claim,), answers=True),),
        notices=_about(one, result, len(rows)),
    )  # fmt: skip


def _said(one: Plan, result: Result, language: Language) -> tuple[str, str]:
    """The computation in words, and the value alone."""
    words, query, grid = WORDINGS[language], one.query, one.grid
    compared = _compared(one, result)
    single = query.operation == "sum" and len(result.rows) == 1 and query.group is None
    head = head_of(query, grid, compared, language, single=single)
    if query.group is not None:
        groups = [(name, _number(one, result, number, language)) for name, number, _ in result.groups]
        value = "; ".join(f"{name} = {number}" for name, number in groups)
        return f"{head}{words.colon}{value}{words.stop}", value
    assert result.value is not None  # there are rows, of one unit
    if query.operation in ("count", "rows", "distinct"):
        value = f"{int(result.value)}"
        return f"{head}{words.colon}{value}{words.stop}", value
    assert query.column is not None
    values = [grid.column(query.column).values[place] for place in result.rows]
    if query.operation in ("maximum", "minimum"):
        named = ", ".join(dict.fromkeys(grid.label_of(grid.rows[place]) for place in result.rows[:_SHOWN]))
        value = ", ".join(dict.fromkeys(v.text for v in values)) if query.limit else values[0].text
        return f"{head}{words.colon}{value}{f' ({named})' if named else ''}{words.stop}", value
    value = _number(one, result, result.value, language)
    if single or query.operation == "median":
        return f"{head}{words.colon}{values[0].text if single else value}{words.stop}", values[
            0
        ].text if single else value
    return f"{head}{words.colon}{terms_text(query.operation, values)} = {value}{words.stop}", value


def _compared(one: Plan, result: Result) -> int:
    """How many rows an extreme was taken of; the rows themselves elsewhere."""
    if one.query.operation not in ("maximum", "minimum"):
        return len(result.rows)
    whole = run(Query("count", None, one.query.filters), one.grid)
    return len(whole.rows) - result.without


def _number(one: Plan, result: Result, number: float, language: Language) -> str:
    decimals = 0
    if one.query.column is not None:
        column = one.grid.column(one.query.column)
        decimals = max((column.values[place].decimals for place in result.rows), default=0)
    if one.query.operation in ("average", "median"):
        decimals += 2
        rounded = f"{number:.{decimals}f}"
        decimals = len(rounded.rstrip("0").partition(".")[2])
    return number_text(number, decimals, _unit(one, result), language)


def _unit(one: Plan, result: Result) -> str:
    if one.query.column is None or one.query.operation in ("count", "rows", "distinct"):
        return ""
    return result.units[0] if result.units else one.grid.column(one.query.column).unit


def _about(one: Plan, result: Result, rows: int) -> tuple[Notice, ...]:
    """What has to be known of the computation: totals and cells left out, rows that are not shown, another total."""
    found: list[Notice] = []
    grid, query = one.grid, one.query
    if grid.totals:
        names = ", ".join(dict.fromkeys(_first_cell(row) for row in grid.totals[:_SHOWN]))
        found.append(Notice("computed_totals", {"rows": names}))
    if result.without and query.column is not None:
        found.append(Notice("computed_without", {"count": result.without, "column": grid.heads[query.column]}))
    if rows > _QUOTED:
        found.append(Notice("computed_more", {"shown": _QUOTED, "count": rows}))
    return tuple(found)


def _first_cell(row: Row) -> str:
    return next(filter(None, row.cells), "")


def _stretches(grid: Grid, rows: Sequence[Row]) -> tuple[str, ...]:
    """The cells of all rows, of rows that follow each other at once; none where there are no cells."""
    if not grid.sheet:
        return ()
    found: list[tuple[str, str]] = []
    following = {(row.page, row.start): place for place, row in enumerate(grid.rows)}
    last = -2
    for row in sorted(rows, key=lambda one: (one.page, one.start)):
        place = following[row.page, row.start]
        first, _, end = grid.pages[row.page].cells_at(row.start, row.end).partition(":")
        if place == last + 1 and found:
            found[-1] = found[-1][0], end or first
        else:
            found.append((first, end or first))
        last = place
    return tuple(a if a == b else f"{a}:{b}" for a, b in found[:_STRETCHES])


def _shown(draft: Answer, grid: Grid, rows: Sequence[Row], notices: tuple[Notice, ...]) -> Answer:
    """Rows alone, with what has to be known of them."""
    quotes = tuple(grid.quote(row) for row in rows[:_QUOTED])
    return replace(draft, outcome="answered", quotes=quotes, notices=notices, disagreements=())


def _which_column(draft: Answer, one: Plan) -> Answer:
    notice = Notice("computed_unclear", {"columns": ", ".join(one.unclear), "table": one.grid.name})
    # What the search found first in another document may be the answer: it is not hidden by a question back.
    best = tuple(quote for quote in draft.quotes[:1] if quote.document != one.grid.document.id)
    shown = _shown(draft, one.grid, one.grid.rows[:_SHOWN], (notice,))
    return replace(shown, quotes=(*best, *shown.quotes))


def _which_table(draft: Answer, found: Sequence[Plan | Series]) -> Answer:
    """That the question fits several tables, with the rows of each that it asks for, where these are known."""
    names = dict.fromkeys(f"{one.grid.name}{f' ({one.grid.caption})' if one.grid.caption else ''}" for one in found)
    notice = Notice("computed_tables", {"tables": "; ".join(list(names)[:_NAMED])})
    quotes = tuple(
        one.grid.quote(row)
        for one in found[:_NAMED]
        for row in (one.rows if isinstance(one, Series) else one.grid.rows[:1])
    )
    return replace(draft, outcome="answered", quotes=quotes, notices=(notice,), disagreements=())
