"""Components of ours: parts of the page that are drawn in the browser, from a style and a script beside this file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import streamlit as st

_HERE: Final = Path(__file__).parent


def component(name: str, file: str, html: str) -> Any:
    """What draws the component; `file` is the name of its style and its script, which has the functions of
    `element.js` too."""
    style, script, shared = (
        (_HERE / each).read_text(encoding="utf-8") for each in (f"{file}.css", f"{file}.js", "element.js")
    )
    return st.components.v2.component(f"footnote_{name}", html=html, css=style, js=f"{shared}\n{script}")
