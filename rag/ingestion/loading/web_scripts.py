"""Whether a web page holds its text, or a script would have to fetch it first."""

from __future__ import annotations

import re
from typing import Final

from bs4 import BeautifulSoup
from bs4.element import Tag

_NEAR_EMPTY: Final = 300  # characters
_INLINE: Final = 40  # characters of a script that can do something
_DATA: Final = ("json", "template", "text/html", "math/")
_ASKED: Final = re.compile(
    r"(?:enable|activate|turn on|require[sd]?|needs?|without|supports?|aktivier|benötig|启用|啟用|需要|打开|开启)"
    r".{0,40}?javascript"
    r"|javascript.{0,40}?(?:enable|activ|require|disabled|turned off|aktivier|deaktivier|benötig|启用|啟用|关闭|支持)",
    re.IGNORECASE,
)
_WAITING: Final = re.compile(
    r"(?:please wait|loading|just a moment|redirecting|wird geladen|bitte warten|正在加载|加载中|请稍候)[\s.…!]{0,10}",
    re.IGNORECASE,
)
_FILLED: Final = "root app __next __nuxt ___gatsby app-root react-root main-app mount svelte q-app ember-app"
_ROOTS: Final = frozenset(_FILLED.split())


def needs_script(soup: BeautifulSoup, text: str) -> bool:
    """Whether a page of hardly any text says, or shows by how it is made, that a script fills it."""
    if len(text) > _NEAR_EMPTY or not any(map(acts, soup.find_all("script"))):
        return False
    asked = [tag.get_text(" ") for tag in soup.find_all("noscript")]
    return (
        any(_ASKED.search(said) for said in (text, *asked))
        or any(map(_is_root, soup.find_all(True)))
        or says_nothing(text)
    )


def says_nothing(text: str) -> bool:
    """Whether the text only asks for JavaScript or for patience."""
    said = [line for line in text.split("\n") if line.strip() and not _ASKED.search(line)]
    return not any(letter.isalnum() for letter in _WAITING.sub("", " ".join(said)))


def acts(script: Tag) -> bool:
    type_ = str(script.get("type", "")).lower()
    if any(data in type_ for data in _DATA):
        return False
    return bool(script.get("src")) or len(script.get_text()) > _INLINE


def _is_root(tag: Tag) -> bool:
    """A tag that a script fills: known by its id, or one of a program's own, and empty but for a word of waiting."""
    named = str(tag.get("id", "")).lower() in _ROOTS or (tag.name.endswith(("-root", "-app")) and "-" in tag.name)
    return named and says_nothing(tag.get_text(" "))
