"""Little words that turn what is said, each list in one place for all checks: by grammar, not read off a set."""

from __future__ import annotations

import re
from typing import Final

from rag.core.text import Language, stem

ALL: Final = re.compile(r"\b(?:all|every|each|always|alle|immer)\b|全部|所有|每", re.IGNORECASE)
# ... of whom something is said without exception.
ANY: Final = re.compile(
    r"\b(?:any(?:one|body)?|all|every(?:one|body)?|each|always|whoever|jede[rsnm]?|alle[nr]?|immer|jederzeit)\b",
    re.IGNORECASE,
)
SOME: Final = re.compile(
    r"\b(?:some|most|many|several|few|certain|part|half|usually|sometimes|often|einige|manche)\b|部分|大多|有些|一些|通常",
    re.IGNORECASE,
)
NONE: Final = re.compile(r"\b(?:none|neither|never|kein\w*|nie)\b|没有", re.IGNORECASE)
LEAST: Final = re.compile(
    r"\b(?:at least|minimum|no (?:less|fewer) than|not less than|or more|(?<!no )(?<!not )more than|exceed\w*"
    r"|mindestens|(?<!nicht )mehr als)\b|至少|最少|以上",
    re.IGNORECASE,
)
MOST: Final = re.compile(
    r"\b(?:at most|up to|maximum|no more than|not more than|or less|(?<!no )(?<!not )(?:less|fewer) than"
    r"|höchstens|bis zu|(?<!nicht )weniger als)\b|最多|不超过|以内|至多",
    re.IGNORECASE,
)
# "May only" is a "must".
MAY: Final = re.compile(
    r"\b(?:may|can|could|might|optional(?:ly)?|darf|kann)\b(?! (?:\w++ )?(?:only|nur)\b)|可以|可", re.IGNORECASE
)
MUST: Final = re.compile(
    r"\b(?:must|shall|required|has to|have to|obliged|mandatory|muss|müssen)\b|必须|应当|须|应", re.IGNORECASE
)
ONLY: Final = re.compile(r"\b(?:only|solely|exclusively|alone|nur|ausschließlich)\b|只|仅|唯一", re.IGNORECASE)
# What is put aside for something else, and what is left out of what holds otherwise.
INSTEAD: Final = re.compile(
    r"\b(?:instead of|rather than|in place of|statt|anstelle von)"
    r"((?: (?!(?:since|from|as of|seit|ab)\b)[^\s,.;:()]++){1,6}+)"
    r"|而(?:不是|非)([^，。；]++)"
    # "200 MB (before: 50 MB)"
    r"|\((?:before|previously|formerly|earlier|bisher|vorher|zuvor|früher)\b([^()]*+)\)|（(?:原|此前|以前)([^（）]*+)）",
    re.IGNORECASE,
)
EXCEPT: Final = re.compile(
    r"\b(?:except(?: for| in| on| when| if)?|apart from|unless|but not?|and not|außer|ausgenommen|es sei denn)\b"
    r"|除非|除了",
    re.IGNORECASE,
)
# A role that is another's for a time, and words beside the name of who stands in or is away.
DEPUTY: Final = re.compile(r"\b(?:deputy|vice|acting|substitute)[ -](?P<role>[a-z]{4,})\b", re.IGNORECASE)
STANDS_IN: Final = re.compile(
    r"\b(?:deputy|deputies|substitute|stand-in|absence|absent|excused|on leave|stellvertret\w*|vertret\w*|abwesen\w*"
    r"|entschuldigt)\b|副|代理|缺席|请假",
    re.IGNORECASE,
)
_PERIODS: Final = (
    r"\b(?:hourly|(?:an|per|each|every) hour|stündlich|(?:pro|jede) stunde)\b|每小时",
    r"\b(?:daily|nightly|(?:a|per|each|every) (?:day|night)|täglich|(?:pro|am) tag)\b|每[天日]",
    r"\b(?:weekly|(?:a|per|each|every) week|wöchentlich|(?:pro|jede) woche)\b|每周",
    r"\b(?:monthly|(?:a|per|each|every) month|monatlich\w*|(?:pro|im) monat)\b|每月|月租",
    r"\b(?:quarterly|(?:a|per|each|every) quarter|vierteljährlich\w*|(?:pro|im) quartal)\b|每季度?",
    r"\b(?:yearly|annual(?:ly)?|(?:a|per|each|every) (?:year|annum)|jährlich\w*|(?:pro|im) jahr|jahres\w+)\b|每年|年费",
)
PERIODS: Final = tuple(re.compile(each, re.IGNORECASE) for each in _PERIODS)

# Words that cannot both be said of a thing, one of each side. Of the first of the two lists one must hold: what is not
# allowed is forbidden, and what does not rise may stay as it is.
_CONTRADICTORY: Final[dict[Language, str]] = {
    "en": """allowed,permitted/forbidden,prohibited,banned approved,accepted/rejected,refused granted/refused,denied
    included/excluded open,opened/closed enabled/disabled required,mandatory,compulsory/optional,voluntary""",
    "de": """erlaubt,gestattet,zulässig/verboten,untersagt,unzulässig genehmigt,angenommen/abgelehnt
    geöffnet,offen/geschlossen verpflichtend/freiwillig""",
    "zh": "允许/禁止 包括/除",
}
_CONTRARY: Final[dict[Language, str]] = {
    "en": """before,earlier/after,later increase,increased,rise,rose,grew/decrease,decreased,fall,fell,shrank
    higher/lower more/less,fewer above/below over/under first/last largest/smallest highest/lowest longest/shortest
    earliest/latest fastest/slowest begins,begin,start/ends,end internal/external on/off with/without free/paid
    includes/excludes we,us/you weekdays,weekday/weekends,weekend indoor,indoors/outdoor,outdoors surplus/deficit
    arrival/departure tenant,tenants/landlord buyer/seller""",
    "de": """vor/nach mehr/weniger höher/niedriger gestiegen/gesunken mit/ohne öffnet/schließt werktags/wochenende
    überschuss/fehlbetrag gewinn/verlust mieter/vermieter käufer/verkäufer""",
    "zh": "之前/之后 增加/减少 上升/下降 高于/低于 早于/晚于",
}


def _against(pairs: str, language: Language) -> dict[str, frozenset[str]]:
    """For the stem of each word the stems of those that say its opposite."""
    found: dict[str, frozenset[str]] = {}
    for pair in pairs.split():
        one, other = ({stem(word, language) for word in side.split(",")} for side in pair.split("/"))
        for a, b in ((a, b) for mine, theirs in ((one, other), (other, one)) for a in mine for b in theirs):
            found[a] = found.get(a, frozenset()) | {b}
    return found


CONTRADICTORY: Final = {language: _against(pairs, language) for language, pairs in _CONTRADICTORY.items()}
OPPOSITES: Final = {
    language: _against(f"{pairs} {_CONTRARY[language]}", language) for language, pairs in _CONTRADICTORY.items()
}
