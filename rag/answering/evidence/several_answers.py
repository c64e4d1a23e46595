"""Questions with several answers: two documents each name another thing of the kind that is asked for.

"When was Carl Roth born?" has as many answers as there are people of that name in the documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rag.answering.evidence.answer_types import answer_kind, answer_things
from rag.answering.evidence.candidates import Candidate
from rag.answering.evidence.disagreement import BESIDE

# A question has several answers where another document's sentence scores this share of the best and names another
# thing. Chosen on one half of RAMDocs, where 58 % of the questions have several so, beside squad, where 7 % have.
_SEVERAL: Final = 0.75
# A quote that says something else is shown then where it scores this share of the best: what a document is about is not
# said again in each of its sentences. Chosen as above; see bench/quality.md.
_BESIDE_SEVERAL: Final = 0.5
# Candidates of each document that are embedded then. With 2 three of 109 questions less show all, with 5 none more.
_OF_EACH: Final = 3


def has_several(question: str, ranked: Sequence[Candidate]) -> bool:
    """Whether the best candidates of two documents name different things of the kind that is asked for."""
    told: dict[str, set[str]] = {}
    for candidate in ranked:
        if candidate.score >= _SEVERAL * ranked[0].score and (things := set(answer_things(question, candidate.text))):
            told.setdefault(candidate.passage.document, things)
    first = next(iter(told.values()), set[str]())
    return any(first.isdisjoint(others) for others in told.values())


def of_each(question: str, shortlist: Sequence[Candidate], candidates: Sequence[Candidate]) -> list[Candidate]:
    """The best candidates of each document by their words, those first that name a thing of the kind, without those of
    the shortlist."""
    met: dict[str, int] = {}
    found = list[Candidate]()
    for candidate in sorted(candidates, key=lambda one: (not answer_things(question, one.text), -one.words)):
        document = candidate.passage.document
        met[document] = met.get(document, 0) + 1
        if met[document] <= _OF_EACH and candidate not in shortlist:
            found.append(candidate)
    return found


def beside(question: str, ranked: Sequence[Candidate], chosen: Sequence[Candidate], several: bool) -> list[Candidate]:
    """Candidates nearly as good as the best that name what none before does; where no kind of thing is asked for, those
    of documents that none before is of."""
    typed, best = answer_kind(question) is not None, ranked[0]
    enough, held = best.score * (_BESIDE_SEVERAL if several else BESIDE), best.held(question)
    things = {thing for one in chosen for thing in answer_things(question, one.text)}
    documents = {one.passage.document for one in chosen}
    found = list[Candidate]()
    for candidate in ranked:
        if candidate.score < enough or candidate.held(question) < held:
            continue
        new = set(answer_things(question, candidate.text)) - things
        other = bool(new) if typed else candidate.passage.document not in documents
        if other and not any(map(candidate.overlaps, [*chosen, *found])):
            things |= new
            documents.add(candidate.passage.document)
            found.append(candidate)
    return found
