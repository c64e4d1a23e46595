"""What has to be known of an answer before its quotes are read, in the reader's words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rag.core.places import Texts
from rag.core.types import Answer, Disagreement, Notice, shown_name
from rag.models.catalogue import shown_model

# Of what the model wrote: said below it.
_OF_THE_REPLY: Final = frozenset(
    ["cut_off", "only_reasoning", "went_on", "repeated", "reply_empty", "reply_refused", "rewritten"]
)


def notices(answer: Answer, t: Texts) -> Iterator[str]:
    """Why it was refused, how many documents there are, where documents say different things."""
    for notice in answer.notices:
        if notice.key not in _OF_THE_REPLY:
            yield notice_text(notice, t)
    for disagreement in answer.disagreements:
        yield t("answer.disagree", values="; ".join(_values(answer, disagreement, t)))


def reply_notices(answer: Answer, t: Texts) -> Iterator[str]:
    """What has to be known of the written answer: that it ended early, what was cut, that nothing of it holds."""
    for notice in answer.notices:
        if notice.key in _OF_THE_REPLY:
            yield notice_text(notice, t)
    if answer.sentences and all(sentence.verdict == "unsupported" for sentence in answer.sentences):
        yield t("answer.nothing_left_anyway" if answer.outcome == "asked_anyway" else "answer.nothing_left")


def cut_off(answer: Answer) -> bool:
    """Whether the model can go on with it."""
    return any(notice.key == "cut_off" for notice in answer.notices)


def quotes_title(answer: Answer, t: Texts) -> str:
    """What stands above the quotes: they are no answer where the documents hold none."""
    if answer.outcome in ("refused", "asked_anyway"):
        return t("answer.nearest")
    if answer.computed:
        return t("answer.computed_rows")
    return t("answer.overview" if answer.outcome == "overview" else "answer.quotes")


def written_title(answer: Answer, t: Texts) -> str:
    """What stands above the sentences: who wrote them, or that they were computed."""
    if answer.computed:
        return t("answer.computed_title")
    return t("answer.written" if answer.sentences else "answer.written_open", model=shown_model(answer.model or ""))


def refused_title(answer: Answer, t: Texts) -> str:
    """That it is not in the documents, or not in those that could be compared; or that this cannot be told."""
    keys = {notice.key for notice in answer.notices}
    if "language_unread" in keys:
        return t("answer.undecided")
    return t("answer.refused_apart" if "languages_apart" in keys else "answer.refused")


def notice_text(notice: Notice, t: Texts) -> str:
    """The sentence for one notice."""
    single = notice.key in ("documents_all", "computed_without") and notice.fields["count"] == 1
    return t(f"answer.{notice.key}_one", **notice.fields) if single else t(f"answer.{notice.key}", **notice.fields)


def _values(answer: Answer, disagreement: Disagreement, t: Texts) -> Iterator[str]:
    for statement in disagreement.statements:
        name = shown_name(answer.quotes[statement.quote])
        key = "answer.disagree_dated" if statement.date else "answer.disagree_value"
        yield t(key, value=statement.value, name=name, date=statement.date)
