"""An answer to take along: as Markdown with footnotes, or as one HTML file that needs nothing else.

Whoever gets it can check it without the app: the sentences with their verdicts, the quotes word for
word, the pictures of their places and the checksums of the files. All words of documents, models and
users are escaped; the HTML holds no script and asks no server for anything.

The headings come from outside: `t(key, **fields)` gives the text of a key in the reader's language.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from rag.core.places import Texts
from rag.core.types import Answer, Quote, Sentence, shown_name
from rag.viewing.highlighting import Picture

# Signs that mean something to Markdown anywhere, and those that do so at the beginning of a line.
_SIGNS = re.compile(r"[\\`*_\[\]<>|~&$]")
_AT_START = re.compile(r"^([#+\-=:]|\d+(?=[.)]))")
# A bare address would become a link: the sign that makes it one is escaped.
_LINK = re.compile(r"(?<=[A-Za-z])(?=://)|(?<=www)(?=\.)|(?=@)")
# What a browser or an editor would use to turn or hide the words around it.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """
body { font: 17px/1.6 Georgia, "Songti SC", SimSun, serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem;
  color: #1d2730; background: #fff; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.3; } h2 { font-size: 1.1rem; margin-top: 2rem; color: #123a56; }
.note { color: #5a6872; } .partly { border-bottom: 2px dotted #b7791f; } sup a { text-decoration: none; }
.verdict { font-size: .8rem; border-radius: .6rem; padding: .1rem .5rem; white-space: nowrap; }
.verdict.supported { background: #d9efe0; } .verdict.partly { background: #fbebc8; border: 0; }
.verdict.unsupported { background: #f6d9d5; }
blockquote { margin: .3rem 0; padding: .2rem 0 .2rem 1rem; border-left: 4px solid #e8a33d; white-space: pre-line; }
img { max-width: 100%; border: 1px solid #c3d0d8; } code { font-size: .75rem; } ol { padding-left: 1.4rem; }
table { border-collapse: collapse; font-size: .9rem; } td, th { text-align: left; padding: .1rem .8rem .1rem 0; }
"""


def as_markdown(answer: Answer, t: Texts) -> str:
    """The question, the answer and its quotes as footnotes, in Markdown that renders nothing foreign."""
    parts = [f"**{_markdown(answer.question)}**"]
    parts += [_markdown(line) for line in _remarks(answer, t)]
    if answer.sentences:
        parts.append(" ".join(_with_notes(sentence) for sentence in _kept(answer.sentences)))
        if folded := _folded(answer.sentences):
            parts.append(_markdown(_folded_heading(folded, t)))
            parts.append("\n".join(f"> - {_markdown(sentence.text)}" for sentence in folded))
    elif answer.text:
        parts.append(_markdown(answer.text))
    if answer.text and answer.model:
        parts.append(f"*{_markdown(t('answer.written', model=answer.model))}*")
    cited = {number for sentence in answer.sentences for number in sentence.quotes}
    if others := [number for number in range(len(answer.quotes)) if number not in cited]:
        parts.append(f"{_markdown(t('answer.quotes'))} " + "".join(f"[^{number + 1}]" for number in others))
    parts.append("\n".join(f"[^{i}]: {_footnote(quote, t)}" for i, quote in enumerate(answer.quotes, 1)))
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
        t: the texts; used are `answer.*` and `export.*`.
        language: code of the page's language, `en` or `zh`.
        checksums: SHA-256 in hex by document id.
        crops: pictures of the quoted places by the quote's position in the answer.
        settings: what else is worth knowing about how the answer was made, by name.
    """
    body = [
        f"<h1>{escape(answer.question)}</h1>",
        *(f'<p class="note">{escape(line)}</p>' for line in _remarks(answer, t)),
        *_answer_html(answer, t),
        *_quotes_html(answer, t, checksums, crops),
        *_making_html(answer, t, settings),
    ]
    head = (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(answer.question)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
    )
    return _UNSEEN.sub("", head + "\n".join(body) + "\n</body>\n</html>\n")


def _markdown(text: str) -> str:
    """The words as they are, on one line, with nothing in them that Markdown would act upon."""
    text = _SIGNS.sub(r"\\\g<0>", " ".join(_UNSEEN.sub("", text).split()))
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
    """What has to be known before the answer is read."""
    if answer.outcome == "refused":
        yield t("answer.refused")
    if answer.outcome == "asked_anyway":
        yield t("answer.asked_anyway")
    if answer.words_only:
        yield t("errors.vectors_lacking")
    if answer.stopped:
        yield t("answer.stopped")
    if answer.sentences and not _kept(answer.sentences):
        yield t("answer.nothing_left")
    if not answer.text and answer.outcome == "answered":
        yield t("answer.no_model")


def _with_notes(sentence: Sentence) -> str:
    return _markdown(sentence.text) + "".join(f"[^{number + 1}]" for number in sentence.quotes)


def _place(quote: Quote, t: Texts) -> str:
    return " · ".join(filter(None, (shown_name(quote), quote.place.shown(t))))


def _footnote(quote: Quote, t: Texts) -> str:
    address = f" · {_markdown(quote.address)}" if quote.address else ""
    head = f"{_markdown(quote.head)}: " if quote.head else ""
    return f"{_markdown(_place(quote, t))}{address}: {head}“{_markdown(quote.text)}”"


def _answer_html(answer: Answer, t: Texts) -> Iterator[str]:
    if not answer.sentences:
        yield from (f"<p>{escape(line)}</p>" for line in answer.text.splitlines() if line.strip())
        return
    kept, folded = _kept(answer.sentences), _folded(answer.sentences)
    if kept:
        yield "<ul>" + "".join(_sentence_html(sentence, t) for sentence in kept) + "</ul>"
    if folded:
        yield f"<details><summary>{escape(_folded_heading(folded, t))}</summary><ul>"
        yield "".join(_sentence_html(sentence, t) for sentence in folded) + "</ul></details>"


def _sentence_html(sentence: Sentence, t: Texts) -> str:
    notes = "".join(f'<sup><a href="#note-{number + 1}">[{number + 1}]</a></sup>' for number in sentence.quotes)
    verdict = f'<span class="verdict {sentence.verdict}">{escape(t(f"export.{sentence.verdict}"))}</span>'
    return f"<li>{escape(sentence.text)}{notes} {verdict}</li>"


def _quotes_html(answer: Answer, t: Texts, checksums: Mapping[str, str], crops: Mapping[int, Picture]) -> Iterator[str]:
    if not answer.quotes:
        return
    yield f"<h2>{escape(t('answer.quotes'))}</h2>\n<ol>"
    for i, quote in enumerate(answer.quotes):
        yield f'<li id="note-{i + 1}"><p class="note">{escape(_place(quote, t))}</p>'
        if quote.head:
            yield f'<p class="note">{escape(quote.head)}</p>'
        yield f"<blockquote>{escape(quote.text)}</blockquote>"
        if i in crops:
            source = f"data:image/png;base64,{b64encode(crops[i].data).decode('ascii')}"
            size = f'width="{crops[i].width}" height="{crops[i].height}"'
            yield f'<img src="{source}" {size} style="height: auto" alt="{escape(t("answer.note", number=i + 1))}">'
        if quote.address:
            yield f'<p class="note">{escape(quote.address)}</p>'
        if quote.document in checksums:
            yield f"<p><code>SHA-256 {escape(checksums[quote.document])}</code></p>"
        yield "</li>"
    yield "</ol>"


def _making_html(answer: Answer, t: Texts, settings: Mapping[str, str]) -> Iterator[str]:
    rows = {t("export.model"): answer.model} if answer.model else {}
    if answer.generated_question not in ("", answer.question):
        rows[t("export.searched")] = answer.generated_question
    rows.update(settings)
    if rows:
        cells = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows.items())
        yield f"<h2>{escape(t('export.made'))}</h2>\n<table>{cells}</table>"
