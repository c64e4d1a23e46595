"""What of a model's reply is its answer: no reasoning, no signs of its chat format, no turn of others, no loop."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from rag.answering.repetitions import without_repetitions
from rag.core.types import Notice
from rag.models.llms.chat_format import COMMON_CONTROL_TOKENS

# How families of models mark their reasoning. A closing sign alone ends one that the chat template has begun.
_TAGS: Final = "(?:think(?:ing)?|thoughts?|reason(?:ing)?|reflection|seed:think)"
_REASONING: Final = re.compile(
    rf"(?P<open><{_TAGS}>|\[THINK\]|◁think▷|<\|(?:begin_of_thought|START_THINKING)\|>"
    r"|<\|channel\|>(?:analysis|commentary)[^<]{0,80}<\|message\|>)"
    rf"|(?P<close></{_TAGS}>|\[/THINK\]|◁/think▷|<\|(?:end_of_thought|END_THINKING)\|>|<\|channel\|>final<\|message\|>)",
    re.IGNORECASE,
)
# Around an answer, without a meaning for who reads it.
_WRAPPERS: Final = re.compile(
    r"</?(?:answer|final_answer|response|output)>|<(?:unk|pad)>|<\|/?(?:begin|end)_of_solution\|>"
)
_BEGINNING: Final = re.compile(
    rf"(?:\s++|(?:{COMMON_CONTROL_TOKENS.pattern})(?:(?:assistant|model)\b)?"
    r"|\*{0,2}+(?:Assistant|Answer|Final answer|Assistent|Antwort|助手|回答|答案|答)\*{0,2}+[:：]\*{0,2}+)++"
)
# Who speaks next: at the start of a line, or behind the end of a sentence.
_TURN: Final = re.compile(
    r"(?:(?<=\n)|(?<=[.!?。！？]))[^\S\n]*+(?:#{1,4}+ ?+|\*{1,2}+)?+"
    r"(?P<who>User|Human|Assistant|System|USER|HUMAN|ASSISTANT|Benutzer|Nutzer|Assistent|用户|助手|人类"
    r"|(?<=\n)(?:Question|Frage|问题)|(?<=# )(?:Instruction|Response|Input))\*{0,2}+[^\S\n]*+[:：]"
    # What is left of a turn's head once its control tokens are gone.
    r"|(?<=[.!?。！？])\s{0,4}(?:assistant|user)[^\S\n]*+(?:\n|\Z)"
)
# A footnote of the model's own: the page has those that were checked.
_CITED: Final = re.compile(r"[^\S\n]?\[\d{1,2}+\]")
# What may become one of these signs with the next piece.
_UNFINISHED: Final = re.compile(r"(?:<[^<>\n]{0,40}|\[[^\[\]\n]{0,20}|◁[^▷\n]{0,8})\Z")
# Characters of another turn, and repetitions of a loop among so many characters, after which the model is stopped.
_ENOUGH: Final = 40
_REPEATED: Final = 2
_LOOP: Final = 2000
_REFUSALS: Final = "content_filter"
# Characters in which what was written on begins as the answer did, where the model has begun anew.
_BEGINS_ANEW: Final = 20
_LATIN: Final = re.compile(r"[A-Za-zÀ-ɏ0-9]")
_ITEM: Final = re.compile(r"(?:[-*•]|\d{1,2}[.)])\s")
_STOPS: Final = re.compile(r"[.!?,;:)\]”\"]")


@dataclass(slots=True)
class Reply:
    """A model's reply, piece by piece. `given` is what the model has read: words that stand there are no leaked signs.
    With `as_it_is` nothing is taken for one.

    >>> reply = Reply("")
    >>> reply.add("<think>Fourteen? Yes.</think>Fourteen.<|im_end|>User: And")
    >>> reply.answer(), [notice.key for notice in reply.notices("")]
    ('Fourteen.', ['went_on'])
    """

    given: str
    raw: str = ""
    as_it_is: bool = False
    _looked_at: int = 0

    def add(self, piece: str) -> None:
        self.raw += piece

    def shown(self) -> str:
        """The answer so far, without what may turn out to be none."""
        return _UNFINISHED.sub("", self._cleaned()[0]).rstrip()

    def over(self) -> bool:
        """Whether what else the model writes is no answer; looked at from time to time."""
        if len(self.raw) - self._looked_at < _ENOUGH:
            return False
        self._looked_at = len(self.raw)
        text, _, rest = self._cleaned()
        return bool(text) and (rest > _ENOUGH or without_repetitions(text[-_LOOP:])[1] > _REPEATED)

    def answer(self) -> str:
        """The answer, once the model has ended."""
        return without_repetitions(self._cleaned()[0])[0].rstrip()

    def notices(self, reason: str) -> tuple[Notice, ...]:
        """What a reader has to know of it; `reason` is why the model ended, where it said so."""
        text, signs, _ = self._cleaned()
        repeated = without_repetitions(text)[1] > 0
        if not text:
            thought = reason == "reasoning" or (reason != _REFUSALS and _REASONING.search(self.raw))
            return (Notice("only_reasoning" if thought else "reply_refused" if reason == _REFUSALS else "reply_empty"),)
        found = {
            "went_on": signs,
            "repeated": repeated,
            "reply_refused": reason == _REFUSALS,
            "cut_off": reason == "length" and not repeated and not signs,
        }
        return tuple(Notice(key) for key, is_so in found.items() if is_so)

    def _cleaned(self) -> tuple[str, bool, int]:
        """The answer, repetitions included; whether signs or other turns were cut; how much follows the cut."""
        if self.as_it_is:
            return self.raw.strip(), False, 0
        text = _WRAPPERS.sub("", _without_reasoning(self.raw))
        begun = match.end() if (match := _BEGINNING.match(text)) else 0
        signs = COMMON_CONTROL_TOKENS.search(text, 0, begun) is not None
        ends = [match.start() for match in COMMON_CONTROL_TOKENS.finditer(text, begun)][:1]
        ends += [match.start() for match in _TURN.finditer(text, begun) if not self._stands(match)][:1]
        end = min(ends, default=len(text))
        kept = _CITED.sub(lambda mark: mark[0] if mark[0].strip() in self.given else "", text[begun:end])
        return kept.strip(), signs or end < len(text), len(text) - end

    def _stands(self, turn: re.Match[str]) -> bool:
        who = turn["who"]
        return who is not None and any(f"{who}{colon}" in self.given for colon in ":：")


def answer_in(text: str) -> str:
    """The answer in a whole reply."""
    return Reply("", text).answer()


def joined(so_far: str, more: str, given: str) -> str:
    """An answer that was cut off and what was written on, which may begin with the last words or anew.

    >>> joined("It has at least four", "at least fourteen.", "fourteen"), joined("It has four", "teen.", "fourteen")
    ('It has at least fourteen.', 'It has fourteen.')
    """
    if not so_far or not more:
        return so_far or more
    start = so_far[:_BEGINS_ANEW]
    if len(so_far) >= _BEGINS_ANEW and more.startswith(start):
        return more
    for size in range(min(len(so_far), len(more)), 1, -1):
        at = len(so_far) - size
        whole = at == 0 or not (_LATIN.match(so_far[at - 1]) and _LATIN.match(so_far[at]))
        if whole and more.startswith(so_far[at:]):
            return so_far[:at] + more
    if _ITEM.match(more):
        return f"{so_far.rstrip()}\n{more}"
    if not (_LATIN.match(so_far[-1]) and _LATIN.match(more[0])):
        return so_far + ("" if so_far[-1].isspace() or not _STOPS.match(so_far[-1]) else " ") + more
    # Inside a word, or between two?
    word = so_far.split()[-1] + more.split()[0].rstrip(".,;:!?")
    return so_far + ("" if word.lower() in given.lower() else " ") + more


def _without_reasoning(raw: str) -> str:
    text, start, inside, ended = "", 0, False, False
    for sign in _REASONING.finditer(raw):
        if sign["open"] and not inside:
            text, inside = text + raw[start : sign.start()], True
        elif sign["close"]:
            # All before a first closing sign without an opening one was reasoning.
            text = text if inside else "" if not ended else text + raw[start : sign.start()]
            start, inside, ended = sign.end(), False, True
    return text if inside else text + raw[start:]
