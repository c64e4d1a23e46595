"""The model that both sides write with: llama.cpp's server behind an OpenAI-compatible address, and what it was asked.

Between the server and those who ask stands a proxy that writes down each call. Headers of streams go out at once, the
best case for a program that shows something then.
"""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support.serving import free_port

ALIAS = "measured"
# What llama.cpp's server says of a call. Without a hit it has read the whole prompt.
_HIT = re.compile(r"(\d+) prefix-match hit, remaining (\d+) prompt tokens")
_READ = re.compile(r"prompt eval time =\s*[\d.]+ ms /\s*(\d+) tokens")


class ModelServer:
    """The address for those who ask, the calls so far, and the server behind it, which `renew` starts anew."""

    def __init__(self, python: Path, model: Path, threads: int, log: Path) -> None:
        self.port, self.log = free_port(), log
        self.calls: list[dict[str, Any]] = []
        self._command = [str(python), "-m", "llama_cpp.server", "--model", str(model), "--model_alias", ALIAS]
        self._command += ["--host", "127.0.0.1", "--port", str(self.port), "--n_ctx", "8192", "--verbose", "true"]
        self._command += ["--n_threads", str(threads), "--n_threads_batch", str(threads)]
        self._command += ["--interrupt_requests", "false"]
        self._process: subprocess.Popen[bytes] | None = None
        self._proxy = _Proxy(self)
        threading.Thread(target=self._proxy.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._proxy.server_address[1]}/v1"

    def since(self, moment: float) -> list[dict[str, Any]]:
        return [call for call in self.calls if call["at"] >= moment]

    def renew(self) -> None:
        """A server that remembers nothing of what was asked before."""
        self.close()
        with self.log.open("ab") as said:
            self._process = subprocess.Popen(self._command, stdout=said, stderr=said)
        while self._process.poll() is None:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
                connection.request("GET", "/v1/models")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.1)
        raise SystemExit(f"the model server did not start: see {self.log}")

    def close(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=30)
            self._process = None


class _Proxy(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, told: ModelServer) -> None:
        super().__init__(("127.0.0.1", 0), _Call)
        self.told = told


class _Call(BaseHTTPRequestHandler):
    server: _Proxy

    def do_GET(self) -> None:
        self._forward(b"")

    def do_POST(self) -> None:
        self._forward(self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def _forward(self, body: bytes) -> None:
        began, start = time.time(), self.server.told.log.stat().st_size
        stream = bool(body) and bool(json.loads(body).get("stream"))
        if stream:
            self._head(200, "text/event-stream")
        inside = http.client.HTTPConnection("127.0.0.1", self.server.told.port, timeout=900)
        inside.request(self.command, self.path, body or None, {"Content-Type": "application/json"})
        answer = inside.getresponse()
        if not stream:
            self._head(answer.status, answer.getheader("Content-Type") or "application/json")
        try:
            while piece := answer.readline() if stream else answer.read():
                self.wfile.write(piece)
                self.wfile.flush()
        except OSError:
            # Who asked has gone; the server writes to its end.
            answer.read()
        inside.close()
        if body:
            with self.server.told.log.open("rb") as log:
                log.seek(start)
                self.server.told.calls.append({"at": began, "end": time.time(), **_tokens(log.read().decode())})

    def _head(self, status: int, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _tokens(log: str) -> dict[str, int]:
    """Of one call: tokens that the server remembered, and those that it read."""
    if hit := _HIT.findall(log):
        return {"remembered": int(hit[-1][0]), "read": int(hit[-1][1])}
    read = _READ.findall(log)
    return {"remembered": 0, "read": int(read[-1])} if read else {}
