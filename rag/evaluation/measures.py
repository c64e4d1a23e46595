"""Answer matching and F1 as in SQuAD (Rajpurkar et al. 2016), ROC AUC, and bootstrap confidence intervals."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from rag.core.text import script_of, words

_ARTICLES: Final = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION: Final = re.compile(r"(?!(?<=\d)[.,](?=\d))(?:[^\w\s]|_)")
_THOUSANDS: Final = re.compile(r"(?<=\d),(?=\d{3}\b)")
# A figure that goes on: "12" does not stand in "12.5", but it does at the end of a sentence.
_GOES_ON: Final = re.compile(r"\.*+\d")
_RESAMPLES: Final = 1000


def plain(text: str) -> str:
    """Normalize for comparison: lower case, no punctuation, no articles, single spaces (none in Chinese)."""
    text = unicodedata.normalize("NFKC", text).lower()
    # Decimal points are kept, or 12.3 would match 2.3 and 123.
    text = _PUNCTUATION.sub(" ", _THOUSANDS.sub("", text))
    if script_of(text) == "cjk":
        return "".join(text.split())
    return " ".join(_ARTICLES.sub(" ", text).split())


def holds(text: str, answers: Iterable[str]) -> bool:
    """Whether one of the answers is in the text: as whole words; in Chinese as a substring with whole numbers."""
    normalized = plain(text)
    matches = _holds_figures_whole if script_of(normalized) == "cjk" else _holds_words
    return any(matches(normalized, answer) for answer in filter(None, map(plain, answers)))


def _holds_words(text: str, answer: str) -> bool:
    """`plain` has left one space between words."""
    return f" {answer} " in f" {text} "


def _holds_figures_whole(text: str, answer: str) -> bool:
    at = text.find(answer)
    while at >= 0:
        end = at + len(answer)
        begins = not answer[0].isdigit() or at == 0 or not (text[at - 1].isdecimal() or text[at - 1] == ".")
        if begins and not (answer[-1].isdigit() and _GOES_ON.match(text, end)):
            return True
        at = text.find(answer, at + 1)
    return False


def exact_match(text: str, answers: Iterable[str]) -> bool:
    return plain(text) in {plain(answer) for answer in answers}


def f1(text: str, answers: Iterable[str]) -> float:
    """The best token F1 (in Chinese, character F1) with one of the answers, 0 to 1."""
    return max((_f1(_pieces(text), _pieces(answer)) for answer in answers), default=0.0)


def _f1(predicted: list[str], expected: list[str]) -> float:
    shared = sum((Counter(predicted) & Counter(expected)).values())
    return 2 * shared / (len(predicted) + len(expected)) if shared else 0.0


def _pieces(text: str) -> list[str]:
    text = plain(text)
    return list(text) if script_of(text) == "cjk" else words(text)


def area_under_curve(better: Sequence[float], worse: Sequence[float]) -> float:
    """Area under the ROC curve: the probability that a positive scores higher than a negative; ties count half."""
    scores = np.concatenate([better, worse])
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    n, m = len(better), len(worse)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def bootstrap_interval(values: Sequence[float]) -> list[float]:
    """The 95 % bootstrap interval of the mean, with a fixed seed: [low, high]."""
    data = np.asarray(values, float)
    draw = np.random.default_rng(0).integers(0, len(data), (_RESAMPLES, len(data)))
    low, high = np.quantile(data[draw].mean(axis=1), [0.025, 0.975])
    return [round(float(low), 4), round(float(high), 4)]


def bootstrap_curve_interval(better: Sequence[float], worse: Sequence[float]) -> list[float]:
    """The 95 % bootstrap interval of the area under the ROC curve, resampling both classes."""
    random = np.random.default_rng(0)
    one, other = np.asarray(better), np.asarray(worse)
    areas = [
        area_under_curve(random.choice(one, len(one)).tolist(), random.choice(other, len(other)).tolist())
        for _ in range(_RESAMPLES // 5)
    ]
    low, high = np.quantile(areas, [0.025, 0.975])
    return [round(float(low), 4), round(float(high), 4)]
