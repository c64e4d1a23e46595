"""Export of an answer or a chat as a Word file, with the same parts as the HTML page of `export.py`."""

from __future__ import annotations

import io
from collections.abc import Sequence

import docx
from docx.document import Document
from docx.shared import Inches
from docx.text.paragraph import Paragraph

from rag.core.places import Texts
from rag.core.types import Sentence
from rag.viewing.answer_notices import quotes_title
from rag.viewing.export import INVISIBLE, Exported, made_by, place_line, remarks

_WIDEST = Inches(6)


def as_docx(title: str, items: Sequence[Exported], t: Texts) -> bytes:
    """Answers as one Word file. Foreign text is text there: nothing of it becomes a field or a link.

    Args:
        title: of the chat; empty where there is one answer only.
        t: uses the keys `answer.*` and `export.*`.
    """
    document = docx.Document()
    document.core_properties.author = ""
    if title:
        document.add_heading(_clean(title), 0)
    for item in items:
        document.add_heading(_clean(item.answer.question), 1)
        for line in remarks(item.answer, t):
            document.add_paragraph(_clean(line), style="Intense Quote")
        _add_written(document, item, t)
        _add_quotes(document, item, t)
        for name, value in made_by(item, t).items():
            document.add_paragraph(_clean(f"{name}: {value}"), style="Caption")
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _add_written(document: Document, item: Exported, t: Texts) -> None:
    answer = item.answer
    if not answer.sentences:
        for line in filter(str.strip, answer.text.splitlines()):
            document.add_paragraph(_clean(line))
        return
    for sentence in answer.sentences:
        _add_sentence(document.add_paragraph(), sentence, t)


def _add_sentence(paragraph: Paragraph, sentence: Sentence, t: Texts) -> None:
    paragraph.add_run(_clean(sentence.text.strip()))
    for number in sentence.quotes:
        paragraph.add_run(f"[{number + 1}]").font.superscript = True
    paragraph.add_run(f" ({t(f'export.{sentence.verdict}')})").italic = True


def _add_quotes(document: Document, item: Exported, t: Texts) -> None:
    if item.answer.quotes:
        document.add_heading(_clean(quotes_title(item.answer, t)), 2)
    for i, quote in enumerate(item.answer.quotes):
        head = f"{quote.head}: " if quote.head else ""
        document.add_paragraph(_clean(f"[{i + 1}] {head}“{' '.join(quote.text.split())}”"), style="Quote")
        document.add_paragraph(_clean(place_line(quote, t)), style="Caption")
        if i in item.crops:
            document.add_picture(io.BytesIO(item.crops[i].data), width=min(_WIDEST, Inches(item.crops[i].width / 144)))
        if quote.document in item.checksums:
            document.add_paragraph(f"SHA-256 {item.checksums[quote.document]}", style="Caption")


def _clean(text: str) -> str:
    return INVISIBLE.sub("", text)
