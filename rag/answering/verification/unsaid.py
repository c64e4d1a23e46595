"""Sentences that say that the documents do not say it: a writer's own refusal, and no claim about their matter."""

from __future__ import annotations

import re
from typing import Final

_DOCUMENTS: Final = (
    r"(?:documents?|texts?|contexts?|quotes?|passages?|sources?|excerpts?|information|materials?"
    r"|handbooks?|polic(?:y|ies))"
)
_DOKUMENTE: Final = r"(?:dokumente?n?|unterlagen|texte?n?|quellen|auszüge?n?|kontext)"
_SAYS: Final = (
    r"(?:mention|say|sa[iy]d|specif|contain|provid|stat(?:e|ing)|includ|giv(?:e|ing)|address|tell|indicat|explain|availab"
    r"|clear|known|found)"
)
_NOT: Final = r"(?:is|are|was|were|do|does|did|could|can)(?: not|n['’]t)|cannot"
_KNOWLEDGE: Final = r"(?:information|mention|details?|data|indication|answer|evidence)"
_UNSAID: Final = re.compile(
    # "The text does not say …", "… is not mentioned in the given text"
    rf"\b{_DOCUMENTS}\b[^.]{{0,40}}?\b(?:{_NOT}) (?:\w++ )?{_SAYS}"
    rf"|\b(?:{_NOT}) (?:\w++ )?{_SAYS}\w*+ (?:in|by|from|within) [^.]{{0,30}}?\b{_DOCUMENTS}\b"
    rf"|\b(?:answer|information) (?:{_NOT}) (?:\w++ )?(?:in|part of) [^.]{{0,30}}?\b{_DOCUMENTS}\b"
    # "There is no information about …", "It is not stated.", "Not specified."
    rf"|\bno (?:\w++ ){{0,2}}{_KNOWLEDGE} (?:(?:is|are|was|were) )?"
    rf"(?:about|on|of|regarding|concerning|given|provided|available|in [^.]{{0,20}}?\b{_DOCUMENTS}\b)"
    rf"|^\W*+(?:based on [^,.]{{1,40}}, )?(?:it|this|that|which) (?:{_NOT}) (?:\w++ )?{_SAYS}"
    rf"|^\W*+(?:not|un)[- ]?{_SAYS}\w*+\W*+$"
    rf"|\b{_DOKUMENTE}\b[^.]{{0,40}}?\b(?:nicht|kein\w*)\b"
    r"[^.]{0,30}?\b(?:erwähnt|enthalten|genannt|angegeben|hervor|angaben?|informationen|auskunft)\b"
    rf"|\b{_DOKUMENTE}\b (?:nenn|erwähn|enth[aä]l|sag)\w*+ "
    r"[^.]{0,30}?(?:nicht|kein\w*+)\b"
    r"|\bkeine (?:\w++ )?(?:angaben?|informationen|auskunft) (?:zu|über|dazu|darüber)\b"
    r"|^\W*+nicht (?:angegeben|genannt|bekannt)"
    r"|(?:文档|文件|资料|上下文|原文|文中|文本|材料|信息)[^。]{0,12}(?:没有|未|不|无)[^。]{0,4}?(?:提|说|包含|给出|明确|涉及|找到|写)"
    r"|(?:没有|无|未找到|找不到)(?:任何)?(?:相关|有关|具体)(?:的)?(?:信息|资料|内容|说明|规定)|无法(?:确定|得知|判断|回答)",
    re.IGNORECASE,
)


def says_unsaid(sentence: str) -> bool:
    """Whether a sentence says that the documents do not say what was asked.

    >>> says_unsaid("The mayor is not mentioned in the given text."), says_unsaid("The contract was not signed.")
    (True, False)
    """
    return _UNSAID.search(sentence) is not None
