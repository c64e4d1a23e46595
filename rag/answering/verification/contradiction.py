"""Words that must agree: what says of how many, from when or up to what a thing holds, and what says its opposite."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from rag.answering.verification.evidence import Source
from rag.core.text import Language, stem
from rag.core.types import Notice, Span

# Words of one kind: what stands in one group is another thing than what stands in the others. By grammar, not by a set.
_ALL: Final = re.compile(r"\b(?:all|every|each|always|alle|immer)\b|全部|所有|每", re.IGNORECASE)
_SOME: Final = re.compile(
    r"\b(?:some|most|many|several|few|certain|part|half|usually|sometimes|often|einige|manche)\b|部分|大多|有些|一些|通常",
    re.IGNORECASE,
)
_NONE: Final = re.compile(r"\b(?:none|neither|never|kein\w*|nie)\b|没有", re.IGNORECASE)
_LEAST: Final = re.compile(
    r"\b(?:at least|minimum|no (?:less|fewer) than|not less than|or more|mindestens)\b|至少|最少|以上", re.IGNORECASE
)
_MOST: Final = re.compile(
    r"\b(?:at most|up to|maximum|no more than|not more than|or less|höchstens|bis zu)\b|最多|不超过|以内|至多",
    re.IGNORECASE,
)
_MAY: Final = re.compile(r"\b(?:may|can|could|might|optional(?:ly)?|darf|kann)\b|可以|可", re.IGNORECASE)
_MUST: Final = re.compile(
    r"\b(?:must|shall|required|has to|have to|obliged|mandatory|muss|müssen)\b|必须|应当|须|应", re.IGNORECASE
)
# Characters before and behind a figure among which the words stand that bound it.
_BOUND_BEFORE, _BOUND_BEHIND = 16, 12
_CLAUSE: Final = re.compile(r"[,;.:()，；。]|\b(?:and|or|but|und|oder|aber)\b(?! (?:less|more|mehr|weniger)\b)|\d")
_KINDS: Final = {"quantifier": (_ALL, _SOME, _NONE), "bound": (_LEAST, _MOST), "modality": (_MAY, _MUST)}
_ONLY: Final = re.compile(r"\b(?:only|solely|exclusively|alone|nur)\b|只|仅|唯一", re.IGNORECASE)
_OPPOSITES: Final = """
    before/after increase/decrease increased/decreased rose/fell rise/fall grew/shrank higher/lower more/less
    above/below over/under first/last largest/smallest highest/lowest longest/shortest earliest/latest included/excluded
    includes/excludes allowed/forbidden allowed/prohibited permitted/prohibited accepted/rejected with/without
    free/paid open/closed opened/closed begins/ends start/end begin/end earlier/later internal/external fastest/slowest
    on/off approved/rejected granted/refused enabled/disabled mandatory/optional permitted/forbidden
    erlaubt/verboten gestattet/untersagt genehmigt/abgelehnt geöffnet/geschlossen öffnet/schließt vor/nach mit/ohne
    mehr/weniger höher/niedriger gestiegen/gesunken
    之前/之后 增加/减少 上升/下降 高于/低于 包括/除 允许/禁止 早于/晚于"""
_OPPOSITE: Final = frozenset(
    pair for each in _OPPOSITES.split() for a, b in [each.split("/")] for pair in ((a, b), (b, a))
)

# What is allowed, decided or open, by what cannot hold beside it.
_EXCLUDED: Final[dict[Language, str]] = {
    "en": """allowed/forbidden/prohibited/banned permitted/forbidden/prohibited/banned approved/rejected/refused
    accepted/rejected/refused granted/refused/denied included/excluded open/closed opened/closed mandatory/optional
    required/optional enabled/disabled compulsory/voluntary""",
    "de": """erlaubt/verboten/untersagt gestattet/verboten/untersagt zulässig/unzulässig/verboten genehmigt/abgelehnt
    angenommen/abgelehnt geöffnet/geschlossen offen/geschlossen verpflichtend/freiwillig""",
    "zh": "",
}


def _shut_out(language: Language) -> dict[str, frozenset[str]]:
    """For the stem of each word the stems of those that say its opposite."""
    found: dict[str, frozenset[str]] = {}
    for each in _EXCLUDED[language].split():
        one, *others = (stem(word, language) for word in each.split("/"))
        for a, b in ((a, b) for other in others for a, b in ((one, other), (other, one))):
            found[a] = found.get(a, frozenset()) | {b}
    return found


SHUT_OUT: Final = {language: _shut_out(language) for language in _EXCLUDED}


@dataclass(frozen=True, slots=True)
class Difference:
    """What a claim says otherwise than the documents: a span of its text, and what stands in `source` instead.

    Where `source` is None it stands nowhere in the documents.
    """

    kind: str
    span: Span
    document: str = ""
    source: Source | None = None
    check: str = ""

    def notice(self, claim: str) -> Notice:
        said = claim[slice(*self.span)]
        fields: dict[str, str | int] = {"said": said, "document": self.document}
        return Notice(f"{self.kind}_{'missing' if self.source is None else 'differs'}", fields)


def bound_of(text: str, start: int, end: int) -> int:
    """How the figure at a place is bounded: 1 as the least, -1 as the most, 0 by nothing beside it."""
    before = _CLAUSE.split(text[max(0, start - _BOUND_BEFORE) : start])[-1]
    beside = before + _CLAUSE.split(text[end : end + _BOUND_BEHIND], maxsplit=1)[0]
    return bool(_LEAST.search(beside)) - bool(_MOST.search(beside))


def words_of_kind(mine: str, theirs: str) -> str:
    """The kind of word that stands in two wordings in one place and says another thing; '' where none does.

    >>> words_of_kind("at least", "up to"), words_of_kind("must", "may"), words_of_kind("only", "")
    ('bound', 'modality', 'quantifier')
    """
    if _ONLY.search(mine) and not _ONLY.search(theirs):
        return "quantifier"
    for kind, groups in _KINDS.items():
        found = [{i for i, group in enumerate(groups) if group.search(side)} for side in (mine, theirs)]
        if all(found) and found[0].isdisjoint(found[1]):
            return kind
    return "opposite" if (mine.lower(), theirs.lower()) in _OPPOSITE else ""
