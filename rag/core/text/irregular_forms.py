"""Irregular forms of English words, which no stemmer brings together: keep and kept, child and children.

A closed class of the language, from grammar and not from any set of questions. Left out are the forms that are as
often another word (*left*, *bit*, *bound*, *saw*, *felt*, *born*, *leaves*), those that are stop words (*did*, *had*)
and those that do not change (*cut*, *read*).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

# A word, then its forms.
_FORMS: Final = """
    arise arose arisen / awake awoke awoken / become became / begin began begun / bend bent / bleed bled
    blow blew blown / break broke broken / breed bred / bring brought / build built / burn burnt / buy bought
    catch caught / choose chose chosen / cling clung / come came / creep crept / deal dealt / dig dug
    draw drew drawn / dream dreamt / drink drank drunk / drive drove driven / eat ate eaten / fall fell fallen
    feed fed / fight fought / find found / flee fled / fly flew flown / forbid forbade forbidden
    foresee foresaw foreseen / forget forgot forgotten / forgive forgave forgiven / freeze froze frozen
    get got gotten / give gave given / go went gone / grow grew grown / hang hung / hear heard / hide hid hidden
    hold held / keep kept / know knew known / lay laid / lead led / lean leant / leap leapt / learn learnt
    lend lent / light lit / lose lost / make made / mean meant / meet met / mistake mistook mistaken / mow mown
    outgrow outgrew outgrown / overcome overcame / overdraw overdrew overdrawn / override overrode overridden
    oversee oversaw overseen / overtake overtook overtaken / overthrow overthrew overthrown / pay paid
    prove proven / rebuild rebuilt / repay repaid / resell resold / rewrite rewrote rewritten / ride rode ridden
    ring rang rung / rise rose risen / run ran / say said / see seen / seek sought / sell sold / send sent
    sew sewn / shake shook shaken / shine shone / shoot shot / show shown / shrink shrank shrunk / sing sang sung
    sink sank sunk / sit sat / sleep slept / smell smelt / speak spoke spoken / spell spelt / spend spent
    spill spilt / spin spun / spoil spoilt / stand stood / steal stole stolen / stick stuck / strike struck
    strive strove striven / swear swore sworn / sweep swept / swell swollen / swim swam swum / swing swung
    take took taken / teach taught / tear tore torn / tell told / think thought / throw threw thrown
    undergo underwent undergone / understand understood / undertake undertook undertaken / undo undid undone
    uphold upheld / wake woke woken / wear wore worn / weep wept / win won / withdraw withdrew withdrawn
    withhold withheld / withstand withstood / write wrote written / analysis analyses / appendix appendices
    basis bases / child children / crisis crises / criterion criteria / foot feet / half halves
    hypothesis hypotheses / index indices / knife knives / man men / matrix matrices / mouse mice
    phenomenon phenomena / shelf shelves / synthesis syntheses / thesis theses / thief thieves / tooth teeth
    wife wives / wolf wolves / woman women / chairman chairmen / chairwoman chairwomen / craftsman craftsmen
    fireman firemen / foreman foremen / freshman freshmen / gentleman gentlemen / policeman policemen
    yourself yourselves / policewoman policewomen / salesman salesmen / spokesman spokesmen
    spokeswoman spokeswomen / workman workmen / grandchild grandchildren / schoolchild schoolchildren
    """


def entries(table: str) -> Iterator[list[str]]:
    """The entries of a table of words, parted by strokes and line ends: each a word and what belongs to it."""
    return (entry.split() for line in table.strip().splitlines() for entry in line.split("/"))


_BASES: Final = {form: base for base, *forms in entries(_FORMS) for form in forms}


def base_form(word: str) -> str:
    """The word that a lower-case English word is an irregular form of; the word itself where it is none.

    >>> base_form("kept"), base_form("children"), base_form("left")
    ('keep', 'child', 'left')
    """
    return _BASES.get(word, word)
