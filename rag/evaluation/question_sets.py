"""Question sets on the disk: passages or files, and questions with gold labels.

A folder holds `questions.jsonl` and either `passages.jsonl` (id, title, text) or files to read, in
`pdfs/` or beside the questions. `questions_out_of_corpus.jsonl` has questions that none of them answers.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from rag.core.errors import DamagedFile, UnsupportedKind
from rag.core.formats import promised
from rag.core.text import script_of

T = TypeVar("T")
Kind = Literal["answerable", "near_miss", "out_of_corpus"]

# An answer that is looked for word for word: no longer than this many words, or Chinese characters.
_SHORT_WORDS = 12
_SHORT_CHARACTERS = 40

# Questions asked before, where a set has no histories, and the seed of their choice.
_BEFORE = 3
_SEED = 5

_QUESTIONS = "questions.jsonl"
_OUTSIDE = "questions_out_of_corpus.jsonl"
_PASSAGES = "passages.jsonl"
# Kinds that the sets use for out-of-corpus questions.
_FAR = {"out_of_corpus", "off_topic", "offtopic", "nonsense", "dontknow"}


@dataclass(frozen=True, slots=True)
class Case:
    """A question and what is right. `gold` holds passage ids, or (file name, page) pairs."""

    question: str
    kind: Kind
    gold: frozenset[str | tuple[str, int]] = frozenset()
    answers: tuple[str, ...] = ()
    wrong_answers: tuple[str, ...] = ()
    history: tuple[tuple[str, str], ...] = ()
    """What was asked and answered before, oldest first."""
    gold_sentences: tuple[str, ...] = ()
    """Sentences of the passages that the answer was written from."""

    @property
    def short_answers(self) -> tuple[str, ...]:
        """The accepted answers that can be looked for word for word."""
        return tuple(answer for answer in self.answers if _is_short(answer))


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """Passages (id, title, text) or files, and the questions about them."""

    name: str
    passages: tuple[tuple[str, str, str], ...]
    files: tuple[Path, ...]
    cases: tuple[Case, ...]


def read_set(directory: Path, limit: int | None = None) -> QuestionSet:
    """Read a question set.

    Args:
        limit: questions taken from the beginning of each file; None takes all.

    Raises:
        UnsupportedKind: the folder holds no questions, or nothing to ask them of.
        DamagedFile: a line is malformed.
    """
    if not (directory / _QUESTIONS).is_file():
        raise UnsupportedKind(name=directory.name, kinds=_QUESTIONS)
    passages = _all(directory / _PASSAGES, lambda record: (record["id"], record.get("title", ""), record["text"]))
    files = () if passages else tuple(sorted(_files(directory)))
    if not passages and not files:
        raise UnsupportedKind(name=directory.name, kinds=f"{_PASSAGES}, pdfs")
    inside = _all(directory / _QUESTIONS, _case)[:limit]
    outside = _all(directory / _OUTSIDE, lambda record: Case(record["question"], "out_of_corpus"))[:limit]
    return QuestionSet(directory.name, passages, files, (*inside, *outside))


def in_conversation(cases: Sequence[Case]) -> list[Case]:
    """The out-of-corpus questions, and as many answerable ones, after others of the set; the same each time."""
    chance = random.Random(_SEED)
    answerable = [case for case in cases if case.kind == "answerable" and not case.history]
    outside = [case for case in cases if case.kind == "out_of_corpus"]
    asked = [*outside, *chance.sample(answerable, min(len(outside), len(answerable)))]
    later = []
    for case in asked if len(answerable) > 1 else ():
        others = [other.question for other in answerable if other is not case]
        before = chance.sample(others, min(_BEFORE, len(others)))
        later.append(replace(case, history=tuple((question, "") for question in before)))
    return later


def _all(file: Path, made: Callable[[Mapping[str, Any]], T]) -> tuple[T, ...]:
    """What is made of each line; nothing where there is no such file."""
    if not file.is_file():
        return ()
    try:
        with file.open(encoding="utf-8") as lines:
            return tuple(made(json.loads(line)) for line in lines if line.strip())
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise DamagedFile(name=file.name, expected=file.suffix.lstrip(".")) from error


def _files(directory: Path) -> Iterator[Path]:
    folder = directory / "pdfs" if (directory / "pdfs").is_dir() else directory
    for file in folder.iterdir():
        # The set's own records are no documents of it.
        if promised(file.name) and file.stem.lower() != "readme" and file.suffix.lower() != ".jsonl":
            yield file


def _case(record: Mapping[str, Any]) -> Case:
    return Case(
        record["question"],
        _kind(record),
        _gold(record),
        tuple(record.get("answers") or ([record["answer"]] if record.get("answer") else ())),
        tuple(record.get("world_knowledge_answers") or ()),
        _history(record.get("history") or ()),
        tuple(record.get("selected_sentences") or ()),
    )


def _kind(record: Mapping[str, Any]) -> Kind:
    if record.get("answerable", True):
        return "answerable"
    far = record.get("kind") in _FAR or record.get("source", "").endswith("dontknow")
    return "out_of_corpus" if far else "near_miss"


def _gold(record: Mapping[str, Any]) -> frozenset[str | tuple[str, int]]:
    if record.get("file"):
        pages = record.get("gold_pages_best") or record.get("gold_pages") or [record.get("page") or 1]
        return frozenset((record["file"], page) for page in pages)
    ids = record.get("gold_passage_ids") or [record.get("paragraph_id")]
    return frozenset(identifier for identifier in ids if identifier)


def _history(turns: Any) -> tuple[tuple[str, str], ...]:
    pairs: list[tuple[str, str]] = []
    for turn in turns:
        if turn["role"] == "user":
            pairs.append((turn["text"], ""))
        elif pairs:
            pairs[-1] = (pairs[-1][0], turn["text"])
    return tuple(pairs)


def _is_short(answer: str) -> bool:
    return len(answer) <= _SHORT_CHARACTERS if script_of(answer) == "cjk" else len(answer.split()) <= _SHORT_WORDS
