"""Polarity: whether a claim says what a clause of the documents denies, or denies what it says.

Chinese is compared sign by sign, in `chinese`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from rag.answering.verification.contradiction import Difference
from rag.answering.verification.evidence import Source, Sources
from rag.answering.verification.little_words import CONTRADICTORY, EXCEPT
from rag.answering.verification.opposites import AUXILIARY, CONDITION, DENIED
from rag.core.text import Language, coverage, is_empty, script_of, stem, terms
from rag.core.types import Span

_NOT: Final = re.compile(
    # The "No" of a title denies nothing, nor does one in quotation marks.
    r"(?<!or )(?<!['‘“\"])\b(?!(?-i:No [A-Z]))"
    # What costs nothing is free, which is said without a "not" as often.
    r"(?:not|no|never|none|nor|neither|nobody|(?<!\bcost )(?<!\bcosts )(?<!\bpay )(?<!\bpays )nothing|cannot|\w+n['’]t"
    r"|nicht|kein\w*|nie)\b"
    # "Not only" and "not always" deny nothing, or not the whole; "not more than" is a bound.
    r"(?! (?:only|but|just|merely|simply|always|necessarily|hesitate|worry|forget"
    r"|(?:more|less|fewer|later|longer) than)\b)",
    re.IGNORECASE,
)
_NOT_CHINESE: Final = re.compile("不|没|未|无|非|否|禁止")
# What is plainly denied; a "no" or "neither" is often said in other words.
_PLAINLY: Final = re.compile(r"\b(?:not|cannot|\w+n['’]t|nicht)\b", re.IGNORECASE)
# Words that deny without a "not": a clause that has one may say a thing or deny it.
_OTHERWISE: Final = re.compile(
    r"\b(?:until|without|outside|hardly|unable|lack\w*|fail\w*|refus\w*|reject\w*|prohibit\w*|forbid\w*|prevent\w*|avoid\w*"
    r"|difficult\w*|instead|rather|except|unless|differ\w*|remov\w*|few|unlike|in(?:complete|valid|correct|sufficient)\w*"
    r"|dis(?!c|t)[a-z]{4,}|un(?!der|til|ion|it|iq|iv)[a-z]{4,})\b",
    re.IGNORECASE,
)
_BORDER: Final = re.compile(r"[.;:!?,]\s|\n|[()]|\s(?:and|but|though|although|while|und|aber)\s")
# What joins words as well as clauses: "does not cover wear and frost" denies both.
_JOINS: Final = re.compile(r"\s(?:and|or|und|oder)\s|,\s")
_OR: Final = re.compile(r"\s(?:or|nor|oder|noch)\s|,\s")
_WORD: Final = re.compile(r"[^\W_][\w'’-]*")
# How much of a clause of the claim the documents must say to speak against it; set by hand, as those it replaces were.
_AGAINST: Final = 0.6
# ... or that a denial must say around what the claim denies, for the claim's "not" to be taken from it; set by hand.
_NEAR: Final = 0.4
# ... and how much of what speaks against a denial another denial must say; set by hand.
_AS_WELL: Final = 0.8
# Words of a clause that can be told apart from others'.
_FEWEST: Final = 2
# Words that follow a "not" and stand so behind another one bear it out.
_AHEAD: Final = 2
_EXCEPTS: Final = frozenset({"except", "unless"})
_MAY: Final = "allowed,permitted,authorised,authorized,possible,available,verfügbar,gestattet,erlaubt,zulässig,möglich"
_ALLOWED: Final = frozenset(stem(word, language) for word in _MAY.split(",") for language in ("en", "de"))
_VERB: Final = re.compile(rf"{AUXILIARY.pattern}|\b\w{{3,}}ed\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Clause:
    """A clause at its place: its words and those of the clauses before it, whether it has a "not", where, and the
    words that follow that; what each of the things begins with that it denies; other words that may deny; and the words
    of what it excepts."""

    span: Span
    stems: Set[str]
    before: Set[str]
    denied: bool
    word: Span
    ahead: tuple[str, ...]
    acts: frozenset[str]
    otherwise: Set[str]
    excepted: Set[str] = frozenset()

    def may_deny(self, other: _Clause) -> Set[str]:
        """The words by which it may deny what another clause says. What it excepts is something else, mostly."""
        found = self.otherwise - other.otherwise
        return found if self.excepted & other.stems else found - _EXCEPTS

    @property
    def act(self) -> frozenset[str]:
        return frozenset(self.ahead[:1])


def denies(text: str) -> bool:
    """Whether a text has a "not"."""
    return any(pattern.search(text) for pattern in (_NOT, _NOT_CHINESE))


def otherwise(claim: str, text: str, language: Language) -> bool:
    """Whether a text may deny what a claim says without a "not"."""
    held, words = frozenset(terms(text, language)), {match[0].lower() for match in _OTHERWISE.finditer(text)}
    return not words <= set(claim.lower().split()) or not held.isdisjoint(_shut_out(terms(claim, language), language))


def _shut_out(stems: Iterable[str], language: Language) -> frozenset[str]:
    return frozenset(word for stem in stems for word in CONTRADICTORY[language].get(stem, ()))


def negation(claim: str) -> Difference:
    """That a claim says or denies a thing otherwise, at its first "not" or at its verb."""
    found = DENIED.search(claim) or AUXILIARY.search(claim)
    return Difference("negation", found.span() if found else (0, len(claim)))


class Polarity:
    """What the documents say and deny. Made once for an answer, asked about each of its claims."""

    def __init__(self, sources: Sources) -> None:
        self._sources, self._language = sources, sources.language
        self._titles = {source.place: self._said_above(source) for source in sources.all}
        self._heard = {source.place: list(self._clauses(source.in_one_line)) for source in sources.all}

    def differences(self, claim: str, near: Sequence[Source], question: str = "") -> Iterator[Difference]:
        """Clauses of the claim that the documents say with the other polarity, and none with the same as nearly."""
        heard = self._near(claim, near, question)
        for mine in self._clauses(claim) if script_of(claim) != "cjk" else ():
            if len(mine.stems) >= _FEWEST:
                yield from self._turned(claim, mine, heard)

    def denied_only(self, claim: str, near: Sequence[Source]) -> Iterator[Difference]:
        """Words that a claim says and the documents nowhere but where they deny them: "because of an attack", where
        it was none."""
        heard = [(source, clause) for source in near for clause in self._heard[source.place]]
        said = frozenset[str]().union(*(c.stems for _, c in heard if not c.denied or c.otherwise))
        denying = frozenset[str]().union(*(c.otherwise for _, c in heard))
        for mine in self._clauses(claim) if script_of(claim) != "cjk" and not denies(claim) else ():
            for source, clause in heard if mine.otherwise <= denying else ():
                if clause.denied and (only := clause.acts & mine.stems - said):
                    yield Difference("negation", self._denied_word(claim, mine, only), source.text, source)
                    return

    def denied(self, claim: str, near: Sequence[Source], question: str) -> bool:
        """Whether the documents deny something of all that a claim denies, or say it in another word."""
        heard = self._near(claim, near, question)
        return any(mine.denied and self._beside(mine, heard) >= _AGAINST for mine in self._clauses(claim))

    def _near(self, claim: str, near: Sequence[Source], question: str) -> list[tuple[Source, _Clause]]:
        narrow = {source.place: source for source in near}
        return [
            (narrow.get(source.place, source), clause)
            for source in self._sources.meant(claim, question)
            if not source.text.rstrip(' "”)').endswith("?")
            for clause in (
                self._clauses(narrow[source.place].in_one_line) if source.place in narrow else self._heard[source.place]
            )
        ]

    def _beside(self, mine: _Clause, heard: Sequence[tuple[Source, _Clause]]) -> float:
        """How much of what stands around what is denied another denial says; all where it denies the same act."""
        around, shut_out = self._sources.weights(mine.stems - mine.act), _shut_out(mine.stems, self._language)
        return max(
            (
                1.0
                if clause.act and clause.act == mine.act
                else coverage(around, clause.stems | clause.before | self._titles[source.place])
                for source, clause in heard
                if clause.denied or clause.may_deny(mine) or shut_out & clause.stems
            ),
            default=0.0,
        )

    def _turned(self, claim: str, mine: _Clause, heard: Sequence[tuple[Source, _Clause]]) -> Iterator[Difference]:
        wanted, same, other, against, whole = self._sources.weights(mine.stems), 0.0, 0.0, None, False
        # What says nothing of the thing that is denied does not bear it out.
        acts = frozenset[str]().union(*(c.act for _, c in heard if c.denied and c.act <= mine.stems))
        shut_out = _shut_out(mine.stems, self._language)
        for source, clause in heard:
            unsure = clause.may_deny(mine) or shut_out & clause.stems
            said = clause.stems | self._titles[source.place] | (frozenset() if unsure else clause.before)
            share = coverage(wanted, said)
            if mine.denied and clause.denied and len(mine.ahead) == _AHEAD and mine.ahead == clause.ahead:
                return
            if unsure or clause.denied == mine.denied:
                same = max(same, share if mine.denied or acts <= said else 0.0)
            elif share > other and _opposed(clause, mine):
                other, against = share, source
                # What stands in another clause need not be denied; the cells of a row go together.
                whole = coverage(wanted, said if source.row else clause.stems | self._titles[source.place]) >= 1.0
        # Who denies what another clause denies nearly as well is not wrong for what a third one says.
        if other >= _AGAINST and other > same and not (mine.denied and same >= _AS_WELL * other):
            span = mine.word if mine.denied else self._denied_word(claim, mine, acts)
            yield Difference("negation", span, against.text if against else "", against)
        elif against and whole and not mine.denied:
            # One sentence denies all of it, and others say it: of different times, or under other conditions.
            yield Difference("negation", self._denied_word(claim, mine, acts), against.text, against, "said and denied")
        elif mine.denied and self._outright(claim, mine) and self._beside(mine, heard) < _NEAR:
            yield Difference("negation", mine.word)

    def _outright(self, claim: str, mine: _Clause) -> bool:
        condition = CONDITION.search(claim, mine.span[0], mine.word[0])
        return condition is None and _PLAINLY.fullmatch(claim, *mine.word) is not None

    def _denied_word(self, claim: str, mine: _Clause, acts: Set[str]) -> Span:
        """The word of a clause that the documents deny, else its first that says something."""
        words = [m for m in _WORD.finditer(claim, *mine.span) if not is_empty(m[0], self._language)]
        words.sort(key=lambda m: acts.isdisjoint(terms(m[0], self._language)))
        return words[0].span() if words else mine.span

    def _said_above(self, source: Source) -> frozenset[str]:
        """What the titles above a sentence say of it: what one denies it does not say."""
        titles = (source.quote.title, source.quote.section)
        if not any(map(denies, titles)):
            return source.above
        return frozenset(terms(" ".join(title for title in titles if not denies(title)), self._language))

    def _clauses(self, text: str) -> Iterator[_Clause]:
        begin, before = 0, frozenset[str]()
        for end, following in _borders(text):
            part = text[begin:end]
            stems, found = frozenset(terms(_NOT.sub(" ", part), self._language)), _NOT.search(text, begin, end)
            if stems:
                denied = len(_NOT.findall(part)) % 2 == 1
                otherwise_ = frozenset(match[0].lower() for match in _OTHERWISE.finditer(part))
                word = found.span() if found else (begin, end)
                ahead = tuple(terms(text[word[1] : end], self._language)[:_AHEAD]) if found else ()
                # "Not in the flat or the staircase" denies both.
                each = _OR.split(text[word[1] : end]) if found else ()
                acts = frozenset(first[0] for one in each if (first := terms(one, self._language)))
                tail = EXCEPT.search(part) if denied else None
                excepted = frozenset(terms(part[tail.end() :], self._language)) if tail else frozenset[str]()
                yield _Clause((begin, end), stems, before, denied, word, ahead, acts, otherwise_, excepted)
            # What a clause denies is not said by the clauses behind it.
            begin, before = following, before | (stems - set(ahead[:1]) if stems and denied else stems)


def _opposed(clause: _Clause, mine: _Clause) -> bool:
    """Whether one clause denies what the other says; "not allowed" denies all that stands around it."""
    if mine.denied:
        return mine.act <= clause.stems
    if not mine.otherwise <= clause.otherwise:
        return False
    return clause.acts <= _ALLOWED or not clause.acts.isdisjoint(mine.stems)


def _borders(text: str) -> Iterator[Span]:
    """Where clauses end and the next begin. What an "and" joins to a denied clause, and has no verb, is denied too."""
    begin, found = 0, [*(match.span() for match in _BORDER.finditer(text)), (len(text), len(text))]
    for (end, following), (next_end, _) in pairwise([*found, found[-1]]):
        denied = _JOINS.fullmatch(text, end, following) and _PLAINLY.search(text, begin, end)
        if end == len(text) or not denied or any(one.search(text, following, next_end) for one in (_VERB, _NOT)):
            yield end, following
            begin = following
