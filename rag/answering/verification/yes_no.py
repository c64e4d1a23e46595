"""A bare yes or no, what leads in to a sentence, and what a question claims that is answered so."""

from __future__ import annotations

import re
from typing import Final

from rag.core.types import Span

# What leads in: marks of lists and markup, the reply, the source that is named.
_LEAD_IN: Final = re.compile(
    r"^(?:\s++|[-*#>_•·–—]++\s*+|\(?\d{1,2}[.)](?=\s)\s*+|[\"“](?!\w)"
    r"|(?:(?:in|as) )?(?:answer|short|summary)\s*+[:,]\s*+"
    r"|the answer(?: to (?:this|the|your) question)?(?: is)?\s*+[:,]?\s*+(?:that )?"
    r"|(?:yes|no|correct|right|exactly|ja|nein|doch|genau|richtig|是的|是|不是|不|没有|对|可以|不可以)\s*+[,，。.!]\s*+"
    r"|(?:however|therefore|additionally|also|in addition|furthermore|moreover|overall|finally)\s*+,\s*+"
    r"|(?:according to|based on|as (?:stated|mentioned|described) in|per) (?:the |your |this )?"
    r"(?:[^\s,]++ ){0,6}?[^\s,]++\s*+,\s*+(?=\w)"
    r"|(?:根据|按照|依据)[^，,]{1,30}[，,])++",
    re.IGNORECASE,
)
YES: Final = re.compile(
    r"^\W*+(?:yes|correct|right|exactly|that(?:'s| is) (?:correct|right|true)|ja|genau|richtig|(?:das )?stimmt"
    r"|是的?|对的?|可以|能)(?![^\W_])",
    re.IGNORECASE,
)
NO: Final = re.compile(
    r"^\W*+(?:no|that(?:'s| is) (?:not |in)correct|nein|不是|不可以|不能|不|没有)(?![^\W_])", re.IGNORECASE
)
# A question that is answered by yes or no, and what makes it one.
_ASKS_WHETHER: Final = re.compile(
    r"^\W*+(?:is it true that |is it correct that "
    r"|stimmt es,? dass "
    r"|(?:do|does|did|is|are|was|were|can|could|may|must|should|will|has|have|ist|sind|war|waren|darf|dürfen|muss|müssen"
    r"|kann|können|hat|haben|gibt|wird|werden) )",
    re.IGNORECASE,
)
_TAG: Final = re.compile(
    r"(?<![\s,])(?:,?\s*+(?:right|correct|isn't it|don't they|is that right|or not))?\s*+[?？]\s*+$"
    r"|[吗么]\s*+[?？]?\s*+$",
    re.IGNORECASE,
)
_WHETHER_CHINESE: Final = re.compile(r"[吗么]\s*+[?？]?\s*+$")


def core(sentence: str) -> Span:
    """Where the words of a sentence stand that say something, without what leads in."""
    lead = _LEAD_IN.match(sentence)
    return (lead.end() if lead else 0), len(sentence.rstrip())


def reply(sentence: str) -> bool | None:
    """Whether a sentence says yes or no and nothing else; None where it says more."""
    start, end = core(sentence)
    rest = sentence[start:end]
    bare = not any(map(str.isalnum, rest)) or YES.fullmatch(rest.rstrip(" .!。")) or NO.fullmatch(rest.rstrip(" .!。"))
    if not bare:
        return None
    return True if YES.match(sentence) else False if NO.match(sentence) else None


def stated(question: str) -> str:
    """What a question that can be answered by yes claims; '' for other questions.

    >>> stated("Do employees get 14 days?"), stated("Passwords have eight characters, right?"), stated("Why?")
    ('employees get 14 days', 'Passwords have eight characters', '')
    """
    tagged = _TAG.search(question)
    whether = _ASKS_WHETHER.match(question)
    if whether:
        return _TAG.sub("", question[whether.end() :]).strip()
    plain = tagged and (tagged[0].strip() not in "?？" or _WHETHER_CHINESE.search(question))
    return _TAG.sub("", question).strip() if plain else ""
