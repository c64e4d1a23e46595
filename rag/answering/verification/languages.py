"""Whether a claim can be compared with the documents at all."""

from __future__ import annotations

import re
from typing import Final

from rag.answering.verification.evidence import Sources
from rag.core.text import STOP_WORDS, language_of, script_of, words

# Letters that are neither Latin nor Chinese: Cyrillic, Arabic, kana, Hangul …
_OTHER: Final = re.compile(r"[^\W\d_A-Za-zªµºÀ-ɏḀ-ỿ\u3400-\u9fff\uf900-\ufaff]")
# Words of a Latin text that tell its language, and the share of them that are little words in English and German.
_ENOUGH: Final = 6
_LITTLE: Final = 0.1


def unread(claim: str, sources: Sources) -> bool:
    """Whether a claim is in a language of its own: one that is not analysed here, or that no document is in."""
    if 2 * len(_OTHER.findall(claim)) > sum(map(str.isalpha, claim)):
        return True
    found = words(claim)
    if script_of(claim) == "latin" and len(found) >= _ENOUGH:
        little = sum(word in STOP_WORDS["en"] or word in STOP_WORDS["de"] for word in found)
        if little < _LITTLE * len(found):
            return True
    return bool(sources.languages) and language_of(claim) not in sources.languages
