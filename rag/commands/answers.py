"""What `ask` prints: an answer as an object, or as lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from rag.commands.output import texts
from rag.commands.verdicts import place_record, sentence_record
from rag.core.errors import LibraryError
from rag.core.formats import format_of
from rag.core.places import PageBox
from rag.core.types import Answer, Computed, Quote
from rag.services import Services
from rag.viewing.answer_notices import notice_text, notices, quotes_title, refused_title, reply_notices, written_title
from rag.viewing.verdict_texts import why


def answer_record(services: Services, owner: str, answer: Answer, gate_calibrated: bool) -> dict[str, Any]:
    """The object that `ask --json` prints. Pages count from 1; null where a document has none."""
    return {
        "question": answer.question,
        "generated_question": answer.generated_question,
        "answer": _answer_text(answer),
        "model": answer.model,
        "refused": answer.outcome == "refused",
        "outcome": answer.outcome,
        "kind": answer.kind,
        "reason": _reason(answer),
        "looked_for": [notice.fields["identifier"] for notice in answer.notices if "identifier" in notice.fields],
        "notices": [{"code": notice.key, "text": notice_text(notice, texts())} for notice in answer.notices],
        "disagreements": [
            [
                {"value": s.value, "date": s.date or None, "document": answer.quotes[s.quote].name, "quote": s.quote}
                for s in disagreement.statements
            ]
            for disagreement in answer.disagreements
        ],
        "error": None if answer.error is None else {"code": answer.error.key, "text": texts().failure(answer.error)},
        "gate_calibrated": gate_calibrated,
        "words_only": answer.words_only,
        "quotes": [_quote(services, owner, quote) for quote in answer.quotes],
        "sentences": [sentence_record(sentence, answer.quotes) for sentence in answer.sentences],
        "sources": [
            {**place_record(passage), "text": passage.text, "score": passage.score} for passage in answer.passages
        ],
        "computed": _computed(answer.computed),
        "seconds": answer.seconds,
    }


def _computed(computed: Computed | None) -> dict[str, Any] | None:
    """What was computed of rows of a table; null where nothing was. `places` are the cells of all its rows."""
    if computed is None:
        return None
    groups = [{"name": name, "value": value, "rows": rows} for name, value, rows in computed.groups]
    return {
        "operation": computed.operation,
        "column": computed.column or None,
        "filter": list(computed.filters),
        "value": computed.value,
        "unit": computed.unit or None,
        "shown": computed.shown,
        "rows": computed.rows,
        "places": list(computed.places),
        "document": computed.document,
        "sheet": computed.sheet or None,
        "groups": groups,
        "verdict": "supported",
    }


def _reason(answer: Answer) -> str | None:
    """Why the question was refused; null where it was not."""
    if answer.outcome != "refused":
        return None
    return answer.notices[0].key if answer.notices else "not_found"


def _quote(services: Services, owner: str, quote: Quote) -> dict[str, Any]:
    return {
        **place_record(quote),
        "text": quote.text,
        "start": quote.start,
        "end": quote.end,
        "score": quote.score,
        "head": quote.head,
        "section": quote.section,
        "before": quote.before,
        "after": quote.after,
        **_on_page(services, owner, quote),
    }


def _on_page(services: Services, owner: str, quote: Quote) -> dict[str, Any]:
    """Where a quote stands, and how certain text recognition is of it; null where it did not read it.

    It has no boxes where its page cannot be drawn.
    """
    from rag.viewing.highlighting import page_boxes

    documents, boxes = services.store.documents, tuple[PageBox, ...]()
    if format_of(quote.kind).drawn:
        with suppress(LibraryError):
            page, data = documents.page(owner, quote.document, quote.page), documents.original(owner, quote.document)
            boxes = page_boxes(data, quote.page, [(quote.start, quote.end)], page.text, page.words)
    seen = None if quote.certainty is None else {"certainty": quote.certainty, "unsure": list(quote.unsure)}
    return {"ocr": seen, "place": replace(quote.place, boxes=boxes).fields()}


def _answer_text(answer: Answer) -> str:
    """What the documents bear out of the model's words; the quotes where that is nothing."""
    kept = "".join(sentence.text for sentence in answer.sentences if sentence.verdict != "unsupported").strip()
    return kept or "\n".join(" ".join(quote.text.split()) for quote in answer.quotes if answer.outcome != "refused")


def answer_lines(answer: Answer) -> Iterator[str]:
    """The same for people."""
    words = texts()
    if answer.outcome == "refused":
        yield f"{refused_title(answer, words)} {'' if answer.notices else words('answer.refused_why')}\n"
    for line in notices(answer, words):
        yield f"{line}\n"
    if answer.words_only:
        yield f"{words('errors.vectors_lacking')}\n"
    if answer.quotes:
        yield f"{quotes_title(answer, words)}:"
    for number, quote in enumerate(answer.quotes, start=1):
        yield f"[{number}] {' '.join(quote.text.split())}\n    {quote.name}, {quote.place.shown(words)}"
    if answer.sentences:
        yield f"\n{written_title(answer, words)}:"
        for sentence in answer.sentences:
            notes = "".join(f"[{i + 1}]" for i in sentence.quotes)
            mark = "" if sentence.verdict == "supported" else f" ({words(f'answer.verdict_{sentence.verdict}')})"
            yield f"  {sentence.text.strip()} {notes}{mark}"
            if said := why(sentence, words):
                yield f"      {said}"
    for line in reply_notices(answer, words):
        yield f"\n{line}"
