"""Results of commands as JSON objects and as lines of text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rag.commands.output import texts
from rag.core.types import PAGED, Answer, Document, Passage, Quote


def document_record(document: Document) -> dict[str, Any]:
    words = texts()
    return {
        "name": document.name,
        "status": "ready",
        "kind": document.kind,
        "pages": document.pages,
        "chunks": document.chunks,
        "warnings": [
            {"code": warning.key, "text": words(f"warnings.{warning.key}", **warning.fields)}
            for warning in document.warnings
        ],
        "error": None,
        "code": None,
    }


def document_line(result: dict[str, Any]) -> str:
    count = texts().count("documents.chunks", result["chunks"])
    if result["kind"] in PAGED:
        count = f"{texts().count('documents.pages', result['pages'])}, {count}"
    return " · ".join([count, *(warning["text"] for warning in result["warnings"])])


def answer_record(answer: Answer, gate_calibrated: bool) -> dict[str, Any]:
    """The object that `ask --json` prints. Page numbers start at 1; null where a document has no pages."""
    return {
        "question": answer.question,
        "generated_question": answer.generated_question,
        "answer": _answer_text(answer),
        "model": answer.model,
        "refused": answer.outcome == "refused",
        "gate_calibrated": gate_calibrated,
        "words_only": answer.words_only,
        "quotes": [
            {**_place(quote), "text": quote.text, "start": quote.start, "end": quote.end, "score": quote.score}
            for quote in answer.quotes
        ],
        "sentences": [
            {"text": sentence.text, "verdict": sentence.verdict, "quotes": list(sentence.quotes)}
            for sentence in answer.sentences
        ],
        "sources": [{**_place(passage), "text": passage.text, "score": passage.score} for passage in answer.passages],
        "seconds": answer.seconds,
    }


def _place(source: Passage | Quote) -> dict[str, Any]:
    page, label = (source.page, source.label) if source.kind in PAGED else (None, source.section)
    return {"document": source.name, "page": page, "label": label, "line": source.line or None}


def _answer_text(answer: Answer) -> str:
    """The model's sentences that are not unsupported; the quotes where there are none."""
    text = "".join(sentence.text for sentence in answer.sentences if sentence.verdict != "unsupported").strip()
    return text or "\n".join(" ".join(quote.text.split()) for quote in answer.quotes if answer.outcome != "refused")


def answer_lines(answer: Answer) -> Iterator[str]:
    from rag.viewing.export import place_of

    words = texts()
    if answer.outcome == "refused":
        yield f"{words('answer.refused')} {words('answer.refused_why')}\n"
    if answer.words_only:
        yield f"{words('errors.vectors_lacking')}\n"
    for number, quote in enumerate(answer.quotes, start=1):
        yield f"[{number}] {' '.join(quote.text.split())}\n    {quote.name}, {place_of(quote, words)}"
    if answer.sentences:
        yield f"\n{words('answer.written', model=answer.model)}:"
        for sentence in answer.sentences:
            notes = "".join(f"[{i + 1}]" for i in sentence.quotes)
            mark = "" if sentence.verdict == "supported" else f" ({words(f'answer.verdict_{sentence.verdict}')})"
            yield f"  {sentence.text.strip()} {notes}{mark}"


def measure_lines(report: dict[str, Any]) -> Iterator[str]:
    from rag.evaluation import RATES

    for name, value in report.items():
        if name in RATES and value is not None:
            low, high = report[f"{name}_interval"]
            yield f"{name:28}{value:.3f}  [{low:.3f}, {high:.3f}]"
        elif isinstance(value, int | float):
            yield f"{name:28}{value:.3f}"
