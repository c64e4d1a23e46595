"""Plain signs: what can be counted of a claim and its evidence without a model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from typing import Final

import numpy as np
import numpy.typing as npt

from rag.models.judges.selection import Evidence, Gram, evidence_of, grams, select_evidence
from rag.models.judges.wording import Wording, said, wording

_WINDOWS: Final = (1, 2, 4)
_FEW: Final = 3
_NAMES: Final = (
    "cover_1 cover_2 cover_4 cover_all weighted_1 weighted_2 weighted_4 weighted_all few second soft "
    "bigrams_2 bigrams_all trigrams_all run order weakest weakest_2 gap missing "
    "figures figures_all figures_2 figures_missing units names names_all names_2 names_missing "
    "negation negation_off quantifiers modals modals_off self "
    "length content evidence ratio commas question"
)
NAMES: Final = tuple(_NAMES.split())


def signs(claim: str, sentences: Sequence[str]) -> npt.NDArray[np.float32]:
    """The signs of a claim and its evidence, in the order of `NAMES`."""
    mine = wording(claim)
    evidence = evidence_of(sentences)
    all_ = evidence.sentences
    weights = _weights(mine, evidence)
    windows = {size: _best_window(mine, all_, size, weights) for size in _WINDOWS}
    everything = evidence.rarity.keys()
    near = windows[2]
    values = [
        *(_cover(mine, _held(all_, windows[size])) for size in _WINDOWS),
        _cover(mine, everything),
        *(_weighted(mine, _held(all_, windows[size]), weights) for size in _WINDOWS),
        _weighted(mine, everything, weights),
        _weighted(mine, _held(all_, select_evidence(claim, sentences, _FEW)), weights),
        _second(mine, all_, weights),
        _soft(mine, everything),
        *_runs(mine, evidence, near),
        *_figures(mine, evidence, near),
        *_names(mine, all_, near, everything),
        *_little(claim, mine, sentences, all_, near),
        math.log1p(len(mine.words)),
        math.log1p(len(mine.terms)),
        math.log1p(evidence.length),
        math.log((1 + len(mine.words)) / (1 + sum(len(all_[i].words) for i in near))),
        math.log1p(claim.count(",") + claim.count("，")),
        float("?" in claim or "？" in claim),
    ]
    return np.asarray(values, np.float32)


def _weights(mine: Wording, evidence: Evidence) -> Mapping[str, float]:
    """Terms that the evidence lacks weigh as those of one sentence."""
    most = math.log1p(max(1, len(evidence.sentences)))
    return {term: evidence.rarity.get(term, most) for term in mine.held}


def _held(all_: Sequence[Wording], places: Sequence[int]) -> frozenset[str]:
    return frozenset[str]().union(*(all_[i].held for i in places)) if places else frozenset()


def _cover(mine: Wording, held: Set[str]) -> float:
    return sum(term in held for term in mine.terms) / len(mine.terms) if mine.terms else 1.0


def _weighted(mine: Wording, held: Set[str], weights: Mapping[str, float]) -> float:
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in held) / total if total else 1.0


def _best_window(mine: Wording, all_: Sequence[Wording], size: int, weights: Mapping[str, float]) -> list[int]:
    """The places of the adjacent sentences that hold most of the claim; of equal ones, the first."""
    best, most = 0, -1.0
    scored = [mine.held & one.held for one in all_]
    for first in range(max(1, len(all_) - size + 1)):
        held = frozenset[str]().union(*scored[first : first + size])
        value = sum(weights[term] for term in held)
        if value > most:
            best, most = first, value
    return list(range(best, min(best + size, len(all_))))


def _second(mine: Wording, all_: Sequence[Wording], weights: Mapping[str, float]) -> float:
    each = sorted((_weighted(mine, one.held & mine.held, weights) for one in all_), reverse=True)
    return each[1] if len(each) > 1 else 0.0


def _soft(mine: Wording, everything: Set[str]) -> float:
    """Coverage where words with the same first five letters count."""
    heads = {term[:5] for term in everything if len(term) >= 4}
    close = [term in everything or (len(term) >= 5 and term[:5] in heads) for term in mine.terms]
    return sum(close) / len(close) if close else 1.0


def _runs(mine: Wording, evidence: Evidence, near: Sequence[int]) -> list[float]:
    all_ = evidence.sentences
    beside = [term for i in near for term in all_[i].sequence]
    pairs, triples = (grams(mine.sequence, size) for size in (2, 3))
    window = _held(all_, near)
    there = [term in evidence.rarity for term in mine.terms]
    return [
        _share(pairs, frozenset(grams(beside, 2))),
        _share(pairs, evidence.pairs),
        _share(triples, evidence.triples),
        _longest_run(mine.sequence, beside) / max(1, len(mine.sequence)),
        _common_order(mine.terms, [term for i in near for term in all_[i].terms]) / max(1, len(mine.terms)),
        _weakest(there),
        _weakest([term in window for term in mine.terms]),
        math.log1p(_gap(there)),
        math.log1p(there.count(False)),
    ]


def _share(wanted: Sequence[Gram], present: Set[Gram]) -> float:
    return sum(gram in present for gram in wanted) / len(wanted) if wanted else 1.0


def _longest_run(mine: Sequence[str], theirs: Sequence[str]) -> int:
    best, row = 0, [0] * (len(theirs) + 1)
    for word in mine:
        row = [0, *(row[j] + 1 if word == other else 0 for j, other in enumerate(theirs))]
        best = max(best, *row)
    return best


def _common_order(mine: Sequence[str], theirs: Sequence[str]) -> int:
    """The length of the longest common subsequence."""
    row = [0] * (len(theirs) + 1)
    for word in mine:
        new = [0]
        for j, other in enumerate(theirs):
            new.append(row[j] + 1 if word == other else max(row[j + 1], new[j]))
        row = new
    return row[-1]


def _weakest(there: Sequence[bool]) -> float:
    """The least coverage of four content words in a row."""
    size = min(4, len(there))
    return min((sum(there[i : i + size]) / size for i in range(len(there) - size + 1)), default=1.0) if size else 1.0


def _gap(there: Sequence[bool]) -> int:
    longest = length = 0
    for one in there:
        length = 0 if one else length + 1
        longest = max(longest, length)
    return longest


def _figures(mine: Wording, evidence: Evidence, near: Sequence[int]) -> list[float]:
    values = [value for value, _ in mine.figures]
    everywhere = evidence.figures
    beside = {value for i in near for value, _ in evidence.sentences[i].figures}
    known = {value for value, _ in everywhere}
    found = [value in known for value in values]
    units = [
        value in known and bool(unit) and not any(v == value and u in (unit, "") for v, u in everywhere)
        for value, unit in mine.figures
    ]
    return [
        math.log1p(len(values)),
        sum(found) / len(found) if found else 1.0,
        sum(value in beside for value in values) / len(values) if values else 1.0,
        math.log1p(found.count(False)),
        float(any(units)),
    ]


def _names(mine: Wording, all_: Sequence[Wording], near: Sequence[int], everything: Set[str]) -> list[float]:
    window = _held(all_, near)
    found = [name in everything for name in mine.names]
    return [
        math.log1p(len(found)),
        sum(found) / len(found) if found else 1.0,
        sum(name in window for name in mine.names) / len(found) if found else 1.0,
        math.log1p(found.count(False)),
    ]


def _little(
    claim: str, mine: Wording, sentences: Sequence[str], all_: Sequence[Wording], near: Sequence[int]
) -> list[float]:
    theirs = {kind: set[str]().union(*(said(sentences[i], kind) for i in near)) for kind in ("quantifiers", "modals")}
    denied = sum(all_[i].negations for i in near)
    own = said(claim, "modals")
    return [
        float(mine.negations > 0),
        float((mine.negations > 0) != (denied > 0)),
        float(len(said(claim, "quantifiers") - theirs["quantifiers"])),
        float(len(own - theirs["modals"])),
        float(bool(theirs["modals"]) and not own),
        float(bool(said(claim, "self"))),
    ]
