"""What kind of answer a question asks for: a fact, a list, a comparison, a summary, the library itself, or none.

A question about the documents as a whole is known by what it does *not* hold: take away the words for documents, for
what they are about, for lists and for how the answer should look, and nothing is left. "What is in the safety kit?"
keeps its kit, and is a question like any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Final, Literal

from rag.answering.retrieval.small_talk import is_small_talk, without_greeting
from rag.core.formats import promised
from rag.core.text import identifiers, language_of, script_of, stem, words
from rag.core.types import QuestionKind


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STANDS_FOR: Final = re.compile(
    r"\b(?:stands? for|(?:short|abbreviation|acronym) (?:for|of)|steht für|abkürzung (?:für|von))\b|是什么的缩写",
    re.IGNORECASE,
)

# What capitals mean is what they stand for.
_MEANS: Final = re.compile(r"(?<=[A-Z]{2}) means?(?=\W*+$)")

# Function words of the three languages that may stand in a question about the whole.
_PLAIN: Final = _set("""
    a an the this that these those it its they them here there in on of to from for with about by at as and or is are
    was were be do does did have has got had can could would will you i me my we us our your what which who whats how s
    please just briefly tell give want like need let make write get see know read also whole entire all any some each
    every both everything something uploaded attached available loaded stored saved included
    different current now into inside
    der die das dies diese dieser dieses diesem diesen den dem des ein eine einen einem einer es sie ihr ihre in im von
    zu zum zur für mit über und oder ist sind war hast habe haben hat gibt kann kannst können könntest du ich mir wir
    uns bitte was welche welcher welches wer wie viele viel hier da alle alles jede jedes ganze ganzen mal
""")
_DOCUMENTS: Final = _set("""
    document documents doc docs file files pdf pdfs report reports page pages paper papers text texts collection library
    upload uploads source sources contents content material materials book books article articles
    dokument dokumente dokumenten datei dateien bericht berichte seite seiten text texte texten sammlung bibliothek
    unterlage unterlagen quelle quellen
""")
_ABOUT: Final = _set("""
    summary summaries summarise summarize summarised summarized summarising summarizing overview outline tldr tl dr gist
    abstract topic topics subject subjects theme themes about cover covers covered contain contains message purpose main
    key central important point points takeaway takeaways idea ideas describe sum up deal deals say says toc
    stand stands written said mentioned stated decided discussed
    agreed resolved chapter chapters section sections heading headings
    worum geht handelt zusammenfassung zusammen fasse fassen überblick thema themen inhalt inhalte hauptpunkte
    kernaussage kernaussagen wichtigsten wichtigste punkte steht stehen drin gesagt geschrieben beschlossen besprochen
    vereinbart entschieden kapitel abschnitte
""")
_LISTED: Final = _set("""
    list show name names many number count titles title
    liste zeige zeig nenne anzahl viele titel
""")
_MANNER: Final = _set("""
    short quick brief concise simple one two three four five six seven eight nine ten few bullet bullets sentence
    sentences word words paragraph paragraphs line lines english german chinese form format list
    kurz kurze kurzen knapp satz sätze sätzen stichpunkte stichpunkten stichworten deutsch englisch chinesisch
""")
_AGE: Final = _set("""
    newest latest last recent most oldest earliest version versions edition
    neueste neuesten neuester neuestes älteste ältesten aktuellste aktuellsten fassung fassungen
""")
_WHOLE: Final = _PLAIN | _DOCUMENTS | _ABOUT | _LISTED | _MANNER | _AGE
_NEWEST: Final = re.compile(
    r"\b(?:newest|latest|last (?=meeting|session|minutes|report|version|issue|edition|newsletter|update|audit)"
    r"|most recent|current(?:ly)?|now(?:adays)?|today|still valid|in force|up[- ]to[- ]date"
    r"|neueste[nrs]?|aktuell(?:e[nrsm]?|ste[nrs]?)?|derzeit(?:ige[nrsm]?)?|jetzt|heute|gültige[nrs]?)\b"
    r"|最新|现行|目前|现在|当前|如今",
    re.IGNORECASE,
)
_OLDEST: Final = re.compile(
    r"\b(?:oldest|earliest|old|older|previous(?:ly)?|former(?:ly)?|outdated|superseded|used to"
    r"|älteste[nrs]?|alte[nrsm]?|frühere?[nrsm]?|vorherige[nrsm]?|bisherige[nrsm]?)\b|最早|最旧|旧版?|以前|之前的|原来",
    re.IGNORECASE,
)
# What files are called by: "Fee_schedule.html".
_FILE_MARKS: Final = re.compile(r"(?<=\w)[_.](?=\w)")

# The same for Chinese, which is taken apart by cutting these out.
_THINGS_ZH: Final = "文档|文件|资料库|资料|材料|报告|文章|内容|东西|知识库|集合|文库|收藏|页"
_ABOUT_ZH: Final = "总结|概括|概述|概要|摘要|归纳|介绍|简述|梳理|主题|要点|大意|关于|讲|说|写|谈|包含|包括|涉及"
_LISTED_ZH: Final = "列出|列举|多少|几|哪些|数量|一共|总共"
_PLAIN_ZH: Final = (
    "请|帮我|帮忙|麻烦|你能|能不能|可以|能否|给我|这里|这儿|里面|库里|你这里|这个|这|本|该|所有|全部|我的|整|主要|整个"
    "|一下|下|都|有|是|装着|存着|了|些|什么|啥|的|份|篇|个|库|里|面|边|吧|吗|呢|呀|啊|用|中文|英文|句话|一|二|三|两|我|你|大概|大致|在"
)
_WHOLE_ZH: Final = re.compile(f"{_THINGS_ZH}|{_ABOUT_ZH}|{_LISTED_ZH}|{_PLAIN_ZH}|\\W|\\d")
_ABOUTNESS_ZH: Final = re.compile(f"{_ABOUT_ZH}|是什么|有什么")
_LISTING_ZH: Final = re.compile(_LISTED_ZH)
_NAMES_THINGS_ZH: Final = re.compile(_THINGS_ZH)

_COMPARES: Final = re.compile(
    r"\b(?:compare[ds]?|comparing|comparison|versus|vs|difference|differences|differ|differs|different from"
    r"|(?:rise|rose|fall|fell|grow|grew|increase[ds]?|decrease[ds]?|change[ds]?|drop(?:ped)?) (?:from|between)"
    r"|(?:more|less|fewer|better|[^\W\d_]{3,12}er|(?:more|less) [^\W\d_]{3,15}) than(?! [€$£]?\d)"
    r"|[^\W\d_]{3,12}er als(?! \d)"
    r"|vergleiche?n?|vergleich|unterschiede?|unterscheide[nt]?)\b"
    r"|比较|对比|区别|不同|差异|相比",
    re.IGNORECASE,
)
_LISTS: Final = re.compile(
    r"^\W*+(?:please )?(?:(?:list|name|enumerate|give me|show me|nenne|liste)\b"
    r"|(?:what|which) (?:are|were) (?:all|the)\b|(?:who|wer) (?:are|were|sind|waren) \w+"
    r"|(?:what|which) (?:types|kinds|sorts|categories) of\b"
    r"|(?:which|welche) (?:\w+ )?(?!(?:is|was|has|does|this)\b)\w+[^s\W]s\b)"
    r"|\ball (?:the )?\w+s\b|列出|列举|哪些",
    re.IGNORECASE,
)
# Asks for a value of each thing that it names, and for no members of a list.
_RESPECTIVELY: Final = re.compile(
    r"\b(?:respective(?:ly)?|jeweils|jeweilige[nrsm]?|beziehungsweise)\b|分别|各自", re.IGNORECASE
)

_REPORTS: Final = re.compile(
    r"\W*(?:which|what|how many|in which|welche|in welchen|wie viele) (?:of the )?(?P<which>\w+) "
    r"(?:mention|contain|say|name|refer to|talk about|speak of|include|cover|deal with|hold|discuss|define|is there"
    r"|are there|erwähnen|enthalten|nennen|behandeln)s? (?P<what>.+)",
    re.IGNORECASE,
)
_WHICH: Final = re.compile(r"\W*+(?:which|welche|what)\b", re.IGNORECASE)
_MEMBERS: Final = re.compile(
    r"\W*+(?:which|how many|(?:please )?(?:list|name|show|give)|what (?:\w+ ){1,3}are there"
    r"|welche|wie viele|nenne|liste|zeige?)\b",
    re.IGNORECASE,
)
_TELLS_TO_LIST: Final = re.compile(
    r"\W*+(?:please )?(?:list|name|enumerate|show|give|nenne|liste|zeige?)\b", re.IGNORECASE
)
_TOPIC_ZH: Final = re.compile("主题|要点|大意")
_NAME_WORDS: Final = 3
# What is counted: documents are, where they are called that; days and euros stand in them.
_COUNTS: Final = re.compile(
    r"\W*+(?:how many|wie viele) (?:of (?:the|our|these) |(?:der|unserer) )?(\w+)", re.IGNORECASE
)


def question_kind(
    question: str, titles: Callable[[], Collection[str]] = frozenset, *, follows: bool = False
) -> QuestionKind:
    """What a question asks for.

    Args:
        titles: gives the stems of what the documents are called, so that "How many contracts are there?" is known as
            a question about the library. Called where it matters.
        follows: whether others were asked before: then "How many are there?" is about what they were about.

    >>> question_kind("What is in here?"), question_kind("总结一下这份文档"), question_kind("What is in the kit?")
    ('summary', 'summary', 'question')
    >>> question_kind("How many documents are there?"), question_kind("Compare the rent of 2021 and 2023")
    ('about_library', 'comparison')
    """
    text = " ".join(question.split()).replace("able of contents", "oc")
    if is_small_talk(text):
        return "small_talk"
    whole = _whole_chinese(text) if script_of(text) == "cjk" else _whole(text, titles, follows)
    # A question for a paragraph or a code asks for what stands there.
    if whole is not None and not identifiers(text):
        return whole
    if _COMPARES.search(text):
        return "comparison"
    counted = _COUNTS.match(text)
    if counted and stem(counted.group(1).lower(), language_of(text)) in titles():
        return "list"
    return "list" if _LISTS.search(text) and not _RESPECTIVELY.search(text) else "question"


def searched(question: str) -> str:
    """What of a question is searched for: without a greeting before it, and without words that ask for a meaning.

    >>> searched("Good morning, when is lunch?"), searched("What does FSD stand for?"), searched("Test runs")
    ('when is lunch?', 'What does FSD ?', 'Test runs')
    """
    rest = without_greeting(question)
    return _MEANS.sub("", _STANDS_FOR.sub("", rest if len(words(rest)) > 1 else question))


def named_things(question: str) -> list[str]:
    """The words of a question that say what is asked about, and not only that it is asked about the documents."""
    bare = _WHOLE_ZH.sub(" ", question) if script_of(question) == "cjk" else question
    said = [word.removesuffix("'s") for word in words(_FILE_MARKS.sub(" ", bare))]
    return [word for word in said if word not in _WHOLE and not word.isdecimal()]


def asks_for_members(question: str) -> bool:
    """Whether it is asked which there are, or how many."""
    return _MEMBERS.match(question) is not None


def tells_to_list(question: str) -> bool:
    """Whether it tells to list things: "List all products"."""
    return _TELLS_TO_LIST.match(question) is not None


def asked_age(question: str) -> Literal["newest", "oldest"] | None:
    """Whether the newest or the oldest of the documents is asked for."""
    return "newest" if _NEWEST.search(question) else "oldest" if _OLDEST.search(question) else None


def asked_of_documents(question: str, titles: Callable[[], Collection[str]]) -> str | None:
    """What is looked for in "Which contracts mention a penalty?": what follows the verb, where documents are meant.

    >>> asked_of_documents("Which contracts mention a penalty?", lambda: {"contract"})
    'a penalty?'
    """
    match = _REPORTS.match(question)
    if match is None:
        return None
    named = match.group("which").lower()
    return match.group("what") if named in _DOCUMENTS or stem(named, language_of(question)) in titles() else None


def _whole(text: str, titles: Callable[[], Collection[str]], follows: bool) -> QuestionKind | None:
    """`summary` or `about_library` for a question about the documents as a whole."""
    language = language_of(text)
    found = [word for word in words(text) if not word.isdecimal()]
    other = named_things(text)
    listed, about = not _LISTED.isdisjoint(found), not _ABOUT.isdisjoint(found)
    # "How many contracts are there?" names documents by what they are called; "What is a contract?" does not.
    file = any(promised(said.strip("?!,;:'\"“”()")) for said in text.split())
    # "Which version is the latest?", and "Which contract is the newest?" where documents are called so.
    aged = asked_age(text) is not None and _WHICH.match(text) and (other or not _AGE.isdisjoint(found))
    named = file or not _DOCUMENTS.isdisjoint(found) or (listed and len(other) == 1) or (aged and len(other) <= 1)
    here = bool(found) and found[-1] in ("here", "there", "hier", "drin") and not follows
    # What a document is called is one word or two; whoever says more says what is asked.
    if not (about or named or here) or len(other) > _NAME_WORDS:
        return None
    # Asked for last: all documents are looked at for it.
    if other and not {stem(word, language) for word in other} <= set(titles()):
        return None
    asks_which = listed or (_WHICH.match(text) and not file)
    return "about_library" if named and not about and asks_which else "summary"


def _whole_chinese(text: str) -> QuestionKind | None:
    if _WHOLE_ZH.sub("", text):
        return None
    if _LISTING_ZH.search(text) and _NAMES_THINGS_ZH.search(text) and not _TOPIC_ZH.search(text):
        return "about_library"
    return "summary" if _ABOUTNESS_ZH.search(text) or _NAMES_THINGS_ZH.search(text) else None
