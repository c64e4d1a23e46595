"""How the pages look to one person, and the keys that work on them: kept in the browser, and done there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from streamlit import config
from streamlit.url_util import make_url_path

from rag.ui.components import component
from rag.ui.texts import Texts

_WORDS: Final = (
    *("title", "theme", "system", "light", "dark", "size", "normal", "large", "larger", "largest"),
    *("keys_title", "keys_on", "keys_list", "key_ask", "key_previous", "key_next", "key_close", "key_list", "done"),
)
_preferences = component("preferences", "preferences", '<div class="preferences"></div>')


def draw_preferences(texts: Texts, pages: Iterable[str]) -> None:
    """Theme, text size and keys, at the end of the sidebar. Streamlit keeps the theme of each page apart."""
    base = config.get_option("server.baseUrlPath") or ""
    paths = [make_url_path(base, "" if page == "chat" else page) for page in pages]
    _preferences(
        key="preferences",
        data={"paths": paths, "words": {name: texts(f"preferences.{name}") for name in _WORDS}},
    )
