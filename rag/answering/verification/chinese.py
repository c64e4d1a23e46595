"""Chinese claims beside Chinese clauses, character by character: no judge that is bundled reads them, and pairs of
characters break at every little word.

"可以续借两次" says what "可续借一次" says, but for the figure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import Final

from rapidfuzz.distance import LCSseq

from rag.answering.verification.chinese_signs import DENIAL, END, Sign, signs_of
from rag.answering.verification.evidence import Source
from rag.core.types import Span

# The share of a claim's characters that clauses must hold in their order to say the same. Chosen on 45 sentences about
# two invented rule books: of 23 true ones 6 -> 16 supported, of 22 false ones 2 -> 1; on 32 others, which the rules
# below saw once, 3 -> 9 of 17 and 0 -> 0 of 15.
_SAME: Final = 0.75
# ... and one clause that goes on with what the one before says, and leaves that out; set by hand.
_GOES_ON: Final = 0.6
# Signs of the shortest claim that tells what it is about, set by hand.
_FEWEST: Final = 3
# Signs of a claim that a clause must deny; set by hand.
_DENIED: Final = 2
# Clauses side by side that are read as one, at most; set by hand.
_CLAUSES: Final = 3
# What makes a sentence hold for some only, and the signs by which a claim says so too.
_BINDS: Final = re.compile("除|仅(?!仅)|只(?:有|限|能)|如果|若|各")
_BOUND: Final = frozenset("除仅只若各")


@dataclass(frozen=True, slots=True)
class Aligned:
    """The clauses that say most nearly what a claim says: the `source` they stand in, whether they say the `same`, the
    figure of the claim that is another one there, with what stands there, where only one of both denies it, and whether
    its figures are `held` by one clause."""

    source: Source
    share: float
    same: bool
    exchanged: tuple[Span, str] | None = None
    turned: Span | None = None
    held: bool = False


def nearest_clauses(claim: str, near: Sequence[Source]) -> Aligned | None:
    """What says a claim in Chinese most nearly; None where nothing says nearly the same."""
    said = signs_of(claim)
    words = [token.text for token in said if not token.figure and token.text != DENIAL]
    beside = {pair for source in near for pair in pairwise(token.text for token in signs_of(source.quote.text))}
    found = [
        one
        for source in near
        for clauses in _windows(source.quote.text)
        if len(words) >= _FEWEST and (one := _compare(said, clauses, source, beside)) and one.share >= _GOES_ON
    ]
    same = [one for one in found if one.share >= _SAME]
    best = max(same, key=lambda one: (one.share, one.same, one.exchanged is not None), default=None)
    if best and best.exchanged and any(one.held and one.source is best.source for one in found):
        # A clause that goes on leaves out what the one before has said: of "住宅物业费为2.8元，商铺为6.5元".
        return replace(best, exchanged=None)
    return best


def _compare(said: Sequence[Sign], clauses: str, source: Source, beside: Set[tuple[str, str]]) -> Aligned | None:
    """
    Args:
        beside: each two signs that stand side by side anywhere.
    """
    heard = signs_of(clauses)
    pairs = _in_order([token.text for token in said], [token.text for token in heard])
    if not pairs:
        return None
    matched = {mine for mine, _ in pairs}
    # What comes first says what it is about, which may stand in the title.
    title = {token.text for token in signs_of(f"{source.quote.title} {source.quote.section}")}
    matched |= {i for i in range(pairs[0][0]) if said[i].text in title}
    words = [i for i, token in enumerate(said) if not token.figure and token.text != DENIAL]
    share = sum(i in matched for i in words) / len(words)
    figures = [i for i, token in enumerate(said) if token.figure and i not in matched]
    exchanged = None
    if figures and not beside & set(pairwise(token.text for token in said[max(0, figures[0] - 1) : figures[0] + 2])):
        exchanged = _exchanged(said, heard, pairs, figures[0])
    mine = said[figures[0]] if figures else None
    crossed = _crossed(heard, pairs)
    if crossed and not figures:
        mine, exchanged = _of_the_other(said, heard, pairs, crossed)
    span = ((mine.start, mine.end), clauses[exchanged.start : exchanged.end]) if mine and exchanged else None
    turned = None if figures else _turned(said, heard, pairs)
    bound = _BINDS.search(source.quote.text) is not None and not any(token.text in _BOUND for token in said)
    unknown = any(i not in matched and said[i].text != DENIAL for i in range(pairs[0][0]))
    replaced = _replaced(said, heard, pairs)
    same = not (crossed or figures or turned or bound or unknown or replaced)
    held = not (figures or crossed or replaced) and any(said[i].figure for i in matched)
    return Aligned(source, share, same, span, None if bound else turned, held)


def _crossed(heard: Sequence[Sign], pairs: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """Two clauses made alike that a claim is put together from, where the later has a subject of its own: of "the
    covered place is 450 a month, the open place 280" the covered place for 280."""
    first: dict[int, int] = {}
    for _, j in pairs:
        first.setdefault(heard[j].clause, j)
    words = [token for token in heard if not token.figure and token.text != DENIAL]
    told = {clause: Counter(token.text for token in words if token.clause == clause) for clause in first}
    for earlier, later in combinations(first, 2):
        own = any(token.clause == later and token.text != DENIAL for token in heard[: first[later]])
        if own and 2 * (told[earlier] & told[later]).total() >= told[later].total():
            return earlier, later
    return None


def _of_the_other(
    said: Sequence[Sign], heard: Sequence[Sign], pairs: Sequence[tuple[int, int]], clauses: tuple[int, int]
) -> tuple[Sign | None, Sign | None]:
    """The figure of a claim that is the later clause's, and the earlier one's that stands in its place."""
    mine = next((said[i] for i, j in pairs if said[i].figure and heard[j].clause == clauses[1]), None)
    own = [token for token in heard if token.figure and token.clause == clauses[0]]
    return (mine, own[0]) if mine and len(own) == 1 else (None, None)


def _turned(said: Sequence[Sign], heard: Sequence[Sign], pairs: Sequence[tuple[int, int]]) -> Span | None:
    """Where a claim denies what the clauses do not, or the reverse; what a clause denies stands in it: in "禁止饮食，
    可以使用电脑" the computer is not."""
    place, used = dict(pairs), set[int]()
    denials = [j for j, token in enumerate(heard) if token.text == DENIAL]
    for i, token in enumerate(said):
        if token.text != DENIAL:
            continue
        # "This one has not" denies what came before.
        beside = [(mine, j) for mine, j in pairs if said[mine].clause == token.clause and said[mine].text != DENIAL]
        denied = next((j for mine, j in beside if mine > i), beside[-1][1] if beside else None)
        theirs = [j for j in denials if denied is not None and heard[j].clause == heard[denied].clause]
        if not theirs:
            return token.start, token.end
        used.update(theirs)
    for j in set(denials) - used - set(place.values()):
        # A third of what the claim has of the clause: what comes first says what it is about.
        here = [(i, other) for i, other in pairs if heard[other].clause == heard[j].clause]
        denied_here = [i for i, other in here if other > j]
        if len(denied_here) >= _DENIED and 3 * len(denied_here) >= len(here):
            return said[denied_here[0]].start, said[denied_here[0]].end
    return None


def _replaced(said: Sequence[Sign], heard: Sequence[Sign], pairs: Sequence[tuple[int, int]]) -> bool:
    """Whether a claim has other words where the clause has words of its own: "每年" for "每季度"."""
    last_clause = heard[pairs[-1][1]].clause
    ends = max(j for j, token in enumerate(heard) if token.clause == last_clause) + 1
    inside = [*pairs, (len(said), ends)]
    return any(
        mine - last > 1 and any(token.text != DENIAL for token in heard[at + 1 : theirs])
        for (last, at), (mine, theirs) in pairwise(inside)
    )


def _exchanged(
    said: Sequence[Sign], heard: Sequence[Sign], pairs: Sequence[tuple[int, int]], figure: int
) -> Sign | None:
    """The figure that stands where a claim has another one: between the same signs."""
    before = max((pair for pair in pairs if pair[0] < figure), default=(-1, -1))
    behind = min((pair for pair in pairs if pair[0] > figure), default=(len(said), len(heard)))
    between = [token for token in heard[before[1] + 1 : behind[1]] if token.figure]
    beside = figure - before[0] == 1 or behind[0] - figure == 1
    return between[0] if len(between) == 1 and beside else None


def _windows(text: str) -> Iterator[str]:
    """Each one to three clauses side by side."""
    ends = [0, *(match.end() for match in END.finditer(text)), len(text)]
    for i, first in enumerate(ends[:-1]):
        for last in ends[i + 1 : i + 1 + _CLAUSES]:
            if text[first:last].strip():
                yield text[first:last]


def _in_order(mine: Sequence[str], theirs: Sequence[str]) -> list[tuple[int, int]]:
    """The longest common subsequence, as pairs of places."""
    return [
        pair
        for block in LCSseq.opcodes(mine, theirs)
        if block.tag == "equal"
        for pair in zip(range(block.src_start, block.src_end), range(block.dest_start, block.dest_end), strict=True)
    ]
