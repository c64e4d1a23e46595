"""The answer of a computation over the lines of a report table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rag.answering.computing.engine import combined
from rag.answering.computing.report_lines import Cell, Series, time_of
from rag.answering.computing.wording import WORDINGS, number_text, plain, term_text
from rag.core.text.scripts import Language
from rag.core.types import Answer, Claim, Computed, Notice, Sentence

# Decimals of a share or a ratio.
_DECIMALS: Final = 2
_OF_RATIOS: Final = frozenset({"share", "ratio", "part"})
_EXTREMES: Final = frozenset({"maximum", "minimum"})
_TIMES: Final = _EXTREMES | {"which"}
_SIGNS: Final = {">": ">", ">=": "≥", "<": "<", "<=": "≤", "between": "–"}


def series_answer(draft: Answer, one: Series, language: Language) -> Answer | None:
    """The draft with the value, its words and its rows; None where there is no value."""
    numbers = [cell.value.number or 0.0 for cell in one.cells]
    value, passed = combined(one.operation, numbers, one.bound)
    if value is None or (one.operation == "which" and not passed):
        return None
    quotes = tuple(one.grid.quote(row) for row in one.rows)
    column = _column(one)
    shown = _of_times(one, passed) if one.operation in _TIMES else _shown(one, value, language)
    words = WORDINGS[language]
    head = words.operations[one.operation].format(column=column, rows="", where="")
    written = "" if one.operation in _EXTREMES else f"{_written(one)} = "
    text = f"{head}{words.colon}{written}{shown}{words.stop}"
    noted = tuple(range(len(quotes)))
    claim = Claim(text, "supported", noted, reasons=(Notice("computed", {"said": shown}),))
    computed = Computed(
        operation=one.operation, column=column, filters=(), value=value, shown=shown, unit=_unit(one),
        rows=len(one.rows),
        places=tuple(filter(None, (quote.cells for quote in quotes))), document=one.grid.document.name,
        sheet=one.grid.label if one.grid.sheet else "",
    )  # fmt: skip
    sentence = Sentence(text, "supported", noted, claims=(claim,), answers=True)
    return replace(
        draft, outcome="answered", text=text, quotes=quotes, computed=computed, sentences=(sentence,),
        disagreements=(), notices=(),
    )  # fmt: skip


def _column(one: Series) -> str:
    """The lines and the stretches of time, as the table has them."""
    lines = list(dict.fromkeys(_named(cell) for cell in one.cells))
    times = list(dict.fromkeys(cell.column for cell in one.cells))
    return f"{', '.join(lines)} ({', '.join(times)})"


def _named(cell: Cell) -> str:
    group = cell.row.group.rstrip(":： ")
    return f"{group} – {cell.line}" if group else cell.line


def _of_times(one: Series, passed: Sequence[int]) -> str:
    """The stretches of time that were asked for; behind the value, where it is the highest or the lowest."""
    times = ", ".join(time_of(one.cells[place]) for place in passed)
    return f"{one.cells[passed[0]].value.text} ({times})" if one.operation in _EXTREMES else times


def _written(one: Series) -> str:
    texts = [term_text(cell.value) for cell in one.cells]
    if one.bound[0]:
        sign = _SIGNS[one.bound[0]]
        return f"{', '.join(texts)}; {sign} {plain(one.bound[1])}"
    if one.operation == "share":
        return f"({texts[0]} − {texts[1]}) / {texts[1]}"
    sign = {"change": " − ", "difference": " − ", "ratio": " / ", "part": " / "}.get(one.operation, " + ")
    added = sign.join(texts)
    return f"({added}) / {len(texts)}" if one.operation == "average" else added


def _unit(one: Series) -> str:
    if one.operation in ("share", "part"):
        return "%"
    if one.operation in ("ratio", "exceeding", "which"):
        return ""
    unit = next((cell.value.unit for cell in one.cells if cell.value.unit), "")
    # What lies between two shares is no share of either.
    return "pp" if unit == "%" and one.operation in ("change", "difference") else unit


def _shown(one: Series, value: float, language: Language) -> str:
    decimals = max(cell.value.decimals for cell in one.cells)
    if one.operation in _OF_RATIOS:
        decimals = _DECIMALS
    elif one.operation == "average":
        decimals = len(f"{value:.{decimals + _DECIMALS}f}".rstrip("0").partition(".")[2])
    if _unit(one) == "pp":
        return f"{number_text(value, decimals, '', language)} {WORDINGS[language].points}"
    return number_text(value, 0 if one.operation == "exceeding" else decimals, _unit(one), language)
