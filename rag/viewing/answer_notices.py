"""What has to be known of an answer before its quotes are read, in the reader's words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from rag.core.types import Answer, Disagreement, shown_name


class Texts(Protocol):
    """The texts of one language."""

    def __call__(self, key: str, **fields: object) -> str: ...

    def count(self, key: str, count: int) -> str: ...


def notices(answer: Answer, t: Texts) -> Iterator[str]:
    """Why it was refused, how many documents there are, where documents say different things."""
    for notice in answer.notices:
        if notice.key == "documents_all":
            yield t.count("answer.documents_all", int(notice.fields["count"]))
        else:
            yield t(f"answer.{notice.key}", **notice.fields)
    for disagreement in answer.disagreements:
        yield t("answer.disagree", values="; ".join(_values(answer, disagreement, t)))


def _values(answer: Answer, disagreement: Disagreement, t: Texts) -> Iterator[str]:
    for statement in disagreement.statements:
        name = shown_name(answer.quotes[statement.quote])
        key = "answer.disagree_dated" if statement.date else "answer.disagree_value"
        yield t(key, value=statement.value, name=name, date=statement.date)
