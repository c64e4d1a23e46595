"""Starting the app from the package, as `streamlit run app.py` does from a checkout."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def serve(script: Path, port: int) -> None:
    """Serve the app until the process is ended. Streamlit reads `.streamlit/config.toml` beside the script."""
    from streamlit.web import cli

    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    sys.argv = ["streamlit", "run", str(script), "--server.port", str(port)]
    cli.main()
