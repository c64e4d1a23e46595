"""Names and negations: the other things of a text that must agree and that similarity passes over."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Set
from typing import Final

from rag.language import has_cjk
from rag.terms import LITTLE, stem

_WORD: Final = re.compile(r"[^\W\d_][\w'’&.-]*\w|[^\W\d_]")
# Words that begin a sentence and are no names, beside the little ones and adverbs.
_OPENINGS: Final = """
    additionally according although always american based because besides despite during even every finally first
    following given hence however including indeed instead lastly later like many meanwhile moreover most neither
    nevertheless next none nonetheless note often one other others otherwise overall people perhaps please rather
    regarding second several similarly since some sometimes sorry still such sure then therefore third though thus
    today together two typically unfortunately unless unlike until usually various whereas whether while yes yet
    """
_STARTERS: Final = frozenset(_OPENINGS.split())
# What names are made of beside the names themselves: of "the Department of Defense", the second is checked.
_KINDS_OF_THING: Final = """
    act agency association bank board bureau center centers centre chapter city college commission committee company
    corp corporation council county court day department director district division document east fund government group
    hospital i'd i'll i'm i've inc institute island king lake law llc ltd member ministry minister mount mountain museum
    north office organization page park party president prince professor program publication queen region republic river
    school section sir south state states street system table team university version war west world"""
_GENERIC: Final = frozenset(_KINDS_OF_THING.split())
_COMMON_ENDING: Final = re.compile(
    r"(?:ly|ing|ed|s|tion|sion|ment|ness|ity|ive|ous|ful|ure|ance|ence|cy|able|ible|ism|ship)$"
)
_GOES_ON_AS_NAME: Final = re.compile(
    r"(?:['’]s)?(?: [A-Z]\w*)*"
    r"(?: [A-Z]\w| (?:is|was|has|had|will|would|did|does|became|can|could|also|first|then)\b| \w+ed\b)"
)
_FULL_NAME: Final = re.compile(r"\b(?=([A-Z][a-z]+) (?:[A-Z]\.? )?([A-Z][a-z]{2,})\b)")
# What ends with the next word beginning anew: a stop, a colon, a quotation mark, a list mark, a line.
_BEGINS_ANEW: Final = re.compile(r"[.!?:;]?[\"”’)\]*`]*\s*(?:\n|[.!?:]\s|[\"“•*`]|\s[-–—•*]\s|\s?\d+[.)]\s)")
_NEGATIONS: Final = re.compile(
    r"(?<!or )\b(?:not|no|never|none|nor|neither|nobody|nothing|cannot|\w+n['’]t)\b", re.IGNORECASE
)
# Words that deny without a "not": where one stands, a "not" elsewhere may say the same.
_DENIALS: Final = re.compile(
    r"\b(?:without|hardly|barely|unable|lack\w*|fail(?:s|ed|ure)?|refus\w*|den(?:y|ies|ied)|prohibit\w*|forbid\w*|"
    r"exclud\w*|prevent\w*|absen\w*|avoid\w*|difficult\w*|impossible|instead|rather than|except|unless|exempt|"
    r"in(?:complete|ability|valid|eligible|correct|sufficient|capable)|un(?!der|til|ion|it|iq|iv)[a-z]{4,})\b",
    re.IGNORECASE,
)
_NEGATIONS_CHINESE: Final = re.compile(
    "不(?!仅|但|只|断|同|久|少|过|得不)|没有?|未(?!来)|无(?!论|数)|非(?!常|洲)|否|别(?!的|人)|禁止|拒绝"
)
_REPLY: Final = re.compile(r"^\W*(?:no|yes)\b[,.]?\s*", re.IGNORECASE)
# How far from a word what denies it may stand, in characters.
_BEFORE: Final = 50
_AFTER: Final = 30
_STEADY: Final = frozenset({"only", "but", "just", "merely", "simply"})


def names(text: str) -> list[str]:
    """The words written as names (with a capital inside a sentence, or in capitals), in order.

    A word that begins a sentence, a list item or what follows a colon has its capital from there: it counts
    only when what comes next shows that it is a name.
    """
    text = unicodedata.normalize("NFKC", text)
    found = []
    begins = True
    for match in _WORD.finditer(text):
        word = match.group().rstrip(".-").removesuffix("'s").removesuffix("’s")
        after = text[match.end() :]
        if (
            word[:1].isupper()
            and word.lower() not in LITTLE | _GENERIC
            and (not begins or _names_somebody(word, after))
        ):
            found.append(word)
        begins = bool(_BEGINS_ANEW.match(after))
    return [name for name in found if len(name) > 1]


def full_names(text: str) -> set[tuple[str, str]]:
    """Names of two words or more, as pairs of the words that stand side by side, in lower case.

    >>> sorted(full_names("Later Bart Starr met Cam S. Newton in Lisbon."))
    [('bart', 'starr'), ('cam', 'newton')]
    """
    found = _FULL_NAME.findall(unaccented(text))
    return {(first.lower(), last.lower()) for first, last in found if first.lower() not in LITTLE | _STARTERS}


def _names_somebody(word: str, after: str) -> bool:
    if word.lower() in _STARTERS or _COMMON_ENDING.search(word):
        return False
    return bool(_GOES_ON_AS_NAME.match(after)) or word[1:2].isupper()


def known(name: str, text_words: Set[str], text: str) -> bool:
    """Whether a text holds a name: the word itself, another form of it, or the words it abbreviates."""
    lower = unaccented(name.lower())
    if lower in text_words or stem(lower) in text_words:
        return True
    if len(lower) >= 4 and any(other.startswith(lower[:4]) and _alike(lower, other) for other in text_words):
        return True
    parts = [part for part in re.split(r"[-&.'’/]", lower) if len(part) > 2]
    if parts and parts != [lower] and all(part in text_words or stem(part) in text_words for part in parts):
        return True
    if lower == "united" and not text_words.isdisjoint({"us", "u.s", "usa", "uk", "u.k", "america", "american"}):
        return True
    letters = re.sub(r"[^A-Za-z]", "", name)
    if 2 <= len(letters) <= 6 and letters.isupper():
        return re.search(r"\b" + r"\w*\W+(?:of |the |and |for )?".join(letters), text, re.IGNORECASE) is not None
    return False


def unaccented(text: str) -> str:
    """Pečnik as Pecnik."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(part for part in parts if not unicodedata.combining(part))


def _alike(one: str, other: str) -> bool:
    """France and French, Israel and Israelis: the same beginning, and endings of a few letters."""
    same = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return len(one) - same <= 4 and len(other) - same <= 4 and same >= 4


def negated(text: str) -> list[tuple[str, frozenset[str]]]:
    """Each negation of a text with the stems of the next three meaningful words: what it denies."""
    text = _REPLY.sub("", text)
    found = []
    for match in _NEGATIONS.finditer(text):
        after = [word.lower() for word in _WORD.findall(_clause(text, match.end()))]
        if not (after and after[0] in _STEADY):
            meant = [stem(word) for word in after if word not in LITTLE][:3]
            found.append((match.group().lower(), frozenset(meant)))
    for match in _NEGATIONS_CHINESE.finditer(text):
        after_it = text[match.end() : match.end() + 3]
        found.append((match.group(), frozenset(after_it[i : i + 2] for i in range(2))))
    return found


def denies(text: str) -> bool:
    """Whether a text holds a word that denies without a "not", such as without, avoid, unable, incomplete."""
    return _DENIALS.search(text) is not None


def mentions(text: str, stems: Set[str]) -> list[str]:
    """What stands around each word of a text that has one of the stems."""
    found = [match for match in _WORD.finditer(text) if stem(match.group().lower()) in stems]
    found += [match for pair in stems if has_cjk(pair) for match in re.finditer(re.escape(pair), text)]
    return [text[max(0, match.start() - _BEFORE) : match.end() + _AFTER] for match in found]


def _clause(text: str, start: int) -> str:
    return re.split(r"[.;:!?]\s|\n", text[start : start + 100], maxsplit=1)[0]
