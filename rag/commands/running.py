"""`footnote run`: the app in the browser."""

from __future__ import annotations

import sys
import threading
import time
import urllib.request
import webbrowser
from typing import Annotated, Final

import typer

from rag.core.installation import APP

_OPEN: Final = "Open the page in a browser when it is ready; by default where a person starts it in a terminal."
_LOOK_SECONDS: Final = 0.3
_LOOKS: Final = 300

app = typer.Typer()


@app.command()
def run(
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The port of this machine to serve at.")] = 8501,
    team: Annotated[bool, typer.Option("--team", help="Serve health, readiness and metrics too.")] = False,
    browser: Annotated[bool | None, typer.Option("--open/--no-open", help=_OPEN)] = None,
) -> None:
    """Open the app: ask your documents in the browser. Settings are read as ever, from RAG_… and .env."""
    from rag.ui.start import serve

    if browser or (browser is None and sys.stdout.isatty()):
        threading.Thread(target=_open_when_ready, args=(f"http://localhost:{port}",), daemon=True).start()
    serve(APP / ("serve.py" if team else "app.py"), port)


def _open_when_ready(address: str) -> None:
    for _ in range(_LOOKS):
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
        except OSError:
            time.sleep(_LOOK_SECONDS)
        else:
            webbrowser.open(address)
            return
