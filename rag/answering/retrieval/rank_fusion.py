"""Several rankings made into one, and the chunks of a page that belong together made into one passage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from rag.core.types import Passage

# How slowly a rank loses its worth: 1 / (RANK + position). Measured in bench/quality.md.
RANK: Final = 5.0

# What the other chunks of a page that were found count for the best of them.
_BESIDE: Final = 0.5

# Chunks of one page with no more than this many characters between them are read as one passage.
_GAP: Final = 80


@dataclass(frozen=True, slots=True)
class Ranking:
    """Things in order, best first, and what the order is worth among others."""

    items: tuple[int, ...]
    weight: float = 1.0


def fuse(rankings: Iterable[Ranking], rank: float = RANK) -> list[tuple[int, float]]:
    """Reciprocal rank fusion: (thing, score), best first; equal scores keep the order of first sight.

    >>> fuse([Ranking((1, 2)), Ranking((2,))], rank=0)
    [(2, 1.5), (1, 1.0)]
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for position, item in enumerate(ranking.items, start=1):
            scores[item] = scores.get(item, 0.0) + ranking.weight / (rank + position)
    return sorted(scores.items(), key=lambda pair: -pair[1])


def by_page(passages: Sequence[Passage]) -> list[Passage]:
    """The passages, best first, where what else was found on its page speaks for the best of a page.

    A page of a report holds several chunks; a table and the text that explains it are seldom in one of them.
    """
    found: dict[tuple[str, int], list[float]] = {}
    for passage in passages:
        found.setdefault((passage.document, passage.page), []).append(passage.score)
    raised = []
    for passage in passages:
        # The scores of a page that was met are taken away, so that only its best chunk, the first, is raised.
        scores = found.pop((passage.document, passage.page), [passage.score]) if passage.place.page else []
        raised.append(replace(passage, score=passage.score + _BESIDE * sum(scores[1:])))
    return sorted(raised, key=lambda passage: -passage.score)


def join(
    passages: Sequence[Passage], page_text: Callable[[Passage], str], k: int, longest: int = 4000
) -> list[Passage]:
    """The k best passages, where chunks that overlap or follow one another on a page are one passage.

    Args:
        passages: best first. A joined passage takes the place, the chunk id and the score of its best chunk.
        page_text: the text of the page that a passage lies on.
        longest: characters beyond which a passage grows no more.
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
