"""The arithmetic of the measures: does an answer stand in a text, how sure is a rate."""

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
    """A text for comparing answers: lower case, no punctuation, no articles, single spaces (none in Chinese)."""
    text = unicodedata.normalize("NFKC", text).lower()
    # The point of 12.3 is kept, or 12.3 would hold 2.3 and 123.
    text = _PUNCTUATION.sub(" ", _THOUSANDS.sub("", text))
    if script_of(text) == "cjk":
        return "".join(text.split())
    return " ".join(_ARTICLES.sub(" ", text).split())


def holds(text: str, answers: Iterable[str]) -> bool:
    """Whether one of the answers stands in the text: as whole words, in Chinese as a stretch with whole figures."""
    where = plain(text)
    stands = _holds_figures_whole if script_of(where) == "cjk" else _holds_words
    return any(stands(where, answer) for answer in filter(None, map(plain, answers)))


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
    """The best overlap in words (in Chinese, in characters) with one of the answers, 0 to 1."""
    return max((_f1(_pieces(text), _pieces(answer)) for answer in answers), default=0.0)


def _f1(said: list[str], right: list[str]) -> float:
    shared = sum((Counter(said) & Counter(right)).values())
    return 2 * shared / (len(said) + len(right)) if shared else 0.0


def _pieces(text: str) -> list[str]:
    text = plain(text)
    return list(text) if script_of(text) == "cjk" else words(text)


def area_under_curve(better: Sequence[float], worse: Sequence[float]) -> float:
    """The chance that one of the better has a larger score than one of the worse; ties count half."""
    scores = np.concatenate([better, worse])
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    n, m = len(better), len(worse)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * m))


def bootstrap_interval(values: Sequence[float]) -> list[float]:
    """The 95 % interval of the mean, by resampling with a fixed seed: [low, high]."""
    data = np.asarray(values, float)
    draw = np.random.default_rng(0).integers(0, len(data), (_RESAMPLES, len(data)))
    low, high = np.quantile(data[draw].mean(axis=1), [0.025, 0.975])
    return [round(float(low), 4), round(float(high), 4)]


def bootstrap_curve_interval(better: Sequence[float], worse: Sequence[float]) -> list[float]:
    """The 95 % interval of the area under the curve, by resampling both sides."""
    chance = np.random.default_rng(0)
    one, other = np.asarray(better), np.asarray(worse)
    areas = [
        area_under_curve(chance.choice(one, len(one)).tolist(), chance.choice(other, len(other)).tolist())
        for _ in range(_RESAMPLES // 5)
    ]
    low, high = np.quantile(areas, [0.025, 0.975])
    return [round(float(low), 4), round(float(high), 4)]
