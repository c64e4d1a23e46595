"""What has to be known of an answer before its quotes are read, in the reader's words."""

from __future__ import annotations

from collections.abc import Iterator

from rag.core.places import Texts
from rag.core.types import Answer, Disagreement, shown_name


def notices(answer: Answer, t: Texts) -> Iterator[str]:
    """Why it was refused, how many documents there are, where documents say different things."""
    for notice in answer.notices:
        single = notice.key == "documents_all" and notice.fields["count"] == 1
        yield t("answer.documents_all_one") if single else t(f"answer.{notice.key}", **notice.fields)
    for disagreement in answer.disagreements:
        yield t("answer.disagree", values="; ".join(_values(answer, disagreement, t)))


def _values(answer: Answer, disagreement: Disagreement, t: Texts) -> Iterator[str]:
    for statement in disagreement.statements:
        name = shown_name(answer.quotes[statement.quote])
        key = "answer.disagree_dated" if statement.date else "answer.disagree_value"
        yield t(key, value=statement.value, name=name, date=statement.date)
