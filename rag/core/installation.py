"""Where the program's own files lie, and where a user's do: in a checkout beside the code, installed apart from it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from platformdirs import user_data_path

# The folder that holds the package `rag`.
CODE: Final = Path(__file__).resolve().parents[2]
# What a wheel puts into the package, since the files beside it in a checkout have no place of their own there.
_BUNDLED: Final = CODE / "rag" / "installed"
INSTALLED: Final = _BUNDLED.is_dir()
# The folder of app.py, chat.py, pages/ and .streamlit/.
APP: Final = _BUNDLED if INSTALLED else CODE
SAMPLES: Final = APP / "data" / "samples"


def default_data_dir() -> Path:
    """Where the library lies unless RAG_DATA_DIR says otherwise."""
    return user_data_path("footnote", appauthor=False) if INSTALLED else CODE / "data" / "var"
