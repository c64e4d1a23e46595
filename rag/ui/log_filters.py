"""One line in the log where Streamlit refuses what came over a connection, instead of its own insides.

Anybody who reaches the server can have these records written, as many as they like. A fault of ours keeps its
traceback: only the records named here lose theirs.
"""

from __future__ import annotations

import logging
from typing import Final

from rag.core.errors import RagError

# The logger, how its record begins, and which exceptions in it are a refusal.
_REFUSALS: Final[tuple[tuple[str, str, type[BaseException] | tuple[type[BaseException], ...]], ...]] = (
    # What is no message at all.
    ("streamlit.web.server.starlette.starlette_websocket", "Error deserializing back message", Exception),
    # A message in letters, where bytes are spoken; and a browser that is gone in the middle of one.
    ("uvicorn.error", "Exception in ASGI application", (TypeError, KeyError, OSError)),
    ("streamlit.runtime.app_session", "Error processing back message", Exception),
    ("streamlit.components.v2.bidi_component.serialization", "Failed to deserialize", Exception),
    # A page that ended in words of ours, see `frame`.
    ("streamlit.error_util", "Uncaught app execution", RagError),
)

# Warns, with the stack of the page, of a widget whose value came beside its default: what a browser sent can cause it.
_WARNS: Final = "streamlit.elements.lib.policies"


class _OneLine(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == _WARNS:
            record.stack_info = None
        error = record.exc_info[1] if record.exc_info else None
        for name, begins, kinds in _REFUSALS:
            if record.name == name and isinstance(error, kinds) and record.getMessage().startswith(begins):
                said = error.key() if isinstance(error, RagError) else type(error).__name__
                record.msg, record.args = f"{begins}: {said}", ()
                record.exc_info = record.exc_text = record.stack_info = None
        return True


_filter: Final = _OneLine()


def keep_to_one_line() -> None:
    """From now on, in this process."""
    for name in {_WARNS, *(name for name, _, _ in _REFUSALS)}:
        logging.getLogger(name).addFilter(_filter)
