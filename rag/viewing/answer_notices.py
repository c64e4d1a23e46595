"""What has to be known of an answer before its quotes are read, in the reader's words."""

from __future__ import annotations

from collections.abc import Iterator

from rag.core.places import Texts
from rag.core.types import Answer, Disagreement, Notice, shown_name


def notices(answer: Answer, t: Texts) -> Iterator[str]:
    """Why it was refused, how many documents there are, where documents say different things."""
    for notice in answer.notices:
        yield notice_text(notice, t)
    for disagreement in answer.disagreements:
        yield t("answer.disagree", values="; ".join(_values(answer, disagreement, t)))


def refused_title(answer: Answer, t: Texts) -> str:
    """That it is not in the documents; or that this cannot be told."""
    undecided = any(notice.key == "language_unread" for notice in answer.notices)
    return t("answer.undecided") if undecided else t("answer.refused")


def notice_text(notice: Notice, t: Texts) -> str:
    """The sentence for one notice."""
    single = notice.key == "documents_all" and notice.fields["count"] == 1
    return t("answer.documents_all_one") if single else t(f"answer.{notice.key}", **notice.fields)


def _values(answer: Answer, disagreement: Disagreement, t: Texts) -> Iterator[str]:
    for statement in disagreement.statements:
        name = shown_name(answer.quotes[statement.quote])
        key = "answer.disagree_dated" if statement.date else "answer.disagree_value"
        yield t(key, value=statement.value, name=name, date=statement.date)
