"""A question as words with places, of which one after the other is understood: what is left over is not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Final

from rag.core.text import STOP_WORDS, language_of, normalized, stem
from rag.core.text.scripts import CJK, Language

_WORD: Final = re.compile(rf"[^\W_{CJK}]++(?:[.'’\-](?=[^\W_{CJK}])[^\W_{CJK}]++)*+")
_CHINESE: Final = re.compile(rf"[{CJK}]++")
# What may be left over in a Chinese question, longest first.
_PLAIN_CHINESE: Final = re.compile(
    "请问|请|帮我|告诉|我们|什么|怎么|如何|哪些|哪个|哪一个|哪|多少|是|的|了|吗|呢|吧|在|有|为|和|与|及|或|都|里|中|内|上|把|被|从|到|对|给"
    "|我|你|那些|这些|那|这|所有|全部|记录|数据|表格|表|行|条|个|位|名|项|笔|次|份|件|台|家|人|间|种|列|其|它|等于|按|各|每|几|共|时|时候|卖出|售出|卖|出|谁|达|额|其中|属于|位于"
)
# Small words that change what is asked: what they belong to has to be understood.
_TELLING_WORDS: Final = """
    above after against before below between but each either few further more most neither
    nor not off only other over per than under until without versus except excluding never
    vor nach über unter zwischen außer ohne nicht kein keine keinen keiner nur als mehr je pro seit bis
"""
_TELLING: Final = frozenset(_TELLING_WORDS.split())
# Words of asking and of tables in general.
_GENERAL_WORDS: Final = """
    row rows entry entries record records item items line lines cell cells column columns table tables sheet sheets
    spreadsheet list file data dataset value values show give tell find calculate compute add work works total overall
    amount number figure figures there please made make recorded listed stand stands standing is are has belong belongs
    equal equals named called marked set lie lies live lives sit sits stay stays come comes based located
    situated hoch groß gross zeile zeilen eintrag einträge tabelle spalte spalten wert werte zeige
    berechne nenne steht stehen haben wert datei
"""
_GENERAL: Final = frozenset(_GENERAL_WORDS.split())


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the question: its place, its stem, whether it is a small word."""

    start: int
    end: int
    text: str
    stem: str
    small: bool


@dataclass
class Question:
    """A question of which places are taken one after the other."""

    asked: str
    taken: set[int] = field(default_factory=set)

    @cached_property
    def text(self) -> str:
        return normalized(self.asked).casefold()

    @cached_property
    def language(self) -> Language:
        return language_of(self.asked)

    @cached_property
    def words(self) -> list[Word]:
        small = STOP_WORDS[self.language]
        return [
            Word(m.start(), m.end(), m[0], stem(m[0].removesuffix("'s"), self.language), m[0] in small)
            for m in _WORD.finditer(self.text)
        ]

    def copy(self) -> Question:
        """The same, of which other places may be taken."""
        made = Question(self.asked, set(self.taken))
        made.__dict__ |= {name: self.__dict__[name] for name in ("text", "language", "words") if name in self.__dict__}
        return made

    def is_free(self, start: int, end: int) -> bool:
        return self.taken.isdisjoint(range(start, end))

    def take(self, start: int, end: int) -> None:
        self.taken |= set(range(start, end))

    def find(self, phrase: str, first: int = 0) -> tuple[int, int] | None:
        """Where a phrase stands whole, its words by their stems, in what is not taken."""
        phrase = normalized(phrase).casefold().strip()
        if _CHINESE.search(phrase):
            place = self.text.find(phrase, first)
            while place >= 0 and not self.is_free(place, place + len(phrase)):
                place = self.text.find(phrase, place + 1)
            return (place, place + len(phrase)) if place >= 0 else None
        return self._find_words(stems_of(phrase, self.language), first)

    def _find_words(self, wanted: Sequence[str], first: int) -> tuple[int, int] | None:
        free = [w for w in self.words if w.start >= first and self.is_free(w.start, w.end)]
        for place in range(len(free) - len(wanted) + 1 if wanted else 0):
            if all(word.stem == want for word, want in zip(free[place:], wanted, strict=False)):
                return free[place].start, free[place + len(wanted) - 1].end
        return None

    def left_over(self, known: frozenset[str] = frozenset()) -> list[str]:
        """The words that nothing has taken and that say something; `known` are stems of words for the table itself."""
        general = general_stems(self.language)
        left = [
            w.text
            for w in self.words
            if self.is_free(w.start, w.end)
            and (w.text in _TELLING or not (w.small or w.stem in general or w.stem in known))
        ]
        free = "".join(c if place not in self.taken else " " for place, c in enumerate(self.text))
        for run in _CHINESE.findall(free):
            rest = _PLAIN_CHINESE.sub("", run)
            for word in sorted((one for one in known if _CHINESE.search(one)), key=len, reverse=True):
                rest = rest.replace(word, "")
            left += [rest] if rest else []
        return left


@cache
def general_stems(language: Language) -> frozenset[str]:
    """The stems of words that are said of any table."""
    return frozenset(stem(word, language) for word in _GENERAL)


def stems_of(phrase: str, language: Language) -> list[str]:
    """The stems of a phrase's words in order, small words included."""
    plain = phrase.lower() if phrase.isascii() else normalized(phrase).casefold()
    return [stem(m[0].removesuffix("'s"), language) for m in _WORD.finditer(plain)]


def is_chinese(text: str) -> bool:
    return bool(_CHINESE.search(text))
