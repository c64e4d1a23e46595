"""Export of an answer or a chat: Markdown with footnotes, or one self-contained HTML file; for Word `word_export.py`.

It can be checked without the app: it holds the sentences with their verdicts, the quotes, page crops that show them,
and the SHA-256 of the source files. Text of documents, models and users is escaped; the HTML has no script and, by
its Content-Security-Policy, makes no request.

`t(key, **fields)` gives the interface text of a key in the reader's language.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rag.core.places import Texts
from rag.core.reports import counted
from rag.core.types import Answer, Quote, Sentence, shown_name
from rag.models.catalogue import shown_model
from rag.viewing.answer_notices import notices, quotes_title, refused_title, reply_notices, written_title
from rag.viewing.answer_order import folded, kept
from rag.viewing.highlighting import Picture

# Markdown syntax characters: anywhere in a line, and at its start only.
_SIGNS = re.compile(r"[\\`*_\[\]<>|~&$]")
_AT_START = re.compile(r"^([#+\-=:]|\d+(?=[.)]))")
# Characters that turn a bare URL or e-mail address into an autolink.
_LINK = re.compile(r"(?<=[A-Za-z])(?=://)|(?<=www)(?=\.)|(?=@)")
# Control characters, zero-width characters and bidirectional overrides, which can hide or reorder the text around them.
INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")

_TEMPLATE = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
).get_template("answer.html.jinja")


@dataclass(frozen=True, slots=True)
class Exported:
    """An answer with what shows that it can be believed.

    Args:
        checksums: hex SHA-256 by document id.
        crops: page crops that show a quote, by its index in the answer.
        settings: further details of how the answer was made, by their label.
    """

    answer: Answer
    checksums: Mapping[str, str] = field(default_factory=dict)
    crops: Mapping[int, Picture] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)


def chat_as_markdown(title: str, answers: Sequence[Answer], t: Texts) -> str:
    """A whole chat as Markdown; the footnotes of its second answer are 2-1, 2-2 …"""
    parts = [as_markdown(answer, t, prefix=f"{i}-") for i, answer in enumerate(answers, 1)]
    return f"# {_markdown(title)}\n\n" + "\n---\n\n".join(parts)


def as_markdown(answer: Answer, t: Texts, *, prefix: str = "") -> str:
    """Question, answer and quotes as Markdown footnotes; all foreign text is escaped, so none of it is markup."""
    parts = [f"**{_markdown(answer.question)}**"]
    parts += [_markdown(line) for line in remarks(answer, t)]
    if answer.sentences:
        parts.append(" ".join(_with_notes(sentence, prefix) for sentence in kept(answer)))
        if unsupported := folded(answer):
            parts.append(_markdown(counted(t, "answer.folded", len(unsupported))))
            parts.append("\n".join(f"> - {_markdown(sentence.text)}" for sentence in unsupported))
    elif answer.text:
        parts.append(_markdown(answer.text))
    if answer.text and (answer.model or answer.computed):
        parts.append(f"*{_markdown(written_title(answer, t))}*")
    cited = {number for sentence in answer.sentences for number in sentence.quotes}
    if others := [number for number in range(len(answer.quotes)) if number not in cited]:
        notes = "".join(f"[^{prefix}{number + 1}]" for number in others)
        parts.append(f"{_markdown(quotes_title(answer, t))} {notes}")
    parts.append("\n".join(f"[^{prefix}{i}]: {_citation(quote, t)}" for i, quote in enumerate(answer.quotes, 1)))
    return "\n\n".join(filter(None, parts)) + "\n"


def chat_as_html(title: str, items: Sequence[Exported], t: Texts, *, language: str) -> str:
    """Answers as one HTML page, for the screen and for paper.

    Args:
        title: of the chat; empty where there is one answer only.
        t: uses the keys `answer.*` and `export.*`.
        language: the page's language code, such as `en`.
    """
    page = _TEMPLATE.render(
        title=title,
        items=[_for_template(item, t, f"note-{i}-" if title else "note-") for i, item in enumerate(items, 1)],
        language=language,
        t=t,
        place=lambda quote: place_line(quote, t),
        base64=lambda data: b64encode(data).decode("ascii"),
    )
    return INVISIBLE.sub("", page)


def _for_template(item: Exported, t: Texts, note: str) -> dict[str, object]:
    answer = item.answer
    unsupported = folded(answer)
    return {
        "answer": answer,
        "note": note,
        "remarks": list(remarks(answer, t)),
        "kept": kept(answer),
        "folded": unsupported,
        "folded_heading": counted(t, "answer.folded", len(unsupported)),
        "quotes_title": quotes_title(answer, t),
        "crops": item.crops,
        "checksums": item.checksums,
        "details": made_by(item, t),
    }


def made_by(item: Exported, t: Texts) -> dict[str, str]:
    """How an answer was made, by label."""
    answer = item.answer
    details = {t("export.model"): shown_model(answer.model)} if answer.model else {}
    if answer.generated_question not in ("", answer.question):
        details[t("export.searched")] = answer.generated_question
    return details | dict(item.settings)


def as_rich_text(answer: Answer, t: Texts) -> dict[str, str]:
    """The answer for the clipboard, with numbered sources: `html`, and the same as plain `text`."""
    said = (each.text.strip() + "".join(f"[{n + 1}]" for n in each.quotes) for each in kept(answer))
    words = " ".join(said) or answer.text
    sources = [(f"“{' '.join(quote.text.split())}”", place_line(quote, t)) for quote in answer.quotes]
    shown = [f"<p>{escape(line)}</p>" for line in words.splitlines() if line.strip()]
    shown += ["<ol>", *(f"<li>{escape(text)} – {escape(place)}</li>" for text, place in sources), "</ol>"]
    listed = (f"[{i}] {text} – {place}" for i, (text, place) in enumerate(sources, 1))
    text = "\n".join(filter(None, [words, *listed]))
    return {"html": INVISIBLE.sub("", "".join(shown)), "text": INVISIBLE.sub("", text)}


def _markdown(text: str) -> str:
    """Text on one line with all Markdown syntax escaped."""
    text = _SIGNS.sub(r"\\\g<0>", " ".join(INVISIBLE.sub("", text).split()))
    return _AT_START.sub(_escaped_start, _LINK.sub(r"\\", text))


def _escaped_start(match: re.Match[str]) -> str:
    return f"{match[0]}\\" if match[0].isdigit() else f"\\{match[0]}"


def remarks(answer: Answer, t: Texts) -> Iterator[str]:
    """Remarks to show above the answer: refused, stopped, no model …"""
    if answer.outcome == "refused":
        yield refused_title(answer, t)
    yield from notices(answer, t)
    if answer.outcome == "asked_anyway":
        yield t("answer.asked_anyway")
    if answer.words_only:
        yield t("errors.vectors_lacking")
    if answer.stopped:
        yield t("answer.stopped")
    yield from reply_notices(answer, t)
    if not answer.text and answer.outcome == "answered" and answer.model is None:
        yield t("answer.no_model")


def _with_notes(sentence: Sentence, prefix: str) -> str:
    return _markdown(sentence.text) + "".join(f"[^{prefix}{number + 1}]" for number in sentence.quotes)


def place_line(quote: Quote, t: Texts) -> str:
    """Where a quote stands, in one line."""
    return " · ".join(filter(None, (shown_name(quote), quote.place.shown(t))))


def _citation(quote: Quote, t: Texts) -> str:
    address = f" · {_markdown(quote.address)}" if quote.address else ""
    head = f"{_markdown(quote.head)}: " if quote.head else ""
    return f"{_markdown(place_line(quote, t))}{address}: {head}“{_markdown(quote.text)}”"
