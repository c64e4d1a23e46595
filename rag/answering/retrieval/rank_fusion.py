"""Reciprocal rank fusion of rankings, and joining of adjacent chunks into passages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from rag.core.types import Passage

# The constant k of reciprocal rank fusion, 1 / (k + rank); tuned in bench/quality.md.
RANK: Final = 5.0

# Weight of a page's other retrieved chunks in the score of its best.
_BESIDE: Final = 0.5

# Maximum characters between two chunks of a page that are joined.
_GAP: Final = 80


@dataclass(frozen=True, slots=True)
class Ranking:
    """Item ids, best first, and the ranking's weight."""

    items: tuple[int, ...]
    weight: float = 1.0


def reciprocal_rank_fusion(rankings: Iterable[Ranking], rank: float = RANK) -> list[tuple[int, float]]:
    """Weighted reciprocal rank fusion (Cormack et al. 2009): (item, sum of weight / (rank constant + position)), best
    first; ties keep the order of first occurrence.

    >>> reciprocal_rank_fusion([Ranking((1, 2)), Ranking((2,))], rank=0)
    [(2, 1.5), (1, 1.0)]
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for position, item in enumerate(ranking.items, start=1):
            scores[item] = scores.get(item, 0.0) + ranking.weight / (rank + position)
    return sorted(scores.items(), key=lambda pair: -pair[1])


def by_page(passages: Sequence[Passage]) -> list[Passage]:
    """Raise the best chunk of each PDF page by the scores of the page's other chunks; best first.

    A page of a report has several chunks; a table and the text that explains it are seldom in the same one.
    """
    found: dict[tuple[str, int], list[float]] = {}
    for passage in passages:
        found.setdefault((passage.document, passage.page), []).append(passage.score)
    raised = []
    for passage in passages:
        # Popped, so that only the first and best chunk of a page is raised.
        scores = found.pop((passage.document, passage.page), [passage.score]) if passage.place.page else []
        raised.append(replace(passage, score=passage.score + _BESIDE * sum(scores[1:])))
    return sorted(raised, key=lambda passage: -passage.score)


def join(
    passages: Sequence[Passage], page_text: Callable[[Passage], str], k: int, longest: int = 4000
) -> list[Passage]:
    """The k best passages, with overlapping or adjacent chunks of a page joined.

    Args:
        passages: best first. A joined passage keeps the rank, chunk id and score of its best chunk.
        page_text: the text of a passage's page.
        longest: maximum characters of a joined passage.
    """
    joined: list[Passage] = []
    for passage in passages:
        place = next((i for i, other in enumerate(joined) if _touch(passage, other, longest)), None)
        if place is not None:
            joined[place] = _union(joined[place], passage, page_text)
        elif len(joined) < k:
            joined.append(passage)
    return joined


def _touch(one: Passage, other: Passage, longest: int) -> bool:
    if (one.document, one.page) != (other.document, other.page):
        return False
    start, end = min(one.start, other.start), max(one.end, other.end)
    return end - start <= (one.end - one.start) + (other.end - other.start) + _GAP and end - start <= longest


def _union(best: Passage, other: Passage, page_text: Callable[[Passage], str]) -> Passage:
    start, end = min(best.start, other.start), max(best.end, other.end)
    if (start, end) == (best.start, best.end):
        return best
    return replace(best, start=start, end=end, text=page_text(best)[start:end])
