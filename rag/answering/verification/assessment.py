"""A claim on its way to its verdict: exact checks first, then the judge."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from rag.answering.evidence.answer_types import answer_kind
from rag.answering.verification.amounts import amounts
from rag.answering.verification.case import Case
from rag.answering.verification.checks import Checks
from rag.answering.verification.claims import LIST_MARK, Said, claims_nothing, claims_of, subject_of
from rag.answering.verification.computed_figures import reckon
from rag.answering.verification.contradiction import Difference
from rag.answering.verification.evidence import Source, Sources, chosen
from rag.answering.verification.fewest_sources import drop_strays, keep_fewest
from rag.answering.verification.languages import unread
from rag.answering.verification.opposites import beside_opposites, opposite
from rag.answering.verification.polarity import denies, negation, otherwise
from rag.answering.verification.relevance import answering, asked_about
from rag.answering.verification.table_cells import read_off
from rag.answering.verification.yes_no import core, reply, stated
from rag.core.text import coverage, is_empty, terms, without_figures
from rag.core.types import Notice, Span
from rag.models.judges import Judge, Judgement
from rag.models.judges.wording import wording

# Of a claim that no judge reads, the share of its words that the two best sentences must hold.
_BY_WORDS: Final = 0.85
# How much less than a judge's own threshold is enough where the exact checks have found no difference. Of what is
# supported then 0.957 are right on the fitted halves (BEGIN, RAGTruth's summaries, WiCE, SummEdits, planted errors;
# sets count by the root of their size); with 0.2, 0.946. On the first part of the kept halves 0.90 are, without
# SummEdits, which is made of edits only, 0.94; with 0 they are 0.93 and 0.95, of a third fewer true ones.
_CHECKED: Final = 0.1
# Below this probability a name or a "not" that nothing says accuses a claim, above it is a doubt: right 101 of 111 and
# 23 of 33 times, and 92 of 97 and 12 of 17 on the first part of the other halves (BEGIN, RAGTruth, SummEdits, WiCE,
# planted errors), which were looked at too when it was chosen. Figures that stand nowhere accuse alone.
_UNLIKELY: Final = 0.3
# How much likelier than a claim its opposite must be for a "not" put in or left away: where a check finds that nothing
# says it, and where none does. Of 128 and 148 claims of the fitted halves with a planted "not", 100 and 90; of 15 and
# 225 true ones, 9 and 7.
_TURNED, _CONTRARY = 0.1, 0.2
# Words of a claim that one sentence may hold whole to bear it out; the share of its words with which it is partly so.
_FEWEST, _BARELY = 3, 0.2
# The share of an answer's few words that the documents must hold where the question's own words stand nowhere; set by
# hand.
_HELD: Final = 0.5
# Content words of an answer that says nothing of what it is about, and the share of the question it may repeat.
_BARE, _REPEATED = 4, 0.3
_IT_IS: Final = re.compile(r"^(?:it|they|that|this|there)(?:'s| is| are| was| were) |^(?:是|为)", re.IGNORECASE)
_A_UNIT: Final = re.compile(r"\ban? (?=(?:second|minute|hour|day|week|month|year)\b)", re.IGNORECASE)
_MEASURED: Final = re.compile(r"\d\s?\D|[^\W\d]")
_WORD: Final = re.compile(r"[^\W_]++(?:['’.,-][^\W_]++)*+")


class Assessor:
    def __init__(self, sources: Sources, question: str, judge: Judge | None) -> None:
        self._sources, self._question, self._judge = sources, question, judge
        self._checks = Checks(sources, question)

    def cases(self, piece: str, subject: str, *, single: bool = False) -> Iterator[Case]:
        """The claims of a sentence, checked exactly; those that are not decided by it wait for the judge.

        Args:
            single: whether it is the whole answer.
        """
        asked_kind = answer_kind(self._question)
        if claims_nothing(piece) or (LIST_MARK.match(piece) and asked_kind is None):
            return
        says_yes, claim = reply(piece), stated(self._question)
        if says_yes is not None and not claim:
            return
        if says_yes is not None:
            span = core(piece)
            yield self._checked(Said.of(piece, (span[1], span[1]), before=claim), denied=not says_yes)
            return
        whole, *parts = claims_of(piece, subject)
        # Words out of a sentence may say what they say of something else. What repeats a heading or an item of a list
        # answers a question for a name or a figure only if it is about it.
        bare = self._bare(whole.text) if asked_kind or not self._checks.copied(whole.text, alone=single) else ""
        first = self._of_few_words(whole, bare) if bare else self._checked(whole)
        listed = any(part.member for part in parts)
        yield self._whole_list(first) if listed else first
        if first.reasons or first.verdict != "supported":
            yield from (self._whole_list(self._checked(part)) if part.member else self._checked(part) for part in parts)

    def _whole_list(self, case: Case) -> Case:
        """A claim with a list: a judge reads past a member that stands nowhere, so every word must stand there."""
        return replace(case, most="partly") if self._missing(case) else case

    def _bare(self, said: str) -> str:
        """What a claim of a few words says that stands for the whole answer; '' where it says what it is about."""
        language = self._sources.language
        plain = _IT_IS.sub("", said)
        own = terms(plain, language)
        asked = dict.fromkeys(terms(asked_about(self._question), language), 1.0)
        short = len(own) <= _BARE and (plain != said or not subject_of(without_figures(said)))
        if not short or not asked or denies(said) or coverage(asked, own) >= _REPEATED:
            return ""
        return "" if self._checks.clauses(said) else plain

    def _of_few_words(self, said: Said, bare: str) -> Case:
        if self._checks.crossed(said.text):
            return self._checked(said)
        source = answering(bare, self._question, self._sources)
        if source is None:
            case = replace(self._checked(said.behind(f"{asked_about(self._question)}: ")), most="partly")
            if case.differences and not case.words:
                # Only words of the question differ.
                own = dict.fromkeys(terms(said.text, self._sources.language), 1.0)
                held = coverage(own, _all_terms(case.near)) >= _HELD
                case.verdict = "partly" if held else "unsupported"
                case.differences, case.reasons = [], [Notice("not_found")]
            return case
        return Case(said, [source], [source], "supported")

    def _checked(self, said: Said, *, denied: bool = False) -> Case:
        case = Case(said, self._sources.nearest(said.text, self._question))
        wanted = self._sources.weights(terms(said.text, self._sources.language))
        case.evidence = chosen(wanted, case.near)
        if copy := self._checks.copied(said.text):
            case.verdict, case.evidence = "supported", [copy]
        elif unread(said.text, self._sources) and coverage(wanted, _all_terms(case.near)) < 0.5:
            case.verdict = "unchecked"
            case.reasons = [Notice("unread")]
        else:
            self._compare(case)
            undisputed = not (case.verdict or case.differences or case.doubted)
            if undisputed and (nearest := self._checks.clauses(said.text)) and nearest.same:
                case.verdict, case.evidence = "supported", [nearest.source]
        if denied:
            case.turn()
        return case

    def _compare(self, case: Case) -> None:
        """Look for differences; a figure that can be reckoned from the documents' is none."""
        claim = case.said.text
        if case.said.member:
            return
        case.differences, doubts = self._checks.differences(claim, case.near)
        case.doubted = [span for one in doubts if (span := case.said.place(*one.span))]
        reckon(case, self._sources)
        if case.differences and not self._denies_rightly(case) and any(map(_sure, case.differences)):
            case.accuse()

    def _denies_rightly(self, case: Case) -> bool:
        """Whether a claim denies what the documents have otherwise: "not kept for a week", where they say 48 hours."""
        claim = opposite(case.said.text) if denies(case.said.text) else ""
        if {one.kind for one in case.differences} > {"negation", "figure", "unit"} or not claim:
            return False
        said = [one for one in self._checks.differences(_A_UNIT.sub("1 ", claim), case.near)[0] if one.source]
        if not said or any(one.kind not in ("figure", "unit") or not _MEASURED.search(one.document) for one in said):
            return False
        case.verdict, case.differences, case.evidence = "supported", [], [one.source for one in said if one.source]
        return True

    def decide(self, cases: Sequence[Case]) -> None:
        """Have the judge read what no exact check has decided, all at once."""
        waiting = [case for case in cases if case.verdict is None]
        judge = self._judge
        read = [case for case in waiting if judge and judge.reads(case.said.text) and case.evidence]
        pairs = [(case.said.text, [s.text for s in sorted(case.evidence, key=lambda s: s.place)]) for case in read]
        found = beside_opposites(judge, pairs, list(map(self._denied, read))) if judge and pairs else ()
        for case, (judgement, contrary) in zip(read, found, strict=True):
            self._by_judge(case, judgement, judge.supported - _CHECKED if judge else 1.0, contrary)
        if judge:
            keep_fewest(judge, read, judge.supported - _CHECKED)
        for case in waiting:
            case.judged = True
            if case.verdict is None and case.differences:
                case.accuse()
            elif case.verdict is None:
                self._by_words(case)
        drop_strays(waiting, self._sources)

    def _denied(self, case: Case) -> bool:
        """Whether a claim or its evidence has a "not", and the nearest sentence no other word that denies."""
        claim, evidence = case.said.text, case.evidence
        told = any(map(denies, (claim, *(source.text for source in evidence))))
        if not told or otherwise(claim, evidence[0].text, self._sources.language):
            return False
        return bool(case.differences) or not self._checks.denied(claim, case.near)

    def _by_judge(self, case: Case, judgement: Judgement, enough: float, contrary: float) -> None:
        """`contrary` is how likely the opposite of the claim is."""
        case.probability = judgement.probability
        more = contrary - judgement.probability if contrary >= _UNLIKELY else 0.0
        if more >= _CONTRARY and not case.differences:
            case.differences = [negation(case.said.text)]
        if case.differences:
            case.accuse()
            denied = any(one.kind == "negation" for one in case.differences)
            if judgement.probability >= _UNLIKELY and not (denied and more >= _TURNED):
                case.verdict, case.differences = "partly", []
            return
        if not case.doubted and (judgement.probability >= enough or self._stands_there(case)):
            case.verdict = case.most
            return
        spans = [span for one in judgement.unsupported if (span := case.said.place(*one))]
        wanted = self._sources.weights(terms(case.said.text, self._sources.language))
        barely = coverage(wanted, _all_terms(case.evidence)) >= _BARELY
        self._not_whole(case, case.doubted or self._missing(case) or spans, barely)

    def _stands_there(self, case: Case) -> bool:
        """Whether one sentence, or the cells of one row, say a claim that differs in nothing exact."""
        claim, language = case.said.text, self._sources.language
        return self._in_one(case) or any(read_off(claim, source, language) for source in case.near if source.row)

    def _in_one(self, case: Case) -> bool:
        """Whether one sentence of the documents holds all the words of a claim that differs in nothing exact."""
        plain = {term for term in terms(case.said.text, self._sources.language) if not term[0].isdigit()}
        figures = amounts(case.said.text)
        return len(plain) + len(figures) >= _FEWEST and any(
            plain <= source.terms and figures <= amounts(source.text) and denies(case.said.text) == denies(source.text)
            for source in case.evidence
        )

    def _by_words(self, case: Case) -> None:
        # Figures were compared already, however they are written.
        wanted = dict.fromkeys(wording(without_figures(case.said.text)).held, 1.0)
        held = coverage(wanted, frozenset[str]().union(*(wording(source.text).held for source in case.evidence[:2])))
        if held >= _BY_WORDS and not case.doubted:
            case.verdict = case.most
        else:
            self._not_whole(case, case.doubted or self._missing(case), held >= _BARELY)

    def _not_whole(self, case: Case, spans: list[Span], partly: bool) -> None:
        case.verdict = "partly" if partly else "unsupported"
        case.words = spans or [span for span in [case.said.place(0, len(case.said.text))] if span]
        case.reasons = [*case.reasons, Notice("not_found")]

    def _missing(self, case: Case) -> list[Span]:
        """The words of a claim that none of its evidence holds."""
        held, language, spans = _all_terms(case.evidence), self._sources.language, []
        for match in _WORD.finditer(case.said.text):
            said = [] if is_empty(match[0], language) else terms(match[0], language)
            if said and not held.issuperset(said) and (span := case.said.place(*match.span())):
                spans.append(span)
        return spans


def _sure(found: Difference) -> bool:
    return found.source is not None or found.kind not in ("name", "negation")


def _all_terms(found: Sequence[Source]) -> frozenset[str]:
    return frozenset[str]().union(*(source.terms for source in found))
