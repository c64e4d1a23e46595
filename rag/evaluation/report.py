"""From the answers to a question set to its measures: recall, answer in quotes, abstention, answer quality."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Final

from rag.core.types import Answer
from rag.evaluation.measures import (
    area_under_curve,
    bootstrap_curve_interval,
    bootstrap_interval,
    exact_match,
    f1,
    holds,
    plain,
)
from rag.evaluation.question_sets import Case

# Characters of a sentence that is quoted whole.
_LONG: Final = 300

# Ranks k of recall@k.
DEPTHS: Final = (1, 4, 5, 10)

RATES: Final = (
    *(f"recall@{depth}" for depth in DEPTHS),
    "answer_in_quotes@1",
    "answer_in_quotes@3",
    "gold_sentence@3",
    "refused_out_of_corpus",
    "wrongly_refused",
    "refused_follow_ups",
    "wrongly_refused_follow_ups",
    "exact_match",
    "f1",
    "supported_share",
    "supported_right",
    "right_supported",
)
_CURVES: Final = {"gate_auc_out_of_corpus": "out_of_corpus", "gate_auc_near_miss": "near_miss"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case and the app's answer to it."""

    case: Case
    answer: Answer


def measure(
    outcomes: Sequence[Outcome],
    retrieved: Callable[[Answer], list[str | tuple[str, int]]],
    written: bool,
    reading_seconds: float = 0.0,
) -> dict[str, Any]:
    """Aggregate the outcomes of a question set.

    Args:
        retrieved: the passages or (file, page) pairs of an answer in rank order, to compare with the gold labels.
        written: whether a model wrote the answers; otherwise their text is not measured.

    Returns:
        Each rate, 0 to 1, and its 95 % bootstrap interval as `<name>_interval`; both None where the set has no
        cases for it. `recall@k`: a gold passage is among the first k. `answer_in_quotes@k`: an accepted short
        answer is in one of the first k quotes. `gold_sentence@k`: one of them is, or is part of, a sentence that the
        answer was written from. `refused_follow_ups`: out-of-corpus questions after others.
        `gate_auc_*`: area under the ROC curve of the abstention score.
    """
    values: dict[str, list[float]] = {rate: [] for rate in RATES}
    short = _has_short_answers(outcomes)
    lengths: list[int] = []
    for outcome in outcomes:
        case, answer = outcome.case, outcome.answer
        refused = answer.outcome == "refused"
        if case.kind == "out_of_corpus":
            values["refused_follow_ups" if case.history else "refused_out_of_corpus"].append(refused)
        if case.kind != "answerable":
            continue
        values["wrongly_refused"].append(refused)
        if case.history:
            values["wrongly_refused_follow_ups"].append(refused)
        lengths += [len(quote.text) for quote in answer.quotes]
        if case.gold:
            found = retrieved(answer)
            for depth in DEPTHS:
                values[f"recall@{depth}"].append(not case.gold.isdisjoint(found[:depth]))
        if short and case.short_answers:
            for depth in (1, 3):
                quoted = any(holds(quote.text, case.short_answers) for quote in answer.quotes[:depth])
                values[f"answer_in_quotes@{depth}"].append(quoted)
        if case.gold_sentences:
            values["gold_sentence@3"].append(any(_is_sentence(q.text, case.gold_sentences) for q in answer.quotes[:3]))
        if written:
            _measure_text(values, case, answer)
    result: dict[str, Any] = {"questions": len(outcomes), "quote_characters": fmean(lengths) if lengths else None}
    for rate, numbers in values.items():
        result[rate] = round(fmean(numbers), 4) if numbers else None
        result[f"{rate}_interval"] = bootstrap_interval(numbers) if numbers else None
    return result | _curves(outcomes) | {"seconds": _seconds(outcomes, reading_seconds)}


def _is_sentence(quote: str, sentences: Sequence[str]) -> bool:
    """Whether a quote holds one of the sentences, or is the greater part of one that is too long for a quote."""
    said = plain(quote)
    wanted = [plain(sentence) for sentence in sentences]
    return any(one in said or (said in one and 2 * len(said) >= min(len(one), _LONG)) for one in wanted if one)


def _has_short_answers(outcomes: Sequence[Outcome]) -> bool:
    """Whether most of the set's answers are short spans; where most are essays, the few others mean nothing."""
    kinds = [bool(outcome.case.short_answers) for outcome in outcomes if outcome.case.answers]
    return 2 * sum(kinds) >= len(kinds)


def _measure_text(values: dict[str, list[float]], case: Case, answer: Answer) -> None:
    """The written answer against the accepted ones, and the verdicts against what is right."""
    if not case.answers:
        return
    values["exact_match"].append(exact_match(answer.text, case.answers))
    values["f1"].append(f1(answer.text, case.answers))
    for sentence in answer.sentences:
        supported = sentence.verdict == "supported"
        values["supported_share"].append(supported)
        if case.short_answers:
            right = holds(sentence.text, case.short_answers) and not holds(sentence.text, case.wrong_answers)
            if supported:
                values["supported_right"].append(right)
            if right:
                values["right_supported"].append(supported)


def _curves(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """How well the abstention score separates answerable questions from the others."""
    scores: dict[str, list[float]] = {"answerable": [], "near_miss": [], "out_of_corpus": []}
    for outcome in outcomes:
        # Answered without a score (greeting, overview): never refused.
        scores[outcome.case.kind].append(1.0 if outcome.answer.gate is None else outcome.answer.gate)
    result: dict[str, Any] = {}
    for name, kind in _CURVES.items():
        known = scores["answerable"] and scores[kind]
        result[name] = round(area_under_curve(scores["answerable"], scores[kind]), 4) if known else None
        result[f"{name}_interval"] = bootstrap_curve_interval(scores["answerable"], scores[kind]) if known else None
    return result


def _seconds(outcomes: Sequence[Outcome], reading: float) -> dict[str, float]:
    stages: dict[str, list[float]] = {}
    for outcome in outcomes:
        for stage, seconds in outcome.answer.seconds.items():
            stages.setdefault(stage, []).append(seconds)
    return {"reading": round(reading, 2)} | {stage: round(fmean(each), 4) for stage, each in stages.items()}
