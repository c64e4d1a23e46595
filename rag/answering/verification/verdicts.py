"""The verdict on each sentence of a written answer, from those on its claims."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rag.answering.verification.assessment import Assessor
from rag.answering.verification.case import Case
from rag.answering.verification.claims import pieces, subject_of
from rag.answering.verification.evidence import Sources
from rag.answering.verification.own_words import beside_own_words
from rag.answering.verification.relevance import answers
from rag.answering.verification.second_look import look_again
from rag.core.text import language_of, numbers, terms
from rag.core.types import Claim, Notice, Quote, Sentence, Verdict
from rag.models.judges import Judge
from rag.models.judges.wording import joined


def verify(
    text: str,
    question: str,
    quotes: Sequence[Quote],
    others: Sequence[Quote],
    *,
    judge: Judge | None = None,
    second: Judge | None = None,
) -> tuple[tuple[Sentence, ...], tuple[Quote, ...]]:
    """The answer's sentences with their verdicts, and the quotes they cite.

    Joined together, the sentences' texts are the answer again. The quotes are the given ones, in their order,
    and behind them those of the others that bear out or contradict a claim.

    Args:
        others: what else was found, sentence by sentence.
        question: what a bare "yes" or "14 days" is held to claim; no evidence by itself.
        judge: reads claims beside evidence; without one they are compared word by word.
        second: is asked about what was judged to be supported.
    """
    sources = Sources(quotes, others, language_of(text))
    assessor = Assessor(sources, question, judge)
    subject, cases, written = "", [], pieces(text)
    for piece in written:
        cases.append(list(assessor.cases(piece, subject, single=len(written) == 1)))
        subject = subject_of(piece) or subject
    assessor.decide([case for each in cases for case in each])
    if second:
        look_again(second, cases)
    judged = [
        beside_own_words(_sentence(piece, each, question, sources), question, sources)
        for piece, each in zip(written, cases, strict=True)
    ]
    cited = sorted({place for sentence in judged for place in sentence.quotes if place >= len(quotes)})
    places = {place: place for place in range(len(quotes))} | {old: len(quotes) + i for i, old in enumerate(cited)}

    def moved(held: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(places[place] for place in held)

    numbered = [
        replace(
            sentence,
            quotes=moved(sentence.quotes),
            claims=tuple(replace(claim, quotes=moved(claim.quotes)) for claim in sentence.claims),
        )
        for sentence in judged
    ]
    return tuple(numbered), (*quotes, *(sources.quotes[place] for place in cited))


def _sentence(piece: str, cases: Sequence[Case], question: str, sources: Sources) -> Sentence:
    """The verdict on a sentence: that on the whole of it, or on its parts where they are several."""
    if not cases:
        return Sentence(piece, "no_claim")
    whole, parts = cases[0], cases[1:] or cases[:1]
    verdict = _of_all(whole, parts)
    wrong = [part for part in (whole, *parts) if part.differences]
    doubted = wrong or [part for part in parts if part.verdict != "supported"]
    marked = sorted({span for part in doubted for span in part.words}) if verdict in ("partly", "unsupported") else []
    told_apart = len(cases) == 1 or not whole.differences or any(part.differences for part in parts)
    claims = tuple(_claim(case, sources) for case in (parts if told_apart else [whole, *parts]))
    if verdict == "supported":
        claims = tuple(replace(claim, verdict="supported", words=()) for claim in claims)
    shown = [source.place for part in (whole, *parts) for source in part.evidence if _cites(part)]
    borne_out = [source for part in (whole, *parts) if part.verdict == "supported" for source in part.evidence]
    told = answers(piece, question, borne_out, sources) if verdict in ("supported", "partly") else None
    contradicted = any(part.contradicted for part in wrong)
    return Sentence(piece, verdict, tuple(sorted(set(shown))), contradicted, tuple(joined(piece, marked)), claims, told)


def _claim(case: Case, sources: Sources) -> Claim:
    quotes = tuple(sorted({source.place for source in case.evidence})) if _cites(case) else ()
    return Claim(
        case.said.text.strip(),
        case.verdict or "unsupported",
        quotes,
        case.contradicted,
        tuple(case.words),
        (*case.reasons, *_unsure(case, sources)),
        case.probability,
    )


def _unsure(case: Case, sources: Sources) -> Iterator[Notice]:
    """Says which words of a claim rest on words that text recognition may have mistaken."""
    if case.verdict not in ("supported", "partly"):
        return
    doubtful = dict.fromkeys(word for source in case.evidence for word in sources.quotes[source.place].unsure)
    if not doubtful:
        return
    claim, language = case.said.text, sources.language
    figures, said = {number.value for number in numbers(claim)}, set(terms(claim, language))
    shared = [
        word
        for word in doubtful
        if figures & {number.value for number in numbers(word)} or said.intersection(terms(word, language))
    ]
    if shared:
        yield Notice("unsure", {"said": ", ".join(shared)})


def _of_all(whole: Case, parts: Sequence[Case]) -> Verdict:
    found = {part.verdict for part in parts}
    if whole.differences or any(part.differences for part in parts):
        return "unsupported"
    # What is doubted of the first part counts: those behind it may lack its subject.
    if (whole.verdict == "supported" and not parts[0].doubted) or found == {"supported"}:
        return "supported"
    if "unchecked" in found or whole.verdict == "unchecked":
        return "unchecked"
    if found & {"supported", "partly"} or whole.verdict == "partly":
        return "partly"
    return "unsupported"


def _cites(case: Case) -> bool:
    return case.verdict in ("supported", "partly") or case.contradicted
