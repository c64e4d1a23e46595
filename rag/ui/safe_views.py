"""Safe rendering of untrusted text from documents and models.

It goes through `textContent` in the answer component or through HTML escaping, never through Markdown, which would
load images and follow links.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from rag.core.types import Answer, Passage, Quote, Sentence, Verdict, shown_name
from rag.ui.texts import Texts
from rag.viewing.answer_notices import notices, quotes_title, refused_title, reply_notices, written_title
from rag.viewing.verdict_texts import why

# Markdown's syntax characters; then what is auto-linked although escaped.
_SIGN = re.compile(r"([!-/:-@\[-`{-~])")
_LINK = re.compile(r"(\\:(?=\\/)|(?<=www)\\\.|\\@)", re.IGNORECASE)

# Quotes that are shown before the written answer; those behind them are folded where nothing refers to them.
_FIRST_QUOTES = 3
# Rows of a computation that are shown at once.
_FIRST_ROWS = 12
_VERDICTS: tuple[Verdict, ...] = ("supported", "partly", "unsupported", "unchecked")

_HERE = Path(__file__).parent
_answer = st.components.v2.component(
    "footnote_answer",
    html='<div class="answer" aria-live="polite"></div>',
    css=(_HERE / "answer.css").read_text(encoding="utf-8"),
    js=(_HERE / "answer.js").read_text(encoding="utf-8"),
)


def draw_question(text: str) -> None:
    """A question."""
    st.html(f'<div class="question">{html.escape(text)}</div>')


def draw_brand(tagline: str) -> None:
    """The app's name and tagline, for the sign-in page."""
    st.html(f'<div class="brand large">Footnote<sup>1</sup></div><div class="muted">{html.escape(tagline)}</div>')


def draw_muted(text: str) -> None:
    """Small print; may contain untrusted text."""
    st.html(f'<div class="muted">{html.escape(text)}</div>')


def draw_lines(lines: Sequence[str]) -> None:
    """Lines of small print, one below the other."""
    st.html("".join(f'<div class="muted">{html.escape(line)}</div>' for line in lines))


def draw_entry(title: str, facts: str) -> None:
    """A title with details below; both untrusted."""
    st.html(f'<div class="question">{html.escape(title)}</div><div class="muted">{html.escape(facts)}</div>')


def draw_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table of untrusted text."""
    head = "".join(f"<th>{html.escape(text)}</th>" for text in heads)
    body = "".join("<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in row) + "</tr>" for row in rows)
    st.html(f'<table class="plain"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>')


def label(text: str) -> str:
    """Untrusted text as a widget label, where Streamlit renders Markdown: syntax characters are escaped.

    An invisible word joiner prevents auto-links.
    """
    escaped = _SIGN.sub(r"\\\1", " ".join(text.split()))
    return _LINK.sub("\u2060\\1", escaped)


def draw_answer(answer: Answer, texts: Texts, *, turn: str, status: str = "", changes: Mapping[str, str] = {}) -> None:
    """Draw the answer of a turn, running or saved. A footnote that is clicked opens in the source panel.

    `changes` maps the id of a removed or replaced document to a notice.
    """
    _answer(key=f"answer-{turn}", data={"turn": turn} | answer_data(answer, texts, status, changes))


def answer_data(answer: Answer, texts: Texts, status: str, changes: Mapping[str, str]) -> dict[str, object]:
    """The answer component's data: plain text and numbers."""
    kept = [sentence for sentence in answer.sentences if sentence.verdict != "unsupported"]
    folded = [sentence for sentence in answer.sentences if sentence.verdict == "unsupported"]
    checked = bool(answer.sentences)
    return {
        "notice": _notice(answer, texts),
        "quotes": [_quote_data(i, quote, texts, changes) for i, quote in enumerate(answer.quotes, start=1)],
        "more": (more := _folded_quotes(answer)),
        "plain": "" if checked else answer.text,
        "sentences": [_sentence_data(sentence, texts) for sentence in kept],
        # What was computed is the answer: it stands above its rows.
        "first": answer.computed is not None,
        "folded": [_sentence_data(sentence, texts) for sentence in folded],
        "remark": _remark(answer, texts),
        "status": status,
        "labels": {
            "quotes": quotes_title(answer, texts),
            "written": written_title(answer, texts),
            "folded": texts.count("answer.folded", len(folded)),
            "more": texts.count("answer.more_quotes", len(more)),
            "counted": _counted(answer, texts),
            "notes": [texts("answer.note", number=i) for i in range(1, len(answer.quotes) + 1)],
        },
    }


def _folded_quotes(answer: Answer) -> list[int]:
    """The numbers of the quotes behind the first ones that nothing refers to: one click away.

    A list, a comparison or a summary is its quotes; elsewhere they would push the written answer out of sight.
    """
    if answer.computed:
        return list(range(_FIRST_ROWS + 1, len(answer.quotes) + 1))
    if answer.kind != "question" or answer.outcome == "overview":
        return []
    kept = [sentence for sentence in answer.sentences if sentence.verdict != "unsupported"]
    cited = {place for sentence in kept for place in sentence.quotes}
    disputed = {each.quote for disagreement in answer.disagreements for each in disagreement.statements}
    return [i + 1 for i in range(_FIRST_QUOTES, len(answer.quotes)) if i not in cited | disputed]


def _counted(answer: Answer, texts: Texts) -> str:
    """How many of the written sentences the documents bear out, where there are several."""
    counts = Counter[Verdict](each.verdict for each in answer.sentences if each.verdict != "no_claim")
    shown = (f"{counts[verdict]} × {texts(f'answer.verdict_{verdict}')}" for verdict in _VERDICTS if counts[verdict])
    return " · ".join(shown) if counts.total() > 1 else ""


def draw_passage(passage: Passage, texts: Texts) -> None:
    """A whole passage with its place and score, for those who want to see what was searched."""
    where = " · ".join(filter(None, (shown_name(passage), passage.place.shown(texts))))
    draw_muted(f"{where} · {texts('answer.similarity', score=f'{passage.score:.2f}')}")
    st.html(f'<div class="question">{html.escape(passage.text)}</div>')


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
    return {
        "number": number,
        "text": " ".join(quote.text.split()),
        "head": quote.head,
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
