"""The words that carry a text's meaning, in a form in which two texts can be compared.

English words are stemmed lightly and little words left out; Chinese runs are taken apart at little
words (的, 是, 什么 and their like) and then into pairs of characters.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Hashable, Iterable, Mapping
from typing import Final, TypeVar

from rag.language import has_cjk, words

Thing = TypeVar("Thing", bound=Hashable)

# Words that say how something is asked or joined, and not what it is about.
_LITTLE_ENGLISH: Final = """
    a about above after again all also although am among an and another any are as at be because been before being
    below between both but by can could describe did do does doing during each either etc explain for from further
    give had has have having he her here hers herself him himself his how i if in into is it its itself just know let
    like many may me might more most much must my myself name need no nor not now of off on once one only or other our
    ours out over own per please s same shall she should so some such t tell than that the their theirs them then there
    these they this those through to too under until up upon us use used using very want was we were what when where
    whether which while who whom whose why will with within without would you your yours
    don't doesn't didn't isn't aren't wasn't weren't can't couldn't won't i'm what's who's where's that's
    it's"""
LITTLE: Final = frozenset(_LITTLE_ENGLISH.split())

_LITTLE_CHINESE: Final = re.compile(
    "什么时候|为什么|是不是|有没有|能不能|什么样|哪一|多少|什么|甚么|怎么|怎样|如何|哪里|哪儿|哪个|哪些|哪年|哪位|何时|何地|何处|何人|为何|多久|多大|"
    "多长|请问|告诉|介绍|一下|以及|或者|关于|对于|由于|因为|所以|但是|还是|可以|他们|她们|它们|我们|你们|这个|那个|这些|那些|"
    "[的了吗呢吧啊是在和与及或被把从向对于而也都就又还很谁几哪何之其该此这那他她它我你您有由以为]"
)
# The longest first: of several that fit, the first is taken off.
_ENDINGS: Final = (
    r"ization|isation|ational|ements|ations|itions|ingly|ement|ation|ition|ments|ities|ness|ment|ions|ings|edly|able"
    r"|ible|ance|ence|ally|ing|ion|ied|ies|ity|ive|ous|ful|ers|ors|est|ed|er|or|es|ly|al|ic|s|e|y"
)
_ENDING: Final = re.compile(rf"(?<=[a-z]{{3}})(?<!s(?=s$))(?<!u(?=s$))(?:{_ENDINGS})$")

_BORDER: Final = re.compile(r"[-.]")
_FISCAL: Final = re.compile(r"fy'?(\d{4})")


def content(text: str) -> list[str]:
    """The meaningful words of a text in order, as they are written but in lower case. If there are none, all.

    >>> content("How many days of annual leave do employees have?")
    ['days', 'annual', 'leave', 'employees']
    >>> content("年假有多少天？")
    ['年假', '天']
    """
    parts = words(_LITTLE_CHINESE.sub(" ", text)) if has_cjk(text) else words(text)
    plain = [part for word in parts for part in _parts(word)]
    return [word for word in plain if word not in LITTLE] or plain


def terms(text: str) -> list[str]:
    """The meaningful words of a text in order, stemmed.

    >>> terms("How many days of annual leave do employees have?")
    ['day', 'annu', 'leav', 'employ']
    """
    return [stem(word) for word in content(text)]


@functools.lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A lower-case word without its ending, so that forms of one word look alike.

    >>> [stem(word) for word in ("reimburses", "reimbursement", "running", "policies", "policy", "25")]
    ['reimburs', 'reimburs', 'run', 'polic', 'polic', '25']
    """
    if not word.isascii() or not word.isalpha() or len(word) < 4:
        return word
    word = _ENDING.sub("", word)
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word[-1] in "ei" else word


def coverage(wanted: Mapping[Thing, float], present: Iterable[Thing]) -> float:
    """The share, by weight, of the wanted things that are present: 0 to 1; 0 when nothing is wanted."""
    total = sum(wanted.values())
    held = set(present)
    return sum(weight for term, weight in wanted.items() if term in held) / total if total else 0.0


def _parts(word: str) -> list[str]:
    """x-ray as x and ray, company's as company, FY2022 as it is and as 2022, for that is how texts write it."""
    word = word.replace("’", "'").removesuffix("'s")
    if "-" in word or ("." in word and not word[0].isdigit()):
        return [part for part in _BORDER.split(word) if part]
    fiscal = word.startswith("fy") and _FISCAL.fullmatch(word)
    return [fiscal.group(1)] if fiscal else [word]
