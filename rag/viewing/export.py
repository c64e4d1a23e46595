"""Export of an answer: Markdown with footnotes, or one self-contained HTML file.

It can be checked without the app: it holds the sentences with their verdicts, the quotes, page crops that show them,
and the SHA-256 of the source files. Text of documents, models and users is escaped; the HTML has no script and, by
its Content-Security-Policy, makes no request.

`t(key, **fields)` gives the interface text of a key in the reader's language.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rag.core.places import Texts
from rag.core.types import Answer, Quote, Sentence, shown_name
from rag.viewing.answer_notices import notices, quotes_title, refused_title, reply_notices, written_title
from rag.viewing.highlighting import Picture

# Markdown syntax characters: anywhere in a line, and at its start only.
_SIGNS = re.compile(r"[\\`*_\[\]<>|~&$]")
_AT_START = re.compile(r"^([#+\-=:]|\d+(?=[.)]))")
# Characters that turn a bare URL or e-mail address into an autolink.
_LINK = re.compile(r"(?<=[A-Za-z])(?=://)|(?<=www)(?=\.)|(?=@)")
# Control characters, zero-width characters and bidirectional overrides, which can hide or reorder the text around them.
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")

_TEMPLATE = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
).get_template("answer.html.jinja")


def as_markdown(answer: Answer, t: Texts) -> str:
    """Question, answer and quotes as Markdown footnotes; all foreign text is escaped, so none of it is markup."""
    parts = [f"**{_markdown(answer.question)}**"]
    parts += [_markdown(line) for line in _remarks(answer, t)]
    if answer.sentences:
        parts.append(" ".join(_with_notes(sentence) for sentence in _kept(answer.sentences)))
        if folded := _folded(answer.sentences):
            parts.append(_markdown(_folded_heading(folded, t)))
            parts.append("\n".join(f"> - {_markdown(sentence.text)}" for sentence in folded))
    elif answer.text:
        parts.append(_markdown(answer.text))
    if answer.text and (answer.model or answer.computed):
        parts.append(f"*{_markdown(written_title(answer, t))}*")
    cited = {number for sentence in answer.sentences for number in sentence.quotes}
    if others := [number for number in range(len(answer.quotes)) if number not in cited]:
        parts.append(f"{_markdown(quotes_title(answer, t))} " + "".join(f"[^{number + 1}]" for number in others))
    parts.append("\n".join(f"[^{i}]: {_citation(quote, t)}" for i, quote in enumerate(answer.quotes, 1)))
    return "\n\n".join(filter(None, parts)) + "\n"


def as_html(
    answer: Answer,
    t: Texts,
    *,
    language: str,
    checksums: Mapping[str, str] = {},
    crops: Mapping[int, Picture] = {},
    settings: Mapping[str, str] = {},
) -> str:
    """The answer as one HTML page.

    Args:
        t: uses the keys `answer.*` and `export.*`.
        language: the page's language code, `en` or `zh`.
        checksums: hex SHA-256 by document id.
        crops: page crops that show a quote, by its index in the answer.
        settings: further details of how the answer was made, by their label.
    """
    details = {t("export.model"): answer.model} if answer.model else {}
    if answer.generated_question not in ("", answer.question):
        details[t("export.searched")] = answer.generated_question
    folded = _folded(answer.sentences)
    page = _TEMPLATE.render(
        answer=answer,
        language=language,
        t=t,
        remarks=list(_remarks(answer, t)),
        kept=_kept(answer.sentences),
        folded=folded,
        folded_heading=_folded_heading(folded, t),
        quotes_title=quotes_title(answer, t),
        place=lambda quote: _place(quote, t),
        crops=crops,
        base64=lambda data: b64encode(data).decode("ascii"),
        checksums=checksums,
        details=details | dict(settings),
    )
    return _INVISIBLE.sub("", page)


def _markdown(text: str) -> str:
    """Text on one line with all Markdown syntax escaped."""
    text = _SIGNS.sub(r"\\\g<0>", " ".join(_INVISIBLE.sub("", text).split()))
    return _AT_START.sub(_escaped_start, _LINK.sub(r"\\", text))


def _escaped_start(match: re.Match[str]) -> str:
    return f"{match[0]}\\" if match[0].isdigit() else f"\\{match[0]}"


def _kept(sentences: Sequence[Sentence]) -> list[Sentence]:
    return [sentence for sentence in sentences if sentence.verdict != "unsupported"]


def _folded(sentences: Sequence[Sentence]) -> list[Sentence]:
    return [sentence for sentence in sentences if sentence.verdict == "unsupported"]


def _folded_heading(folded: Sequence[Sentence], t: Texts) -> str:
    return t("answer.folded_one") if len(folded) == 1 else t("answer.folded", count=len(folded))


def _remarks(answer: Answer, t: Texts) -> Iterator[str]:
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


def _with_notes(sentence: Sentence) -> str:
    return _markdown(sentence.text) + "".join(f"[^{number + 1}]" for number in sentence.quotes)


def _place(quote: Quote, t: Texts) -> str:
    return " · ".join(filter(None, (shown_name(quote), quote.place.shown(t))))


def _citation(quote: Quote, t: Texts) -> str:
    address = f" · {_markdown(quote.address)}" if quote.address else ""
    head = f"{_markdown(quote.head)}: " if quote.head else ""
    return f"{_markdown(_place(quote, t))}{address}: {head}“{_markdown(quote.text)}”"
