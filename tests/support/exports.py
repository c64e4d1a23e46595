"""One answer as the page that a chat is exported as."""

from __future__ import annotations

from collections.abc import Mapping

from rag.core.places import Texts
from rag.core.types import Answer
from rag.viewing.export import Exported, chat_as_html
from rag.viewing.highlighting import Picture


def as_html(
    answer: Answer,
    t: Texts,
    *,
    language: str,
    checksums: Mapping[str, str] = {},
    crops: Mapping[int, Picture] = {},
    settings: Mapping[str, str] = {},
) -> str:
    """The answer as one HTML page, as `chat_as_html`."""
    return chat_as_html("", [Exported(answer, checksums, crops, settings)], t, language=language)
