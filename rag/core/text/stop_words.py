"""Stop words of English, German and Chinese."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from rag.core.text.scripts import Language

_ENGLISH: Final = """
    a about above after again all also although am among an and another any are as at be because been before being
    below between both but by can could describe did do does doing during each either etc explain for from further
    give had has have having he her here hers herself him himself his how i if in into is it its itself just know let
    like many may me might more most much must my myself name need no nor not now of off on once one only or other our
    ours out over own per please s same shall she should so some such t tell than that the their theirs them then there
    these they this those through to too under until up upon us use used using very want was we were what when where
    whether which while who whom whose why will with within without would you your yours
    cannot don't doesn't didn't isn't aren't wasn't weren't can't couldn't won't wouldn't shouldn't hasn't haven't
    hadn't mustn't needn't i'm i've i'll we're you're they're there's here's what's who's where's that's it's"""

_GERMAN: Final = """
    ab aber alle allem allen aller alles als also am an andere anderen anderer anderes auch auf aus außer außerdem bei
    beim beschreibe beschreiben bin bis bist bitte bloß bzw da dabei dadurch dafür daher damit danach dann daran darauf
    darf darum das dass dazu dein deine dem den denen denn der deren des dessen dich die dies diese diesem diesen dieser
    dieses dir doch dort du durch dürfen ein eine einem einen einer eines er erkläre erklären es etwa etwas euch euer
    falls für gab geben gegen gern gibt gilt habe haben hat hatte hatten her hier hin hinter ich ihm ihn ihnen ihr ihre
    ihrem ihren ihrer im in indem ins ist ja je jede jedem jeden jeder jedes jedoch jene jenem jenen jener jenes kann
    kein keine keinem keinen keiner können könnte könnten lassen lässt man mehr mein meine meinem meinen meiner mich mir
    mit muss müssen nach nenne nennen nicht nichts noch nun nur ob oder ohne per pro sehr sei seid sein seine seinem
    seinen seiner seit sich sie sind so sobald sofern sogar solche soll sollen sollte sollten sonst soweit sowie sowohl
    über um und uns unser unsere unter usw viel viele vielen vom
    von vor wann war waren warum was wegen weil welche welchem welchen
    welcher welches wem wen wenn wer werde werden wessen wie wieder wieso wieviel will wir wird wo woher wohin wollen
    worden wurde wurden würde würden zu zum zur zwar zwischen"""

STOP_WORDS: Final[Mapping[Language, frozenset[str]]] = {
    "en": frozenset(_ENGLISH.split()),
    "de": frozenset(_GERMAN.split()),
    # For the Latin words of Chinese texts; Chinese stop words are removed before segmentation, see below.
    "zh": frozenset(_ENGLISH.split()),
}
# Stop words of only one of the two languages, for language detection.
ENGLISH_ALONE: Final = STOP_WORDS["en"] - STOP_WORDS["de"]
GERMAN_ALONE: Final = STOP_WORDS["de"] - STOP_WORDS["en"]

CHINESE: Final = re.compile(
    "什么时候|为什么|是不是|有没有|能不能|什么样|哪一|多少|什么|甚么|怎么|怎样|如何|哪里|哪儿|哪个|哪些|哪年|哪位|何时|何地|何处|何人|为何|多久|多大|"
    "多长|请问|告诉|介绍|一下|以及|或者|关于|对于|由于|因为|所以|但是|还是|可以|他们|她们|它们|我们|你们|这个|那个|这些|那些|"
    "[的了吗呢吧啊是在和与及或被把从向对于而也都就又还很谁几哪何之其该此这那他她它我你您有由以为]"
)
