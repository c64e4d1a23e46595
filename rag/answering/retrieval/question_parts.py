"""A question that needs evidence for each of its sides: a comparison, or several questions in one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Final

from rag.core.text import is_empty, language_of, script_of, stem, words, years

# More sides than this are read as one question.
_MOST: Final = 4

_OPENS: Final = frozenset(["between", "from", "compare", "comparing", "zwischen", "von", "vergleiche", "vergleichen"])
_JOINS: Final = frozenset(["and", "to", "with", "versus", "vs", "vs.", "than", "und", "mit", "als"])
# Documents that are looked through, each by itself, for what they do not say.
_MOST_LACKING: Final = 24
_WHICH_NOT: Final = re.compile(
    r"\W*+(?:which|what|how many|welche|wie viele) (?:of the )?(?P<which>[^\W\d_]++)"
    r"(?P<said> .{0,200}?\b(?:not|no|never|without|cannot|\w+n['’]t|nicht|kein\w*|ohne)\b.*)"
    r"|(?:哪些|多少份?)(?P<which_zh>\w{2,4}?)(?P<said_zh>(?:没有|没|不|未|无).*)",
    re.IGNORECASE,
)
_NOT: Final = re.compile(
    r"\b(?:(?:do|does|did|are|is|was|were|has|have|had|can|may|must|will)\s++not|cannot|not|no|never|without|any|\w+n['’]t"
    r"|nicht|kein\w*|ohne)\b|没有|没|不|未|无",
    re.IGNORECASE,
)
_SAYS: Final = re.compile(
    r"^(?:mention|contain|say|name|include|have|has|hold|state|provide for|refer to|erwähnen|enthalten|haben)\b\s*+"
    r"|^(?:提到|包含|规定|写明)",
    re.IGNORECASE,
)
# Words of one side, at most.
_SIDE: Final = 8
_JOINS_CHINESE: Final = re.compile("[与和跟]")
_ENDS_CHINESE: Final = re.compile("的|有|之间|比较|对比|区别|不同|差异|相比|[，。？?]")
_COMPARING: Final = re.compile(
    r"\b(?:compare[ds]?|comparing|comparison|versus|vs\.?|differences?|differs?|different|between|both|respectively"
    r"|vergleiche?n?|vergleich|unterschiede?|unterscheide[nt]?|zwischen)\b|比较|对比|区别|不同|差异|相比",
    re.IGNORECASE,
)
_LOOSE: Final = re.compile(r"\b(?:and|or|to|with|from|und|oder|mit)(?=\s*+[?.]?$|\s++(?:and|or|to|from|in)\b)")
# What is left of "terms of Alder and Cedar" without Alder.
_BOUND: Final = re.compile(r"\b(of|in|for|at|von|bei|für) (?:and|or|und|oder)\b")
_NEXT_QUESTION: Final = re.compile(
    r"[?？]\s*+(?=\S)|(?:[;,]|(?<!\s)(?=\s))\s++and\s++(?=(?:who|what|when|where|why|how|which|is|are|does|do|can)\b)"
    r"|(?:[;,]|(?<!\s)(?=\s))\s++und\s++(?=(?:wer|was|wann|wo|warum|wie|welche[rs]?)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Part:
    """One side of a question: what to search for, and the documents it is about; all where it names none."""

    query: str
    documents: tuple[str, ...] = ()
    lacking: bool = False
    """Whether it is asked for where its document does *not* say so."""


def several_questions(question: str) -> list[str]:
    """The questions that are asked in one, each of which says what it asks.

    >>> several_questions("How long is probation and how many days of leave are there?")
    ['How long is probation', 'how many days of leave are there?']
    """
    parts = [part.strip() for part in _NEXT_QUESTION.split(question) if part and part.strip()]
    if not 2 <= len(parts) <= _MOST or any(is_empty(part) or len(words(part)) < 3 for part in parts):
        return [question]
    return parts


def sides(question: str, titles: Mapping[str, Set[str]]) -> list[Part]:
    """The sides of a comparison, each as a question of its own; none where they cannot be told apart.

    Args:
        titles: document → the stems of the words that it is called by.
    """
    bare = " ".join(_COMPARING.sub(" ", question).split())
    for found in (_by_document(bare, titles), _by_year(bare, titles), _by_words(question)):
        if 2 <= len(found) <= _MOST:
            return found
    return []


def lacking(question: str, titles: Mapping[str, Set[str]]) -> list[Part]:
    """For "Which contracts do not mention a penalty?" each of the documents that are called so, with what it may lack.

    >>> lacking("Which leases are not renewed?", {"a": {"leas", "oak"}, "b": {"leas", "elm"}})[1]
    Part(query='renewed?', documents=('b',), lacking=True)
    """
    match = _WHICH_NOT.match(question)
    if match is None:
        return []
    which = match["which"] or match["which_zh"]
    named = stem(which.lower(), language_of(question))
    meant = [name for name, stems in titles.items() if named in stems]
    if not 2 <= len(meant) <= _MOST_LACKING:
        return []
    query = _SAYS.sub("", " ".join(_NOT.sub(" ", match["said"] or match["said_zh"]).split()))
    return [Part(query, (name,), lacking=True) for name in meant]


def _by_document(question: str, titles: Mapping[str, Set[str]]) -> list[Part]:
    """Words that some documents are called by and others are not: one side each."""
    language = language_of(question)
    named = {}
    for word in dict.fromkeys(words(question)):
        called = tuple(name for name, stems in titles.items() if stem(word, language) in stems)
        if called and len(called) < len(titles) and not word.isdecimal() and not is_empty(word, language):
            named[word] = called
    fewest = min(map(len, named.values()), default=0)
    telling = {word: called for word, called in named.items() if len(called) == fewest}
    if len(set(telling.values())) < 2:
        return []
    return [Part(_without(question, set(telling) - {word}), called) for word, called in telling.items()]


def _by_year(question: str, titles: Mapping[str, Set[str]]) -> list[Part]:
    asked = list(dict.fromkeys(years(question)))
    return [
        Part(_without(question, set(asked) - {year}), tuple(name for name, called in titles.items() if year in called))
        for year in asked
    ]


def _by_words(question: str) -> list[Part]:
    """What stands on both sides of the word that joins them, behind the one that opens a comparison."""
    if script_of(question) == "cjk":
        return _by_characters(question)
    said = question.rstrip(" ?.!").split()
    lower = [word.lower().strip(",;") for word in said]
    opening = next((place for place, word in enumerate(lower) if word in _OPENS), -1)
    joining = next((place for place, word in enumerate(lower) if word in _JOINS and place > opening + 1), None)
    if opening < 0 or joining is None or joining + 1 == len(said) or joining - opening > _SIDE + 1:
        return []
    one, other = said[opening + 1 : joining], said[joining + 1 : joining + 1 + _SIDE]
    rest = _COMPARING.sub(" ", " ".join(said[:opening] + said[joining + 1 + _SIDE :])).split()
    about = [word for word in rest if not is_empty(word)]
    return [Part(" ".join([*(w for w in side if w.lower() not in _OPENS), *about])) for side in (one, other)]


def _by_characters(question: str) -> list[Part]:
    match = _JOINS_CHINESE.search(question)
    if match is None:
        return []
    one, rest = _COMPARING.sub("", question[: match.start()]), question[match.end() :]
    end = _ENDS_CHINESE.search(rest)
    other = rest[: end.start()] if end else rest
    about = _COMPARING.sub("", rest[end.end() :]).strip("？?。的") if end else ""
    return [Part(f"{side}{about}") for side in (one.strip(), other.strip())] if one.strip() and other.strip() else []


def _without(question: str, left_out: Set[str]) -> str:
    """The question without some words and the little words that bound them to it."""
    kept = [word for word in question.split() if word.strip("?,.;:!'\"()’").lower().removesuffix("'s") not in left_out]
    text = " ".join(kept)
    return _LOOSE.sub("", _BOUND.sub(r"\1", text)).strip()
