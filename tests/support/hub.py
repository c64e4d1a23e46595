"""A hub of our own on loopback: it lists files, gives them from any byte on, and misbehaves when told."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from rag.models.catalogue.sources import Source, source_for
from tests.support.serving import Reply, Served, serving

PIECE = 16_384
LLAMA = "TheBloke/Llama-2-7B-Chat-GGUF"
LLAMA_FILE = "llama-2-7b-chat.Q4_K_M.gguf"
# Content by which a file passes for GGUF; more is only looked at when it is loaded.
WEIGHTS = b"GGUF" + bytes(range(256)) * 4096


@dataclass
class Hub:
    """`files` holds the content by (repository, path). What it does wrong: `cuts` are the bytes after which the
    next answers break off; `lies` are contents given in place of the listed ones; `status` answers everything."""

    served: Served
    files: dict[tuple[str, str], bytes] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    lies: dict[str, bytes] = field(default_factory=dict)
    status: int = 200
    ranges: bool = True
    states_hashes: bool = True
    # Called before each piece, to be slow, to stop answering, or to act in the middle.
    before_piece: Callable[[int], None] = lambda sent: None

    def source(self, *, kind: str = "", quiet_seconds: float = 5) -> Source:
        found = source_for(f"{kind}http://{self.served.place}")
        return Source(found.kind, found.endpoint, found.intranet, found.token, quiet_seconds)

    @property
    def ranges_asked(self) -> list[str]:
        """The Range header of each request for a file, "" for none."""
        return [headers.get("Range", "") for path, headers in self.served.requests if "/resolve/" in path]

    def answer(self, path: str) -> Reply:
        if self.status != 200:
            return Reply(status=self.status)
        plain = urlsplit(path).path
        if plain.startswith("/api/v1/models/"):
            return self._json({"Data": {"Files": list(self._modelscope(plain[15:].removesuffix("/repo/files")))}})
        if plain.startswith("/api/models/"):
            return self._json(list(self._hub(plain[12:].removesuffix("/tree/main"))))
        repo, _, file = plain.removeprefix("/models/").lstrip("/").partition("/resolve/")
        content = self.files.get((repo, file.partition("/")[2]))
        return Reply(status=404) if content is None else self._file(self.lies.get(file.partition("/")[2], content))

    def _json(self, listing: object) -> Reply:
        found = listing if isinstance(listing, list) else listing["Data"]["Files"]  # type: ignore[index]
        return Reply(json.dumps(listing).encode(), 200 if found else 404, {"Content-Type": "application/json"})

    def _hub(self, repo: str) -> Iterator[dict[str, object]]:
        for (owner, path), content in self.files.items():
            if owner == repo:
                entry: dict[str, object] = {"type": "file", "path": path, "size": len(content)}
                if self.states_hashes and path.endswith((".gguf", ".safetensors")):
                    entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}
                elif self.states_hashes:
                    entry["oid"] = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
                yield entry

    def _modelscope(self, repo: str) -> Iterator[dict[str, object]]:
        for (owner, path), content in self.files.items():
            if owner == repo:
                sha256 = hashlib.sha256(content).hexdigest()
                yield {"Type": "blob", "Path": path, "Size": len(content), "Sha256": sha256}

    def _file(self, content: bytes) -> Reply:
        asked = self.served.requests[-1][1].get("Range", "") if self.ranges else ""
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        headers = {"Content-Length": str(len(content) - start)}
        if asked:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        end = start + self.cuts.pop(0) if self.cuts else len(content)
        return Reply(self._pieces(content[start:end]), 206 if asked else 200, headers)

    def _pieces(self, content: bytes) -> Iterator[bytes]:
        for start in range(0, len(content), PIECE):
            self.before_piece(start)
            yield content[start : start + PIECE]


def slowly(seconds: float) -> Callable[[int], None]:
    """A server that rests before each piece."""
    return lambda sent: time.sleep(seconds)


@contextmanager
def hub_serving() -> Iterator[Hub]:
    """The hub with a file of Llama-2's name, until the block ends."""
    holder: list[Hub] = []
    with serving(lambda path: holder[0].answer(path)) as served:
        holder.append(Hub(served, {(LLAMA, LLAMA_FILE): WEIGHTS}))
        yield holder[0]
