"""The source panel beside the page: the place that a footnote points to, in its document.

It lives in the browser. A click on a footnote does not run the page's script: the answer component tells the panel,
and the panel asks `source_routes` for the page, with the person's rights looked at each time.
"""

from __future__ import annotations

from typing import Final

from rag.ui import answer_rating
from rag.ui.components import component
from rag.ui.file_addresses import address
from rag.ui.page_frame import Frame
from rag.ui.widget_values import event

_KEY: Final = "source-panel"
_WORDS: Final = (
    *("close", "previous", "next", "page", "of", "pages", "zoom_in", "zoom_out", "fit", "find", "read", "left_out"),
    *("note", "previous_note", "next_note", "download", "visit", "width", "loading", "gone", "failed", "right_place"),
)
_panel = component(
    "source", "source_panel", '<section class="panel" role="dialog" aria-modal="false" hidden></section>'
)


def draw_source_panel(page: Frame, chat: str = "") -> None:
    """The panel; it shows nothing until a footnote or a document is opened. Called once by a page.

    Args:
        chat: the chat that is shown; in another one the panel closes.
    """
    page.owner  # noqa: B018 - checks access
    _panel(
        key=_KEY,
        on_place_change=lambda: answer_rating.take_place(page, event(_KEY, "place")),
        data={
            "files": address(""),
            "language": page.texts.language,
            "chat": chat,
            **answer_rating.panel_data(page),
            "words": {name: page.texts(f"source.{name}") for name in _WORDS},
        },
    )
