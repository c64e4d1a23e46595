"""Open WebUI through its own HTTP interface: an account, a collection with PDFs, questions to it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.serving import free_port

MODEL = "measured"
_ENDS = ("completed", "failed")


class OpenWebUI:
    """A running one, with an empty collection."""

    def __init__(self, address: str, pid: int) -> None:
        self.pid = pid
        self._http = httpx.Client(base_url=address, timeout=900)
        person = {"name": "Reader", "email": "reader@example.com", "password": "Reads-all-day-1"}
        self._http.headers["Authorization"] = f"Bearer {self._call('POST', 'auths/signup', json=person)['token']}"
        made = self._call("POST", "knowledge/create", json={"name": "Documents", "description": "PDFs"})
        self._collection = str(made["id"])

    def _call(self, method: str, path: str, **options: Any) -> Any:
        answer = self._http.request(method, f"/api/v1/{path}", **options)
        answer.raise_for_status()
        return answer.json()

    def read(self, file: Path) -> None:
        """Upload a PDF as its page does, and wait until it can be found."""
        given = {"metadata": json.dumps({"knowledge_id": self._collection})}
        files = {"file": (file.name, file.read_bytes(), "application/pdf")}
        sent = self._call("POST", "files/", files=files, data=given)
        while (state := self._call("GET", f"files/{sent['id']}/process/status")["status"]) not in _ENDS:
            time.sleep(0.2)
        if state == "failed":
            raise RuntimeError(f"{file.name}: {state}")

    def writes_queries(self, yes: bool) -> None:
        """Whether the model writes what is searched for, as it does by default."""
        config = self._call("GET", "tasks/config")
        config["ENABLE_RETRIEVAL_QUERY_GENERATION"] = yes
        self._call("POST", "tasks/config/update", json=config)

    def pages(self, question: str, count: int) -> list[tuple[str, int]]:
        """File and page of what its search finds; it counts pages from 0."""
        body = {"collection_names": [self._collection], "query": question, "k": count, "hybrid": False}
        found = self._call("POST", "retrieval/query/collection", json=body)
        return [(one.get("name") or one["source"], int(one["page"]) + 1) for one in found["metadatas"][0]]

    def chat(self, questions: Sequence[str], tokens: int) -> list[dict[str, Any]]:
        """A chat: of each question the seconds until its sources, its first word and its end, and the answer."""
        messages: list[dict[str, str]] = []
        turns = []
        for question in questions:
            messages.append({"role": "user", "content": question})
            turns.append(self._asked(messages, tokens))
            messages.append({"role": "assistant", "content": turns[-1]["text"]})
        return turns

    def _asked(self, messages: list[dict[str, str]], tokens: int) -> dict[str, Any]:
        body = {"model": MODEL, "messages": messages, "stream": True, "temperature": 0, "max_tokens": tokens}
        body["files"] = [{"type": "collection", "id": self._collection}]
        turn: dict[str, Any] = {"at": time.time(), "text": ""}
        began = time.perf_counter()
        with self._http.stream("POST", "/api/chat/completions", json=body) as answer:
            for line in answer.iter_lines():
                if not line.startswith("data: {"):
                    continue
                event, now = json.loads(line[6:]), time.perf_counter() - began
                if "sources" in event:
                    turn.setdefault("evidence", now)
                for choice in event.get("choices") or ():
                    if piece := (choice.get("delta") or {}).get("content"):
                        turn.setdefault("first_word", now)
                        turn["text"] += piece
        return turn | {"end": time.perf_counter() - began}


@contextmanager
def running(venv: Path, folder: Path, embedder: Path, models: str) -> Iterator[tuple[OpenWebUI, float]]:
    """It and the seconds of its start, by its defaults but for the embedder and the model's address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    given = {"DATA_DIR": str(folder / "data"), "RAG_EMBEDDING_MODEL": str(embedder), "HF_HUB_OFFLINE": "1"}
    given |= {"OPENAI_API_BASE_URL": models, "OPENAI_API_KEY": "none", "ENABLE_OLLAMA_API": "false"}
    given |= {"WEBUI_SECRET_KEY": "measured", "ANONYMIZED_TELEMETRY": "false", "DO_NOT_TRACK": "true"}
    (folder / "data").mkdir(parents=True)
    command = [str(venv / "bin" / "open-webui"), "serve", "--host", "127.0.0.1", "--port", str(port)]
    began = time.perf_counter()
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, env={**os.environ, **given}, stdout=log, stderr=log)
    try:
        while process.poll() is None:
            try:
                if httpx.get(f"{address}/health", timeout=1).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        httpx.get(address).raise_for_status()
        seconds = time.perf_counter() - began
        yield OpenWebUI(address, process.pid), seconds
    finally:
        process.terminate()
        process.wait(timeout=30)
