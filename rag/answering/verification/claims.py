"""What a sentence claims: its clauses and the members of its lists, each in words that can be read alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from rag.answering.verification.unsaid import says_unsaid
from rag.answering.verification.yes_no import NO, YES, core
from rag.core.text import script_of, sentences
from rag.core.types import Span

# A question back, an offer, a greeting, a remark on what was searched: nothing that documents could say.
_NO_CLAIM: Final = re.compile(
    r"[?？:：]\s*+$|^\W*+(?:according to|based on|根据)[^,，]*+$"
    r"|^\W*+(?:(?:no|yes|while|but)\b,? )?i(?:'m|’m)? (?:\w++ )?(?:apologi|sorry|can|could|did|hope|don|happy|glad)"
    r"|^\W*+(?:ich (?:hoffe|helfe|freue mich|kann (?:ihnen |dir )?(?:leider|nur|gerne?)|habe leider)|tut mir leid"
    r"|(?:gerne?|selbstverständlich|natürlich)\b[^.!]{0,20}+[.!]*+\s*+$)"
    r"|^\W*+(?:hello|hi|dear|sorry|thanks?|thank you|sure|certainly|of course|great|you're welcome|您好|你好|抱歉)\b"
    r"[^.!。]{0,30}+[.!。]*+\s*+$"
    r"|^\W*+(?:please )?(?:let me know|feel free)|^\W*+if you (?:have|need) (?:any|more|other|further)"
    r"|^\W*+(?:here|these) (?:is|are)\b[^:]*+[.:]\s*+$|^\W*+(?:请问|希望|很高兴|很抱歉)",
    re.IGNORECASE,
)
# A list's own number where its words are cut off.
LIST_MARK: Final = re.compile(r"^\W*+\d{1,2}[.)]\s*+$")
# Marks that an answer's writer took along, addresses, markup: they say nothing.
SILENT: Final = re.compile(
    r"\[\d{1,3}\]|<?\b(?:https?://|www\.)[^\s<>]++>?|\*\*|__|`|[（(](?:source|page|p\.) [^)）]{1,60}[)）]",
    re.IGNORECASE,
)
_VERB: Final = re.compile(
    r"(?<!\bthe )(?<!\bof )"
    r"\b(?:is|are|was|were|has|have|had|can|cannot|may|must|will|shall|should|would|could|does|do|did|need|needs|[a-z]{3,}(?:ed|es|s))\b"
)
_SUBJECT: Final = (
    r"(?:it|they|he|she|this|these|that|there|you|we|the|a|an|all|each|every|any|no|its|their|your|if|[A-Z][\w-]*)\b"
)
_OWN_SUBJECT: Final = re.compile(_SUBJECT)
# Where another clause with a subject of its own begins, or goes on with the same one.
_CLAUSE: Final = re.compile(
    rf"[;；。]\s*+|,?\s(?:and|but|while|whereas|although|though|so|however)\s(?={_SUBJECT})|,\s(?:and|but)\s(?=[a-z]+\s)"
    r"|\s(?:and|but)\s(?=(?:is|are|was|were|has|have|had|can|cannot|may|must|will|shall|should|does|do|did|[a-z]{2,}(?:s|ed))\b)|(?<=[^\d])[，,]\s*+(?=[\u4e00-\u9fff])"
)
_MEMBER: Final = r"[^\s,.;:()]++(?: [^\s,.;:()]++){0,4}?"
_LIST: Final = re.compile(
    rf"(?<![^\s(])(?:{_MEMBER}, ){{1,8}}{_MEMBER},? (?:and|or) {_MEMBER}(?=[\s.,;:)]|$)"
    r"|[^，。；、\s]{1,12}(?:、[^，。；、\s]{1,12}){1,8}(?:[和及或与][^，。；、\s]{1,6})?"
)
_BORDER: Final = re.compile(r", (?:and |or )?| (?:and|or) |[、和及或与]")
# What members of a list have none of: with a verb of its own a member is a clause.
_AUXILIARY: Final = re.compile(
    r"\b(?:is|are|was|were|has|have|had|can|cannot|may|must|will|shall|should|would|could|does|do|did|needs?|be)\b"
)
_TOGETHER: Final = re.compile(
    r"\b(?:between|respectively|both|total|together|sum|combined)\b|共|分别|合计", re.IGNORECASE
)
PRONOUN: Final = re.compile(
    r"^(?:it|they|this|that|these|those|he|she|它们?|他们?|她们?|这)\b(?! \w+s? \w+ (?:is|are)\b)", re.IGNORECASE
)
# "They" stands for no ferry; what it stands for may be any of the things that the ferry has.
_PLURALS: Final = frozenset({"they", "these", "those"})
_PLURAL: Final = re.compile(r"(?<![su])s$|\b(?:and|all|both|most|some|many|people|staff|children)\b", re.IGNORECASE)
_GENERIC: Final = re.compile(r"^(?:the|this|that|these|those) ([a-z]+)\b", re.IGNORECASE)
# A line that is a label and what it stands before.
_LABELLED: Final = re.compile(r"^[^\s:：][^\n:：]{0,60}[:：][^\S\n]*+\S", re.MULTILINE)
_LONGEST_SUBJECT: Final = 60
_FEWEST_WORDS: Final = 3


@dataclass(frozen=True, slots=True)
class Said:
    """A claim in words; `origin` holds where each character stands in the sentence, -1 for words from elsewhere."""

    text: str
    origin: tuple[int, ...]
    member: bool = False
    """Whether it is made of one member of a list: its words do not stand side by side."""

    @classmethod
    def of(cls, sentence: str, *spans: Span, before: str = "") -> Said:
        silent = {at for match in SILENT.finditer(sentence) for at in range(*match.span())}
        own = [at for span in spans for at in range(*span) if at not in silent]
        return cls(before + "".join(sentence[at] for at in own), (*(-1 for _ in before), *own))

    def behind(self, before: str) -> Said:
        return replace(self, text=before + self.text, origin=(*(-1 for _ in before), *self.origin))

    def place(self, start: int, end: int) -> Span | None:
        """The span of the sentence in which a span of the claim stands; None where it is not among its own words."""
        own = [at for at in self.origin[start:end] if at >= 0]
        return (own[0], own[-1] + 1) if own else None


def pieces(text: str) -> list[str]:
    """The sentences of a text, each with the white space and marks that follow it."""
    starts = [start for start, _ in sentences(text)]
    if not starts:
        return [text] if text else []
    # "Oslo: 2 h" and "Bergen: 7 h" on two lines are two sentences.
    labelled = [match.start() for match in _LABELLED.finditer(text)]
    lines = {line for before, line in pairwise(labelled) if "\n" not in text[before:line].rstrip("\n")}
    borders = sorted({0, *starts[1:], *lines, len(text)})
    return [text[first:last] for first, last in pairwise(borders)]


def claims_nothing(sentence: str) -> bool:
    """Whether a sentence says nothing that documents could say."""
    start, end = core(sentence)
    said = SILENT.sub(" ", sentence[start:end])
    if says_unsaid(sentence):
        return True
    if YES.match(sentence) or NO.match(sentence):
        return False
    return not any(map(str.isalnum, said)) or _NO_CLAIM.search(sentence) is not None


def claims_of(sentence: str, subject: str) -> Iterator[Said]:
    """The claims of a sentence, the whole of it first; the others only where there are several.

    Args:
        subject: what the sentence before is about, for "it" and "the plan".
    """
    start, end = core(sentence)
    whole = _resolved(sentence, (start, end), subject)
    yield whole
    parts = list(_members(sentence, list(_clauses(sentence, start, end)), subject))
    if len(parts) > 1:
        yield from parts


def subject_of(sentence: str) -> str:
    """What a sentence is about: the words before its first verb; '' where that cannot be told."""
    start, end = core(sentence)
    said = sentence[start:end]
    verb = _VERB.search(said, said.find(" ") + 1) if " " in said else None
    found = said[: verb.start()].strip() if verb else ""
    plain = found and len(found) <= _LONGEST_SUBJECT and not PRONOUN.match(found) and "," not in found
    return SILENT.sub("", found) if plain else ""


def _resolved(sentence: str, span: Span, subject: str) -> Said:
    """The words of a span, a pronoun or a bare "the plan" at its start replaced by the subject it stands for."""
    start, end = span
    said = sentence[start:end]
    pronoun, generic = PRONOUN.match(said), _GENERIC.match(said)
    if not subject or subject == said[: len(subject)]:
        return Said.of(sentence, span)
    if pronoun and pronoun[0].lower() in _PLURALS and not _PLURAL.search(subject):
        return Said.of(sentence, (start + pronoun.end() + 1, end))
    if pronoun:
        return Said.of(sentence, (start + pronoun.end(), end), before=subject)
    if generic and subject.lower().split()[-1].rstrip("s") == generic[1].lower().rstrip("s"):
        return Said.of(sentence, (start + generic.end(), end), before=subject)
    return Said.of(sentence, span)


def _clauses(sentence: str, start: int, end: int) -> Iterator[Span]:
    """The clauses, where each of them has a verb of its own."""
    begin = start
    chinese = script_of(sentence) == "cjk"
    for border in _CLAUSE.finditer(sentence, start, end):
        here, rest = sentence[begin : border.start()], sentence[border.end() : end]
        told = all(len(part) >= _FEWEST_WORDS if chinese else _tells(part) for part in (here, rest))
        if told:
            yield begin, border.start()
            begin = border.end()
    yield begin, end


def _tells(part: str) -> bool:
    return len(part.split()) >= _FEWEST_WORDS and _VERB.search(part) is not None


def _members(sentence: str, clauses: list[Span], subject: str) -> Iterator[Said]:
    """The clauses, each with its subject, and for each member of a list the clause with that member alone."""
    first = ""
    for start, end in clauses:
        clause = sentence[start:end]
        own = _OWN_SUBJECT.match(clause) is not None or start == clauses[0][0] or not _begins_with_verb(clause)
        prefix = "" if own or not first else f"{first} "
        said = _resolved(sentence, (start, end), subject if start == clauses[0][0] else first or subject)
        first = first or subject_of(clause)
        listed = None if _TOGETHER.search(clause) else _LIST.search(clause)
        if listed is None or any(map(_AUXILIARY.search, _BORDER.split(listed[0])[1:])):
            yield said if not prefix else Said.of(sentence, (start, end), before=prefix)
            continue
        head, members, tail = _cut(listed, start)
        for member in members:
            yield replace(Said.of(sentence, head, member, tail, before=prefix), member=True)


def _begins_with_verb(clause: str) -> bool:
    return script_of(clause) == "cjk" or _VERB.match(clause) is not None or clause.startswith(("with ", "by ", "to "))


def _cut(listed: re.Match[str], offset: int) -> tuple[Span, list[Span], Span]:
    """What stands before the members of a list, the members, and what stands behind them.

    Of the first and the last member as many words belong to the list as its other members have.
    """
    borders = [match.span() for match in _BORDER.finditer(listed.string, *listed.span())]
    starts, ends = [listed.start(), *(end for _, end in borders)], [*(start for start, _ in borders), listed.end()]
    inner = max((_length(listed.string[a:b]) for a, b in list(zip(starts, ends, strict=True))[1:-1]), default=1)
    starts[0] = ends[0] - len(_last(listed.string[starts[0] : ends[0]], inner))
    ends[-1] = starts[-1] + len(_first(listed.string[starts[-1] : ends[-1]], inner))
    members = [(offset + a, offset + b) for a, b in zip(starts, ends, strict=True)]
    return (offset, offset + starts[0]), members, (offset + ends[-1], offset + len(listed.string))


def _length(member: str) -> int:
    return len(member) if script_of(member) == "cjk" else len(member.split())


def _last(text: str, length: int) -> str:
    found = text[-length:] if script_of(text) == "cjk" else " ".join(text.split(" ")[-length:])
    verbs = [match.end() for match in _VERB.finditer(found)]
    return found[verbs[-1] :].lstrip() if verbs and verbs[-1] < len(found) else found


def _first(text: str, length: int) -> str:
    return text[:length] if script_of(text) == "cjk" else " ".join(text.split(" ")[:length])
