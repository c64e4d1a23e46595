"""Month names in English and German, with their abbreviations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_ENGLISH: Final = "january february march april may june july august september october november december"
_GERMAN: Final = "januar februar märz april mai juni juli august september oktober november dezember"
# Month names in lower case and abbreviations without the full stop → English name.
MONTHS: Final[Mapping[str, str]] = {
    form: month
    for month, german in zip(_ENGLISH.split(), _GERMAN.split(), strict=True)
    for form in (month, month[:3], german, german[:3])
} | {"sept": "september", "jänner": "january", "maerz": "march"}
# For case-insensitive patterns: any of the names, longest first.
MONTH: Final = "|".join(sorted(MONTHS, key=len, reverse=True))

_CAPITALISED: Final = re.compile(r"\b[A-ZÄÖÜ][a-zäöü]{2,8}\b")


def months(text: str) -> set[str]:
    """The months that a text names with a capital, as English names.

    >>> sorted(months("From 3. Mai to Dec. 3, as may be."))
    ['december', 'may']
    """
    return {MONTHS[name] for word in _CAPITALISED.findall(text) if (name := word.lower()) in MONTHS}
