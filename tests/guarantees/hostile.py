"""Lines that kept a pattern busy, as strangers write them; a child that reads, asks about, checks and draws each.

`python -m tests.guarantees.hostile 40 4000` prints, as JSON, the seconds of processor time that each step took with
lines of so many repeats. `RAG_MODEL=custom:tests.guarantees.hostile:Echo` is a model that says what it was told.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

# What stands before the repeats, what is repeated, and what stands behind them.
LINES: dict[str, tuple[str, str, str]] = {
    "a row that goes on": ("Results", " - 1", " x"),
    "sports results": ("Lisbon Rovers", " 2 - 1 (3)", " after extra time"),
    "opening hours": ("Mon", " 8 - 12 - 13 - 17", " and by arrangement"),
    "prices": ("Rent", " $ 5", " a day"),
    "dot leaders": ("Annual leave ", ". ", "see below"),
    "dots": ("Annual leave ", "…", " x"),
    "digits": ("Account ", "1", " or nothing"),
    "figures": ("Rose by ", "1,", " points"),
    "years or more": ("", "5 years 5", " or less"),
    "from and to": ("", "1 to ", "none"),
    "hyphens": ("The ", "mid-", "age"),
    "letters": ("", "A", " (AB)"),
    "initials": ("- Wanda", " A", ", then"),
    "names": ("", "United Nations of the ", "(un)"),
    "negations": ("It is not", " not", " so"),
    "spaces": ("Leave", " ", "'t"),
    "stops": ("Leave", ". ", "x"),
    "quotation marks": ("He said.", "\"'”", "x"),
    "headings": ("", "# ", "x"),
    "number signs": ("# Leave ", "#", " x"),
    "manners": ("summarise this", " in a", " way that nobody has ever thought of before"),
    "greetings": ("hi", "!", "x"),
    "contents": ("Contents", "!", "x"),
    "HTML": ("", "<html", ""),
    "comments": ("", "<!---->", "x"),
    "Chinese numbers": ("第", "十", "天"),
    "Chinese": ("年假", "，有五天", "。"),
    "marks": ("llama", "_", "3"),
    "addresses": ("See ", "www.", ""),
}


def line(name: str, repeats: int) -> str:
    before, repeated, after = LINES[name]
    return before + repeated * repeats + after


class Echo(BaseChatModel):
    """Says again what it has been told, the documents' lines among it."""

    @property
    def _llm_type(self) -> str:
        return "echo"

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(str(messages[-1].content)))])

    def _stream(self, messages: list[BaseMessage], *_: Any, **__: Any) -> Iterator[ChatGenerationChunk]:
        yield ChatGenerationChunk(message=AIMessageChunk(content=str(messages[-1].content)))


def pdf(text: str) -> bytes:
    """One page with the text on lines of a hundred characters."""
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(600, 20 + 10 * (len(text) // 100 + 2)))
    canvas.setFont("Courier", 9)
    for row in range(len(text) // 100 + 1):
        canvas.drawString(10, 10 * (len(text) // 100 - row) + 20, text[100 * row : 100 * row + 100])
    canvas.save()
    return out.getvalue()


def steps(text: str) -> dict[str, Callable[[], object]]:
    """What happens to a line on its way from a file into a checked answer and onto a picture."""
    from rag.answering.evidence import CutPage, find_quotes, sentences_of, units
    from rag.answering.retrieval import question_kind
    from rag.answering.verification import verify
    from rag.core.types import Passage
    from rag.ingestion.loading.file_types import kind_of
    from rag.ingestion.loading.pdf import read_pdf
    from rag.ingestion.loading.text import read_text
    from rag.ingestion.splitting import split
    from rag.viewing.highlighting import page_picture
    from tests.guarantees.test_g13_idempotent import LetterEmbedder

    name = "line.pdf"
    page = read_text(text.encode(), "line.md", "markdown").pages[0].text
    passage = Passage(1, "d", "line.md", "Line", "markdown", None, 1, "1", "", page[:1000], 0, len(page[:1000]), 1.0)

    def answer() -> object:
        pages = {("d", 1): CutPage.of(page)}
        quotes = find_quotes(text[:1000], [passage], LetterEmbedder(), pages=pages)
        return verify(text[:2000], text[:1000], quotes, sentences_of([passage], pages))

    def picture() -> object:
        data = pdf(text)
        read = read_pdf(data, name).pages[0].text
        return page_picture(data, 1, [(unit.start, unit.end) for unit in units(read)[:3]])

    def reading() -> object:
        document = read_text(text.encode(), "line.md", "markdown")
        split(document, count=len, size=1000, overlap=100)
        return kind_of(text.encode(), "line")

    return {
        "read": reading,
        "cut": lambda: units(page),
        "ask": lambda: question_kind(text),
        "answer": answer,
        "draw": picture,
    }


def main() -> None:
    took: dict[str, float] = {}
    for repeats in map(int, sys.argv[1:]):
        for name in LINES:
            for step, work in steps(line(name, repeats)).items():
                before = time.process_time()
                work()
                took[f"{name}, {repeats} times: {step}"] = time.process_time() - before
    json.dump(took, sys.stdout)


if __name__ == "__main__":
    main()
