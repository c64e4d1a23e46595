"""Safe rendering of untrusted text from documents and models.

It goes through `textContent` in the components or through HTML escaping, never through Markdown, which would
load images and follow links.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

import streamlit as st

from rag.core.types import Passage, shown_name
from rag.ui.texts import Texts

# Markdown's syntax characters; then what is auto-linked although escaped.
_SIGN = re.compile(r"([!-/:-@\[-`{-~])")
_LINK = re.compile(r"(\\:(?=\\/)|(?<=www)\\\.|\\@)", re.IGNORECASE)


def draw_question(text: str) -> None:
    """A question."""
    st.html(f'<div class="question">{html.escape(text)}</div>')


def draw_brand(tagline: str) -> None:
    """The app's name and tagline, for the sign-in page."""
    st.html(f'<div class="brand large">Footnote<sup>1</sup></div><div class="muted">{html.escape(tagline)}</div>')


def draw_muted(text: str) -> None:
    """Small print; may contain untrusted text."""
    st.html(f'<div class="muted">{html.escape(text)}</div>')


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


def draw_passage(passage: Passage, texts: Texts) -> None:
    """A whole passage with its place and score, for those who want to see what was searched."""
    where = " · ".join(filter(None, (shown_name(passage), passage.place.shown(texts))))
    draw_muted(f"{where} · {texts('answer.similarity', score=f'{passage.score:.2f}')}")
    st.html(f'<div class="question">{html.escape(passage.text)}</div>')
