"""The first sentences of a document, by which it is shown where nobody asks for more."""

from __future__ import annotations

import re
from typing import Final

from rag.core.text import script_of, sentences
from rag.core.types import LoadedDocument

LEAD_CHARACTERS: Final = 300

_STOP: Final = re.compile(r"[.!?。！？][\"'”’」』）)\]]*$")


def lead_of(document: LoadedDocument, characters: int = LEAD_CHARACTERS) -> str:
    """The document's first whole sentences, about so many characters; where it has none, its first words.

    Headings, tables of contents and labels are left out: they end without a stop, or are short.
    """
    lead: list[str] = []
    for page in document.pages:
        titles = {heading.title for heading in page.headings}
        for start, end in sentences(page.text):
            lines = page.text[start:end].splitlines()
            sentence = " ".join(" ".join(line for line in lines if line.strip() not in titles).split())
            if _is_prose(sentence):
                lead.append(sentence)
            if sum(map(len, lead)) >= characters:
                return " ".join(lead)
    return " ".join(lead) or " ".join(" ".join(page.text for page in document.pages).split())[:characters]


def _is_prose(sentence: str) -> bool:
    shortest = 10 if script_of(sentence) == "cjk" else 40
    return shortest <= len(sentence) <= LEAD_CHARACTERS and bool(_STOP.search(sentence))
