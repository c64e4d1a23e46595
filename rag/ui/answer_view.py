"""An answer on the page: the data of the component that draws it (`answer.js`), as plain text and numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from rag.core.tables import CELL_BORDER
from rag.core.types import Answer, Quote, Sentence, Verdict, shown_name
from rag.models.catalogue import shown_model
from rag.ui.components import component
from rag.ui.texts import Texts
from rag.viewing.answer_notices import notices, quotes_title, refused_title, reply_notices, written_title
from rag.viewing.answer_order import folded, folded_quotes, is_weak, kept, written_leads
from rag.viewing.export import as_rich_text
from rag.viewing.markdown_signs import without_signs
from rag.viewing.verdict_texts import why

_VERDICTS: Final[tuple[Verdict, ...]] = ("supported", "partly", "unsupported", "unchecked")
_answer = component("answer", "answer", '<div class="answer"></div>')


def draw_answer(answer: Answer, texts: Texts, *, turn: str, status: str = "", changes: Mapping[str, str] = {}) -> None:
    """Draw the answer of a turn, running or saved. A footnote that is clicked opens in the source panel.

    `changes` maps the id of a removed or replaced document to a notice.
    """
    _answer(key=f"answer-{turn}", data={"turn": turn} | answer_data(answer, texts, status, changes))


def answer_data(answer: Answer, texts: Texts, status: str, changes: Mapping[str, str]) -> dict[str, object]:
    """The answer component's data: plain text and numbers, and the answer as it is copied."""
    unsupported = folded(answer)
    return {
        "notice": _notice(answer, texts),
        "leads": written_leads(answer),
        "weak": is_weak(answer),
        "quotes": [_quote_data(i, quote, texts, changes) for i, quote in enumerate(answer.quotes, start=1)],
        "more": (more := folded_quotes(answer)),
        "plain": "" if answer.sentences else answer.text,
        "sentences": [_sentence_data(sentence, texts) for sentence in kept(answer)],
        "folded": [_sentence_data(sentence, texts) for sentence in unsupported],
        "remark": _remark(answer, texts),
        "status": status,
        "copy": None if status else as_rich_text(answer, texts),
        "labels": {
            "quotes": quotes_title(answer, texts),
            "written": _written_title(answer, texts),
            "folded": texts.count("answer.folded", len(unsupported)),
            "more": texts.count("answer.more_quotes", len(more)),
            "counted": _counted(answer, texts),
            "notes": [texts("answer.note", number=i) for i in range(1, len(answer.quotes) + 1)],
            "rests": texts("answer.rests_on"),
            "copy": texts("answer.copy"),
            "copied": texts("answer.copied"),
            "ready": texts("answer.ready"),
        },
    }


def _written_title(answer: Answer, texts: Texts) -> str:
    if is_weak(answer):
        return texts("answer.written_weak", model=shown_model(answer.model or ""))
    return written_title(answer, texts)


def _counted(answer: Answer, texts: Texts) -> str:
    """How many of the statements the documents support, where there are several: "3 statements: 2 supported, …"."""
    counts = Counter[Verdict](each.verdict for each in answer.sentences if each.verdict != "no_claim")
    if counts.total() < 2:
        return ""
    said = [
        texts("answer.counted_verdict", count=counts[verdict], verdict=texts(f"answer.verdict_{verdict}"))
        for verdict in _VERDICTS
        if counts[verdict]
    ]
    return texts("answer.counted", count=counts.total(), verdicts=texts("answer.counted_join").join(said))


def _sentence_data(sentence: Sentence, texts: Texts) -> dict[str, object]:
    """A sentence with the verdict in words, the words that nothing bears out, and the reason."""
    reasons = why(sentence, texts)
    return {
        "text": sentence.text,
        "verdict": sentence.verdict,
        "said": texts(f"answer.verdict_{sentence.verdict}"),
        "why": reasons,
        "marks": [list(span) for span in sentence.words] if sentence.verdict == "partly" or reasons else [],
        "notes": [i + 1 for i in sentence.quotes],
    }


def _quote_data(number: int, quote: Quote, texts: Texts, changes: Mapping[str, str]) -> dict[str, object]:
    name, place = shown_name(quote), quote.place.shown(texts)
    said, head = " ".join(without_signs(quote.text, quote.kind).split()), without_signs(quote.head, quote.kind)
    heads, cells = head.split(CELL_BORDER), said.split(CELL_BORDER)
    return {
        "number": number,
        "text": said,
        "head": head,
        "row": [heads, cells] if (is_row := bool(head) and len(heads) == len(cells)) else None,
        "table": f"{quote.document} {head}" if is_row else "",
        "name": name,
        "place": place,
        "open": texts("answer.open_page", place=f"{name}, {place}" if place else name),
        "note": changes.get(quote.document, ""),
    }


def _notice(answer: Answer, texts: Texts) -> dict[str, str] | None:
    title, parts = "", []
    if answer.outcome == "refused":
        title, parts = refused_title(answer, texts), [] if answer.notices else [texts("answer.refused_why")]
    elif answer.outcome == "asked_anyway":
        parts = [texts("answer.asked_anyway")]
    parts += notices(answer, texts)
    if answer.words_only:
        parts.append(texts("errors.vectors_lacking"))
    return {"title": title, "text": " ".join(parts)} if parts else None


def _remark(answer: Answer, texts: Texts) -> str:
    """What is said below the written answer."""
    ended = texts.failure(answer.error) if answer.error else texts("answer.stopped") if answer.stopped else ""
    return " ".join(filter(None, (ended, *reply_notices(answer, texts))))
