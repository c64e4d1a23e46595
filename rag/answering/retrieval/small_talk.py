"""Greetings, thanks and questions about the program itself, which no document answers."""

from __future__ import annotations

import re
from typing import Final

_GREETINGS: Final = (
    "hi|hello|hey|hiya|greetings|good (?:morning|afternoon|evening|day)|thanks|thank you|thx|cheers|bye|goodbye|ok|okay"
    "|great|cool|nice|perfect|good|awesome|got it|i see|understood|makes sense|(?:that )?sounds good"
    "|(?:that was )?(?:very )?helpful|well done|(?:yes|no) please|no,? thanks?(?: you)?|that(?: is|'s|’s) all|see you"
    "|have a (?:nice|good) day|help|test"
    "|hallo|guten (?:morgen|tag|abend)|moin|servus|(?:nein )?danke|vielen dank|danke schön|tschüss|auf wiedersehen"
    "|alles klar|verstanden|super|prima|toll"
    "|你好|您好|大家好|嗨|哈喽|早上好|下午好|晚上好|早安|晚安|谢谢|多谢|再见|在吗|好的|好|明白了|知道了|没事了|不用了"
)
_GREETED: Final = (
    "there|all|everyone|team|a lot|so much|very much|then|bye|footnote|again|sehr|dann|你|您|大家|啊|呀|吗|了"
)
_ABOUT_YOU: Final = (
    r"(?:who|what) (?:exactly )?are you|what(?: is|'s|’s) up|how are you(?: doing)?(?: today)?|how do you work"
    r"|how does (?:this|footnote) work|what (?:else )?can (?:you|i|footnote) (?:do|ask|help)(?: .{0,30})?"
    r"|(?:how|what) can you help(?: me)?(?: with)?|can you help(?: me)?|what(?: is|'s|’s) your name"
    r"|what (?:is|does) (?:this (?:app|tool|program|chat)|footnote)(?: do)?"
    r"|how (?:do|can) i use (?:you|this(?: (?:app|tool|program|chat))?|footnote)"
    r"|who (?:made|built|created|wrote|trained|developed) (?:you|footnote)"
    r"|(?:which|what) (?:ai |language )?models? (?:are you|do you use)|(?:which|what) languages do you (?:speak|know)"
    r"|do you speak \w+|are you (?:a |an )?(?:bot|robot|human|person|ai|chatgpt|machine|real|there)"
    r"|(?:are|is) my (?:files|documents|data|questions?) (?:sent|uploaded|shared)(?: .{0,30})?"
    r"|wer bist du|was (?:kannst|machst) du|wie (?:heißt|heisst) du|wie geht(?: es|'s|s) dir|wie funktioniert das"
    r"|wer hat dich gemacht|kannst du mir helfen|welche sprachen (?:sprichst|kannst) du|was kann ich (?:dich )?fragen"
    r"|werden meine (?:dateien|dokumente|daten) (?:gesendet|verschickt|hochgeladen)"
    r"|你是谁|你叫什么(?:名字)?|你好吗|你能做什么|你可以做什么|你会什么|你能帮我什么|我能问什么|我可以问什么|怎么用|能帮我吗"
    r"|谁(?:开发|制作)了?你的?|你会说什么语言|你是(?:机器人|人工智能)"
)
_SMALL_TALK: Final = tuple(
    re.compile(rf"^\W*+(?:{sentence})[\s!.?！。？~,，、]*+$", re.IGNORECASE)
    for sentence in (rf"(?:(?:{_GREETINGS})(?![a-z])(?:\s+(?:{_GREETED})|{_GREETED})?\W*+)++", _ABOUT_YOU)
)
_SALUTATION: Final = re.compile(
    rf"^\W*+(?:(?:{_GREETINGS})(?: (?:{_GREETED}))?[,!.，。！]++\s*+)+(?=\w)", re.IGNORECASE
)


def is_small_talk(text: str) -> bool:
    """Whether a text only greets or thanks, or asks about the program.

    >>> is_small_talk("Thanks, that's all!"), is_small_talk("Who made you?"), is_small_talk("Who made the pump?")
    (True, True, False)
    """
    return any(pattern.match(text) for pattern in _SMALL_TALK)


def without_greeting(text: str) -> str:
    """A text without the greeting that leads in to it."""
    return _SALUTATION.sub("", text)
