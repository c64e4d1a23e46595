"""A real Milvus server for a test, which can be killed and started again over the same data.

It is Milvus Lite, which speaks Milvus' protocol and keeps its data in one folder. FOOTNOTE_MILVUS names the command of
another one, with {folder} and {port} in it.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.core.errors import VectorsLacking
from rag.library.index import Milvus
from tests.support.serving import free_port

_LITE = f"{Path(sys.executable).with_name('milvus-lite')} server --data-dir {{folder}} --host 127.0.0.1 --port {{port}}"


class Server:
    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self.address = f"milvus://127.0.0.1:{self._port}"

    def start(self) -> None:
        command = os.environ.get("FOOTNOTE_MILVUS", _LITE).format(folder=self._folder, port=self._port)
        with self._folder.with_suffix(".log").open("ab") as said:
            # A group of its own: the command may be a program that starts the server.
            self._process = subprocess.Popen(shlex.split(command), stdout=said, stderr=said, start_new_session=True)
        for _ in range(120):
            try:
                Milvus(self.address, pause=0).names()
            except VectorsLacking:
                time.sleep(0.5)
            else:
                return
        raise TimeoutError(self.address)

    def kill(self) -> None:
        """As a power cut would."""
        os.killpg(self._process.pid, 9)
        self._process.wait(30)


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    made = Server(folder)
    made.start()
    try:
        yield made
    finally:
        made.kill()
