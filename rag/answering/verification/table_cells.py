"""Claims that read off a table's row: "An adult pays £6.40 for a single and £11 for a day return"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rag.answering.verification.amounts import in_common
from rag.answering.verification.evidence import Source
from rag.answering.verification.polarity import denies
from rag.core.tables import CELL_BORDER
from rag.core.text import Language, Number, coverage, numbers, terms, without_figures

# The share of a claim's words that row, heads, title and section must hold; set by hand.
_HELD: Final = 0.6


def read_off(claim: str, row: Source, language: Language) -> bool:
    """Whether a claim names a row, and each of its figures stands in a cell of it whose head the claim names, in the
    order of the heads."""
    heads, cells = row.quote.head.split(CELL_BORDER), row.quote.text.split(CELL_BORDER)
    figures = numbers(claim)
    said = terms(claim, language)
    named = terms(cells[0], language)
    if not figures or len(heads) != len(cells) or denies(claim) or not named or not set(named) <= set(said):
        return False
    wanted = dict.fromkeys(terms(without_figures(claim), language), 1.0)
    if coverage(wanted, row.about | set(named)) < _HELD:
        return False
    columns = _columns(figures, cells)
    places = [_place(heads[column], said, language) for column in columns.values()]
    return len(columns) == len(figures) and -1 not in places and places == sorted(places)


def _columns(figures: Sequence[Number], cells: Sequence[str]) -> Mapping[int, int]:
    """Of each figure, by its place in the claim, the one column that has it."""
    found: dict[int, int] = {}
    for place, figure in enumerate(figures):
        there = [i for i, cell in enumerate(cells) if in_common(figure) in {in_common(one) for one in numbers(cell)}]
        if len(there) == 1:
            found[place] = there[0]
    return found


def _place(head: str, said: Sequence[str], language: Language) -> int:
    """Where a claim first says a word of a head; -1 where it does not say them all."""
    own = terms(without_figures(head), language)
    return min((said.index(term) for term in own), default=-1) if own and set(own) <= set(said) else -1
