"""Verdicts and their reasons in the reader's words."""

from __future__ import annotations

from typing import Final

from rag.core.places import Texts
from rag.core.types import Notice, Sentence

# Characters of a sentence of the documents that are shown in a reason.
_LONGEST: Final = 160


def reason_text(reason: Notice, t: Texts) -> str:
    """Why a claim is not borne out, in words: "The document says “14 days”, not “30 days”"."""
    fields = {key: _short(str(value)) for key, value in reason.fields.items()}
    kind, _, end = reason.key.rpartition("_")
    if kind in ("negation", "clause") and end == "differs":
        return t("answer.reason_denied", **fields)
    key = f"answer.reason_{end}" if kind and end in ("differs", "missing") else f"answer.reason_{reason.key}"
    return t(key if end != "differs" or fields["document"] else "answer.reason_added", **fields)


def why(sentence: Sentence, t: Texts) -> str:
    """All reasons of a sentence, and that it does not answer what was asked."""
    said = list(dict.fromkeys(reason_text(reason, t) for reason in sentence.reasons))
    return " ".join([*said, *([t("answer.beside")] if sentence.answers is False else [])])


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"
