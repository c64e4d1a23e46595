"""What of a web page is its main part, and what surrounds it: menus, banners, bars of links.

A part is told by what is in it, not by how it is called: a section named "share" that holds sentences is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import trafilatura
from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, PreformattedString, Tag

from rag.ingestion.loading.text_flow import Written
from rag.ingestion.loading.web_styles import Styles
from rag.ingestion.loading.web_tags import BLOCKS, HEADINGS
from rag.ingestion.loading.web_text import render

_NAVIGATES: Final = {"navigation", "menu", "menubar", "search", "toolbar"}
_FRAMES: Final = {"banner", "contentinfo"}
_BAR: Final = re.compile(
    r"(?:^|[\s_-])(?:breadcrumbs?|navbar|nav|menu|sidebar|footer|share|sharing|social|pagination|pager|tags?|related|"
    r"toolbar|skip|promo|newsletter|subscribe|recirc|outbrain|taboola)(?:[\s_-]|$)"
)
_COOKIES: Final = re.compile(
    r"cookie[\s_-]?(?:banner|bar|notice|consent|popup|modal|overlay|message|alert|law|info|wall|dialog|policy-banner)|"
    r"(?:consent|gdpr)[\s_-]?(?:banner|bar|notice|popup|modal|overlay|dialog|manager)|onetrust|cookiebot|didomi|"
    r"usercentrics|truste|cmp[\s_-](?:container|wrapper|banner)",
    re.IGNORECASE,
)
_RIGHTS: Final = re.compile(
    r"©|\(c\)|\bcopyright\b|all rights reserved|alle rechte vorbehalten|版权所有", re.IGNORECASE
)
_SENTENCE: Final = re.compile(r"\w[.!?](?:\s|$)|[。！？]")
_FIGURE: Final = re.compile(r"\d")
_PARTS: Final = ("article", "main", "section", "li", "td", "blockquote", "figure", "details", "dd")
_UNREAD: Final = ("script", "style", "noscript", "template", "svg")
_ALNUM: Final = re.compile(r"[\W_]+")

# Parts that can hold others, and what such begin with that lead away from the page.
_HOLDERS: Final = {"div", "section", "aside", "ul", "ol", "form", "article", "footer", "header", "center"}
_THREAD: Final = re.compile(r"(?:^|[\s_-])(?:comments|commentlist|comment-list|disqus\w{0,20}|respond)(?:[\s_-]|$)")
_MORE: Final = re.compile(
    r"\s*+(?:related|more (?:stories|from|in|on|news|about)|read (?:more|next|also)|recommended|up next|latest|popular|"
    r"most (?:read|popular|viewed)|trending|you (?:may|might) (?:also )?like|sign up|subscribe|newsletter|sponsored|"
    r"leave a (?:reply|comment)|\d{0,5} ?comments\b|advertisement|follow us|share (?:this|on)|mehr zum thema|"
    r"das könnte|相关|推荐|延伸阅读)",
    re.IGNORECASE,
)
_SEVERAL: Final = 3
_TEASED: Final = 0.25  # share of a part that links are, where it is made of teasers

_SHORT: Final = 1500  # characters of a page of which all is read but its menus
_FEW_LINKS: Final = 0.1  # for letters of words: such a page is a document, and no part of a site
_SHARE: Final = 0.2  # of the letters that are no links, which a main part has at least
_COVERED: Final = 0.75
_TOLD_BY: Final = 15  # letters by which a block is known among others
_TWICE: Final = 30
_FEW_WORDS: Final = 15
_SMALL_PRINT: Final = 60  # words beside a copyright that are still no text


def main_text(source: str, soup: BeautifulSoup) -> Written:
    """The page's main text.

    On a short page, and on one with few links, it is all that is no menu or banner. On others trafilatura tells where
    the article stands; what it leaves out there is text all the same, if it is no bar of links.
    """
    root = soup.body or soup
    styles = Styles(soup)
    whole_length = len(_letters(root))
    around = {id(tag) for tag in _surroundings(root, whole_length)}
    whole = render(root, styles, around)
    if len(whole.text) < _SHORT:
        return whole
    linked = sum(len(_ALNUM.sub("", _letters(link))) for link in root.find_all("a"))
    words = len(_ALNUM.sub("", whole.text)) - linked
    if linked < _FEW_LINKS * words:
        return whole
    chosen = trafilatura.extract(
        source, output_format="txt", include_comments=False, include_tables=True, favor_recall=True
    )
    place = _place_of(root, _ALNUM.sub("", chosen or ""), around, words)
    if place is None:
        return whole
    return render(root, styles, around | set(_strays(root, *place)))


def _letters(tag: Tag) -> str:
    """The words of a tag, without scripts."""
    return "".join(
        string
        for string in tag.strings
        if not isinstance(string, PreformattedString) and (string.parent is None or string.parent.name not in _UNREAD)
    )


def _place_of(root: Tag, chosen: str, around: set[int], words: int) -> tuple[Tag, set[int]] | None:
    """The smallest tag in which most of what was chosen stands, and the ids of the tags that hold some of it.

    `words` is how many letters of the page are no links. None where less was chosen than a main part has.
    """
    found: dict[int, int] = {}
    for block, strings in _own_words(root, around).values():
        # A block is known as a whole, or by the strings of it where something else stands among them.
        letters = [_ALNUM.sub("", string) for string in strings]
        whole = "".join(letters)
        letters = [whole] if whole in chosen else letters
        known = sum(len(part) for part in letters if len(part) >= _TOLD_BY and part in chosen)
        for tag in (block, *block.parents) if known else ():
            found[id(tag)] = found.get(id(tag), 0) + known
    most = found.get(id(root), 0)
    if most < _SHARE * max(words, _SHORT):
        return None
    place = root
    while inner := [c for c in place.children if isinstance(c, Tag) and found.get(id(c), 0) >= _COVERED * most]:
        place = inner[0]
    return place, set(found)


def _own_words(root: Tag, around: set[int]) -> dict[int, tuple[Tag, list[str]]]:
    """The strings of each block that stand in no block inside of it, by its id."""
    words: dict[int, tuple[Tag, list[str]]] = {}
    stack: list[tuple[PageElement, Tag]] = [(root, root)]
    while stack:
        node, block = stack.pop()
        if isinstance(node, NavigableString):
            if not isinstance(node, PreformattedString):
                words.setdefault(id(block), (block, []))[1].append(node)
        elif isinstance(node, Tag) and node.name not in _UNREAD and id(node) not in around:
            inner = node if node.name in BLOCKS or node.name in ("td", "th", "pre") else block
            stack += [(child, inner) for child in reversed(list(node.children))]
    return words


def _strays(root: Tag, main: Tag, chosen: set[int]) -> Iterator[int]:
    """What of a page is no text: beside the main part all that was not chosen, and in it the bars of links."""
    read: set[str] = set()
    stack = [(root, root is main)]
    while stack:
        tag, inside = stack.pop()
        for child in tag.children:
            if not isinstance(child, Tag) or child.name in _UNREAD:
                continue
            if id(child) in chosen:
                stack.append((child, inside or child is main))
            elif inside and not _leads_away(child):
                yield from _again(child, read)
            elif child.name != "h1" or inside:
                yield id(child)


def _leads_away(tag: Tag) -> bool:
    """Whether a part that was not chosen is no text of the page: bars, teasers of others, what readers wrote."""
    if tag.name not in BLOCKS or tag.name in HEADINGS:
        return False
    if _is_bar(tag):
        return True
    if tag.name not in _HOLDERS:
        return False
    names = " ".join([str(tag.get("id", "")), *map(str, tag.get_attribute_list("class"))]).lower()
    if _THREAD.search(names) and len(tag.select("[class*=comment], [id*=comment]")) >= _SEVERAL:
        return True
    links = [len(_letters(link)) for link in tag.find_all("a")]
    if len(links) >= _SEVERAL and sum(links) > _TEASED * len(_letters(tag)):
        return True
    asks = tag.find("input", type=["email", "search"]) is not None and len(_letters(tag).split()) < _SMALL_PRINT
    return asks or (bool(links or asks) and _MORE.match(_letters(tag)) is not None)


def _again(tag: Tag, read: set[str]) -> Iterator[int]:
    """Blocks whose words stood there before, as under a picture's small and large form."""
    for block in (tag, *tag.find_all(list(BLOCKS))):
        letters = _ALNUM.sub("", _letters(block)) if block.find(list(BLOCKS)) is None else ""
        if len(letters) > _TWICE and letters in read:
            yield id(block)
        read.add(letters)


def _surroundings(root: Tag, whole: int) -> Iterator[Tag]:
    """The outermost tag of each menu, banner and bar; none that is half of the page."""
    inside: set[int] = set()
    for tag in root.find_all(True):
        if not isinstance(tag, Tag) or tag.name in _UNREAD:
            continue
        if tag.parent is not None and id(tag.parent) in inside:
            inside.add(id(tag))
        elif (most := _surrounds(tag)) and len(_letters(tag)) < most * whole:
            inside.add(id(tag))
            yield tag


def _surrounds(tag: Tag) -> float:
    """Up to which share of the page it may be and is still no text of it; 0 where it is text however little."""
    role = str(tag.get("role", ""))
    if tag.name == "nav" or role in _NAVIGATES:
        return 0.5
    names = " ".join([str(tag.get("id", "")), *map(str, tag.get_attribute_list("class"))]).lower()
    if names.strip() and _COOKIES.search(names):
        return 0.9
    if tag.name in ("header", "footer") or role in _FRAMES:
        return 0.5 * _frames(tag)
    if tag.name == "aside" or role == "complementary" or _BAR.search(names):
        return 0.5 * (tag.name not in HEADINGS and _is_bar(tag))
    return 0


def _frames(tag: Tag) -> bool:
    """Whether a header or footer belongs to the site: it stands in no part of the page, and says little but links."""
    if tag.find_parent(_PARTS) is not None:
        return _is_bar(tag)
    if tag.name == "header" and tag.find(list(HEADINGS)) is not None:
        return False
    words = _words_beside_links(tag)
    said = " ".join(words)
    if _is_bar(tag) or (len(words) < _FEW_WORDS and not (_SENTENCE.search(said) or _FIGURE.search(said))):
        return True
    return bool(_RIGHTS.search(said)) and len(words) < _SMALL_PRINT


def _is_bar(tag: Tag) -> bool:
    """Whether it is made of links and buttons, with hardly a sentence beside them."""
    words = _words_beside_links(tag)
    if tag.name == "p":
        return not words and tag.find("a") is not None
    total = len(_letters(tag).split())
    if not total:
        return tag.find(["img", "input", "math", "pre"]) is None
    if len(words) >= _FEW_WORDS and len(words) > 0.5 * total:
        return False
    return len(words) < 0.4 * total or (tag.find("a") is not None and not _SENTENCE.search(" ".join(words)))


def _words_beside_links(tag: Tag) -> list[str]:
    words: list[str] = []
    for string in tag.strings:
        if isinstance(string, PreformattedString):
            continue
        parent = string.parent
        while parent is not None and parent is not tag and parent.name not in ("a", "button", *_UNREAD):
            parent = parent.parent
        if parent is tag or parent is None:
            words += string.split()
    return words
