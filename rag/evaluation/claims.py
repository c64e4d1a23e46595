"""Claims that people judged: does a judge see what they saw?

A set holds `contexts.jsonl` (`id`, `text`) and `claims.jsonl` (`claim`, `context`, `label`: 1 where it says the
whole claim; `tokens` and `unsupported`, a flag each, where people marked the words that it does not say).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from rag.core.errors import DamagedFile
from rag.core.text import sentences
from rag.evaluation.measures import area_under_curve, bootstrap_curve_interval, bootstrap_interval
from rag.models.judges import Judge, Judgement

CLAIMS: Final = "claims.jsonl"
_CONTEXTS: Final = "contexts.jsonl"
# Claims judged at once.
_BATCH: Final = 32


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim, what it is held against, and what people say of it; `flags` has one for each of `tokens`. `source` is
    the whole text of its context."""

    text: str
    evidence: tuple[str, ...]
    right: bool
    source: str
    tokens: tuple[str, ...] = ()
    flags: tuple[bool, ...] = ()


def read_claims(directory: Path, limit: int | None = None) -> list[Claim]:
    """The claims of a set.

    Raises:
        DamagedFile: a line is malformed, or a claim's context is missing.
    """
    file = directory / CLAIMS
    try:
        contexts = {record["id"]: record["text"] for record in _records(directory / _CONTEXTS)}
        evidence = {key: cut(text) for key, text in contexts.items()}
        return [_claim(record, contexts, evidence) for record in _records(file)][:limit]
    except (ValueError, LookupError, TypeError, AttributeError, OSError) as error:
        raise DamagedFile(name=file.name, expected="jsonl") from error


def cut(text: str) -> tuple[str, ...]:
    """The sentences of a text; a line ends one."""
    return tuple(line[start:end] for line in text.split("\n") for start, end in sentences(line))


def claim_report(
    directory: Path,
    judge: Judge,
    limit: int | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, Any]:
    """The measures of a judge on a set, with intervals, and the mean time for a claim. Measures that the set has no
    data for are None."""
    claims = read_claims(directory, limit)
    judged: list[Judgement] = []
    began = time.perf_counter()
    for first in range(0, len(claims), _BATCH):
        judged += judge.judge([(claim.text, claim.evidence) for claim in claims[first : first + _BATCH]])
        on_progress(len(judged), len(claims))
    seconds = (time.perf_counter() - began) / max(1, len(claims))
    return {
        "claims": len(claims),
        "judge": judge.name,
        **measures(claims, judged, judge.supported),
        "words_f1": words_f1(claims, judged),
        "seconds_a_claim": round(seconds, 4),
    }


def measures(claims: Sequence[Claim], judged: Sequence[Judgement], supported: float) -> dict[str, Any]:
    """`auc`; `balanced_accuracy` at probability 0.5; the share `supported`, that of them `supported_right`; of the
    true claims the share supported, of the false ones the share that is (`false_unmarked`)."""
    found = [one.probability for one in judged]
    true = [p for p, claim in zip(found, claims, strict=True) if claim.right]
    false = [p for p, claim in zip(found, claims, strict=True) if not claim.right]
    shown = [claim.right for p, claim in zip(found, claims, strict=True) if p >= supported]
    both = bool(true and false)
    values = {
        "supported": [p >= supported for p in found],
        "supported_right": shown,
        "true_supported": [p >= supported for p in true],
        "false_unmarked": [p >= supported for p in false],
    }
    result: dict[str, Any] = {
        "auc": round(area_under_curve(true, false), 4) if both else None,
        "auc_interval": bootstrap_curve_interval(true, false) if both else None,
        "balanced_accuracy": round((fmean(p >= 0.5 for p in true) + fmean(p < 0.5 for p in false)) / 2, 4)
        if both
        else None,
    }
    for name, numbers in values.items():
        result[name] = round(fmean(numbers), 4) if numbers else None
        result[f"{name}_interval"] = bootstrap_interval(numbers) if numbers else None
    return result


def words_f1(claims: Sequence[Claim], judged: Sequence[Judgement]) -> float | None:
    """F1 of the marked words against those that people marked, over all words of the set."""
    pairs = [
        (marked, flag)
        for claim, one in zip(claims, judged, strict=True)
        for marked, flag in zip(_marked(claim, one.unsupported), claim.flags, strict=True)
    ]
    if not any(flag for _, flag in pairs):
        return None
    shared = sum(marked and flag for marked, flag in pairs)
    return round(2 * shared / (sum(marked for marked, _ in pairs) + sum(flag for _, flag in pairs)), 4)


def _marked(claim: Claim, spans: Sequence[tuple[int, int]]) -> Iterator[bool]:
    """Whether a span touches each of the claim's tokens; those that its text lacks stand nowhere."""
    at = 0
    for token in claim.tokens:
        place = claim.text.find(token, at)
        end = place + len(token)
        yield place >= 0 and any(start < end and place < stop for start, stop in spans)
        at = end if place >= 0 else at


def _claim(record: Mapping[str, Any], contexts: Mapping[Any, str], evidence: Mapping[Any, tuple[str, ...]]) -> Claim:
    at, tokens = record["context"], tuple(record.get("tokens", ()))
    flags = tuple(map(bool, record.get("unsupported", ())))
    if len(tokens) != len(flags):
        raise ValueError(record)
    return Claim(record["claim"], evidence[at], bool(record["label"]), contexts[at], tokens, flags)


def _records(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())
