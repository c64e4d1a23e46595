"""Tags of HTML within Markdown that nobody sees: `<div hidden>`, `<p style="display: none">`."""

from __future__ import annotations

import re
from typing import Final

from bs4 import BeautifulSoup
from bs4.element import Tag

from rag.ingestion.loading.web_styles import Styles

_TAG: Final = re.compile(r"<(/?)([a-z][a-z0-9]{0,20})(?=[\s>])[^<>]{0,400}>", re.IGNORECASE)
_LONGEST: Final = 20_000  # characters


def hidden_end(text: str, opening: re.Match[str], end: int) -> int:
    """The end of what a tag hides; 0 where it hides nothing, or nothing closes it."""
    tag = BeautifulSoup(opening[0], "html.parser").find(True)
    if not isinstance(tag, Tag) or not _is_hidden(tag):
        return 0
    depth = 1
    for found in _TAG.finditer(text, opening.end(), min(end, opening.end() + _LONGEST)):
        if found[2].lower() == tag.name:
            depth += -1 if found[1] else 1
        if depth == 0:
            return found.end()
    return 0


def _is_hidden(tag: Tag) -> bool:
    if tag.has_attr("hidden"):
        return tag["hidden"] != "until-found"
    styles = Styles(BeautifulSoup("", "html.parser"))
    return styles.look(tag, styles.first()).gone == "hidden"
