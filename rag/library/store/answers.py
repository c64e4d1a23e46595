"""Answers and failures as JSON values, and back.

Readable across versions: a missing field takes its default or its type's empty value, an unknown one is ignored.
"""

from __future__ import annotations

import dataclasses
from dataclasses import asdict
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from rag.core.types import Answer, Claim, Computed, Disagreement, Failure, Notice, Passage, Quote, Sentence, Statement

Record = TypeVar("Record", Answer, Claim, Computed, Failure, Notice, Passage, Quote, Sentence)

_EMPTY: dict[str, Any] = {"str": "", "int": 0, "float": 0.0}
# A missing verdict must not turn out better than it was.
_CAUTIOUS: dict[str, Any] = {"verdict": "unsupported", "outcome": "answered", "kind": "text"}


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """The answer as JSON values."""
    return asdict(answer)


def answer_from_json(data: dict[str, Any]) -> Answer:
    """The inverse of `answer_to_json`."""
    answer = _record(Answer, data)
    return dataclasses.replace(
        answer,
        passages=tuple(_record(Passage, item) for item in answer.passages),  # type: ignore[arg-type]
        quotes=tuple(_record(Quote, item) for item in answer.quotes),  # type: ignore[arg-type]
        sentences=tuple(map(_sentence, data.get("sentences", ()))),
        notices=tuple(_record(Notice, item) for item in answer.notices),  # type: ignore[arg-type]
        disagreements=tuple(map(_disagreement, data.get("disagreements", ()))),
        error=failure_from_json(data.get("error")),
        computed=_computed(data.get("computed")),
    )


def answer_field(connection: sa.Connection, answer: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[str]:
    """A text of a saved answer, by its name, for a query."""
    saved = sa.type_coerce(answer, sa.Text)
    if connection.dialect.name == "postgresql":
        return sa.type_coerce(sa.cast(saved, postgresql.JSON)[name].astext, sa.Text)
    return sa.type_coerce(sa.func.json_extract(saved, f"$.{name}"), sa.Text)


def _computed(data: dict[str, Any] | None) -> Computed | None:
    if data is None:
        return None
    groups = tuple((name, value, rows) for name, value, rows in data.get("groups", ()))
    return dataclasses.replace(_record(Computed, data), groups=groups)


def _sentence(data: dict[str, Any]) -> Sentence:
    claims = tuple(
        dataclasses.replace(
            _record(Claim, item),
            words=_spans(item),
            reasons=tuple(_record(Notice, reason) for reason in item.get("reasons", ())),
        )
        for item in data.get("claims", ())
    )
    return dataclasses.replace(_record(Sentence, data), words=_spans(data), claims=claims)


def _spans(data: dict[str, Any]) -> tuple[tuple[int, int], ...]:
    return tuple((start, end) for start, end in data.get("words", ()))


def _disagreement(data: dict[str, Any]) -> Disagreement:
    return Disagreement(tuple(Statement(**statement) for statement in data["statements"]))


def failure_to_json(failure: Failure) -> dict[str, Any]:
    return asdict(failure)


def failure_from_json(data: dict[str, Any] | None) -> Failure | None:
    return None if data is None else _record(Failure, data)


def _record(kind: type[Record], data: dict[str, Any]) -> Record:
    values: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        if field.name in data:
            value = data[field.name]
            values[field.name] = tuple(value) if isinstance(value, list) else value
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            values[field.name] = _CAUTIOUS.get(field.name, _EMPTY.get(str(field.type)))
    return kind(**values)
