"""Intent detection: greetings and questions about the collection as a whole, which no passage answers.

Patterns match whole sentences; a question that only begins like one ("What is in the safety kit?") does not match.
"""

from __future__ import annotations

import re
from typing import Final, Literal

Intent = Literal["question", "overview"]


def _line(pattern: str) -> str:
    """Join the lines of a pattern."""
    return "".join(line.strip() for line in pattern.splitlines())


_GREETINGS: Final = _line("""
    hi|hello|hey|hiya|greetings|good (?:morning|afternoon|evening|day)|thanks|thank you|thx|cheers|bye|goodbye|ok|okay
    |great|cool|nice|help|test|你好|您好|大家好|嗨|哈喽|早上好|下午好|晚上好|早安|晚安|谢谢|多谢|再见|在吗|好的""")
_GREETED: Final = "there|all|everyone|team|a lot|so much|very much|footnote|你|您|大家|啊|呀|吗|了"

_ABOUT_YOU: Final = _line("""
    (?:who|what) are you|how are you(?: doing)?|what can (?:you|i) (?:do|ask|help)(?: .{0,30})?|how does this work
    |what (?:is|does) this (?:app|tool|program|page)(?: do)?|can you help(?: me)?
    |你是谁|你能做什么|你可以做什么|你会什么|我能问什么|我可以问什么|怎么用|能帮我吗""")

_POLITE: Final = "(?:please |(?:can|could|would) you |i want you to |i'd like you to )*"
_THINGS: Final = _line("""
    (?:documents?|docs?|files?|pdfs?|reports?|pages?|papers?|texts?|collection|library|uploads?|sources?|contents?|data
    |materials?|everything|here)""")
_THESE: Final = "(?:this|these|the|my|our|your|it|them|all|everything|every)"
_ALL: Final = "(?: (?:whole|entire|uploaded|attached|different|available|all))*"
_ARE_HERE: Final = _line("""
    (?:do (?:you|we|i) have|are (?:there|here|in here|available|loaded|included|in (?:this|the) collection)
    |have (?:you|i|we) \\w+|can you (?:see|read)|do you (?:know|hold))""")
_SHORT: Final = "(?:(?:a|an|the) )?(?:(?:short|brief|quick|concise) )?"
_SUMMARY: Final = "(?:summary|overview|outline|list|tl;?dr)"
_GIVE: Final = f"(?:give|write|make|show)(?: me| us)? {_SHORT}{_SUMMARY}"
_SUMMARISE: Final = f"(?:summari[sz]e|sum up|outline|describe|list|show(?: me)?|{_GIVE} of|{_SHORT}{_SUMMARY} of)"
_ASKED_HOW: Final = "(?: (?:for|to) me| please| briefly)*+"
# "In English in ten words"; more than two make it another question.
_MANNER: Final = f"{_ASKED_HOW}(?: in .{{1,20}}{_ASKED_HOW}){{0,2}}"
_OVERVIEW: Final = _line(f"""
    what(?:'s| is| are| do we have| do you have| have we got)?(?: there)?
        (?: in )(?:here|there|it|this|these|the|my|our)(?: \\w+)?(?: {_THINGS})?
    |(?:what|which) (?:\\w+ )?{_THINGS} {_ARE_HERE}(?s:.*+)
    |what(?:'s| is| are) (?:this|these|the|my|our)(?: \\w+)? ?{_THINGS}(?: all)?(?: about)?
    |what(?:'s| is) (?:this|it|that|all this) (?:all )?about
    |{_SUMMARISE} (?:all |all of )?(?:of )?{_THESE}?{_ALL}(?: {_THINGS})?{_MANNER}
    |{_GIVE}
    |summary|overview|summari[sz]e|tl;?dr|table of contents|contents""")

_THINGS_ZH: Final = "(?:文档|文件|资料|材料|报告|文章|内容|东西|知识库|集合|资料库|文库|收藏)"
_POLITE_ZH: Final = "(?:请|帮我|帮忙|麻烦|你能|能不能|可以|能否|给我)*"
_THIS_ZH: Final = "(?:这|本|该)(?:份|篇|个|些)?"
_SUMMARISE_ZH: Final = "(?:总结|概括|概述|摘要|归纳|介绍|列出|列举|简述|梳理)(?:一下|下)?"
_THESE_ZH: Final = "(?:这|本|该|所有|全部|我的|这些|整)?(?:份|篇|个|些|的|本)?(?:所有|全部|主要|整个)?(?:的)?"
_OVERVIEW_ZH: Final = _line(f"""
    (?:这里|这儿|里面|库里|这个库|你这里|{_THINGS_ZH}里?)(?:面|边)?(?:都)?(?:有|包含|包括|装着|存着|是)(?:了)?(?:些)?
        (?:什么|哪些|啥){_THINGS_ZH}?
    |(?:都)?有(?:哪些|什么){_THINGS_ZH}
    |{_SUMMARISE_ZH}{_THESE_ZH}{_THINGS_ZH}?(?:的)?(?:主要)?(?:内容|要点|大意)?
    |{_THIS_ZH}{_THINGS_ZH}(?:主要|大概|大致)?(?:的)?(?:内容)?(?:是|讲|说|写|谈|关于|介绍)(?:的是|的|了|些)*
        (?:什么|啥|哪些)?(?:内容|的)?
    |{_THIS_ZH}{_THINGS_ZH}的(?:摘要|概要|主要内容|大意|要点)(?:是什么)?""")


_SENTENCES: Final = (
    rf"(?:(?:{_GREETINGS})(?:\s+(?:{_GREETED})|{_GREETED})?\W*+)+",
    _ABOUT_YOU,
    f"{_POLITE}(?:{_OVERVIEW})",
    f"{_POLITE_ZH}(?:{_OVERVIEW_ZH})(?:吧|吗|呢|呀|啊)?",
)
# Whole sentences with surrounding punctuation.
_KNOWN: Final = tuple(
    re.compile(rf"^\W*+(?:{sentence})[\s!.?！。？~,，、]*+$", re.IGNORECASE) for sentence in _SENTENCES
)


def intent(question: str) -> Intent:
    """`overview` for a greeting or a question about the documents as a whole, otherwise `question`.

    >>> intent("What is in here?"), intent("总结一下这份文档"), intent("What is in the safety kit?")
    ('overview', 'overview', 'question')
    """
    text = " ".join(question.split())
    return "overview" if any(known.match(text) for known in _KNOWN) else "question"
