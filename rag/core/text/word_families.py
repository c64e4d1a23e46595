"""Words of one meaning that no stemmer brings together: British and American spellings, and what verbs and adjectives
are called as nouns (pay and payment, apply and application, long and length).

Classes of the language, from grammar and not from any set of questions. Left out are the nouns that mostly mean
something else (*production* of *produce*, *commission* of *commit*, *division*, *service*) and those of people
(*member* and *membership*, *employ* and *employee*).
"""

from __future__ import annotations

import re
from typing import Final

from rag.core.text.irregular_forms import entries

# A verb or adjective, then the nouns that say the same.
_FAMILIES: Final = """
    abstain abstention / absorb absorption / accurate accuracy / acquire acquisition / admit admission admittance
    advise advice / agree agreement / allergic allergy / analyze analysis / apply application / assume assumption
    bankrupt bankruptcy / behave behavior / believe belief / broad breadth / certify certification / choose choice
    clarify clarification / classify classification / close closure / comply compliance / compare comparison
    complain complaint / consume consumption / cover coverage / decide decision / deep depth / deliver delivery
    deny denial / depart departure / describe description / destroy destruction / detain detention / die death
    discover discovery / emit emission / enquire inquire enquiry inquiry / enter entrance / exclude exclusion
    expand expansion / expire expiry expiration / explain explanation / explode explosion / extend extension
    fail failure / fly flight / forgive forgiveness / frequent frequency / grow growth / guide guidance / high height
    identify identification / include inclusion / insure insurance / introduce introduction / invade invasion
    justify justification / know knowledge / laugh laughter / leak leakage / long length / lose loss
    maintain maintenance / marry marriage / modify modification / notify notification / occur occurrence
    omit omission / pay payment / perceive perception / permit permission / persuade persuasion / pregnant pregnancy
    prescribe prescription / private privacy / pronounce pronunciation / propose proposal / prove proof
    publish publication / pursue pursuit / qualify qualification / recover recovery / reduce reduction
    register registration / rely reliance / relieve relief / remove removal / renew renewal / repeat repetition
    respond response / retain retention / safe safety / satisfy satisfaction / sell sale / ship shipment
    sign signature / simplify simplification / solve solution / speak speech / specify specification / store storage
    strong strength / submit submission / subscribe subscription / succeed success / suspend suspension
    transmit transmission / treat treatment / true truth / urgent urgency / use usage / vacant vacancy
    vary variation / verify verification / warm warmth / weigh weight / wide width / withdraw withdrawal
    """
# British spellings that follow no rule below, each with the American one.
_SPELLINGS: Final = """
    aluminium aluminum / cheque check / cosy cozy / enrolment enrollment / fulfilment fulfillment
    grey gray / instalment installment / instalments installments / jewellery jewelry / judgement judgment
    acknowledgement acknowledgment / kerb curb / manoeuvre maneuver / mould mold / moult molt / plough plow
    programme program / programmes programs / pyjamas pajamas / sceptical skeptical / skilful skillful / tyre tire
    tyres tires / wilful willful / woollen woolen / licence license / licences licenses / defence defense
    offence offense / pretence pretense / practise practice / practised practiced / practising practicing
    cheques checks / moulds molds
    """
_OUR: Final = re.compile(
    r"(ard|arm|behavi|cand|clam|col|demean|enam|endeav|fav|ferv|flav|glam|harb|hon|hum|lab|neighb|od|parl|ranc|rig|rum"
    r"|savi|sav|splend|tum|val|vap|vig)our"
)
_RE: Final = re.compile(r"(calib|cent|fib|goit|lit|lust|meag|met|nit|och|sab|scept|somb|spect|theat)re(?=s?$|d$)")
_OGUE: Final = re.compile(r"(anal|catal|dial|epil|homol|monol|prol)ogue")
_AE: Final = re.compile(r"(?<=an)ae(?=m|sth)|(?<=^p)ae(?=d)|(?<=hop)ae(?=d)|(?<=^h)ae(?=m)|(?<=gyn)ae(?=c)|^oe(?=s)")
# organise, organisation; words that are always written with s (promise, exercise) change in all their forms, but for
# those that have nouns in -ision.
_ISE: Final = re.compile(
    r"(?<=[a-z]{3}[^aeiou])(?<!superv)(?<!telev)(?<!prec)(?<!conc)(?<!advert)is(?=(?:ed?|es|ers?|ing|ation(?:s|al|ally)?|able)$)"
    r"|(?<=anal)ys(?=(?:ed?|ers?|ing)$)"
)


def american(word: str) -> str:
    """A lower-case English word in American spelling.

    >>> [american(word) for word in ("colours", "organisation", "centre", "licence", "hour", "promise")]
    ['colors', 'organization', 'center', 'license', 'hour', 'promize']
    """
    if word in _AMERICAN:
        return _AMERICAN[word]
    word = _OUR.sub(r"\1or", word)
    word = _RE.sub(r"\1er", word)
    word = _OGUE.sub(r"\1og", word)
    return _ISE.sub(lambda match: match[0].replace("s", "z"), _AE.sub("e", word))


def family_head(word: str) -> str:
    """The verb or adjective that a lower-case noun belongs to; the word itself where it is none of these.

    >>> family_head("payments"), family_head("deliveries"), family_head("length"), family_head("employee")
    ('pay', 'deliver', 'long', 'employee')
    """
    return _HEADS.get(word, word)


def _heads() -> dict[str, str]:
    nouns = {noun: head for head, *nouns in entries(_FAMILIES) for noun in nouns}
    return nouns | {(noun[:-1] + "ies" if noun.endswith("y") else noun + "s"): head for noun, head in nouns.items()}


_AMERICAN: Final = dict(entries(_SPELLINGS))
_HEADS: Final = _heads()
