"""Client of a Milvus server: for each of our collections one in Milvus, of vectors by chunk id, with a watermark.

Milvus' answers are hints that the database verifies. Every failure is one error, VectorsLacking, and the log says why.
The client speaks gRPC in C, so that its connections are not in the connection log.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import numpy as np

from rag.core.errors import VectorsLacking
from rag.library.store.passages import Vectors

if TYPE_CHECKING:
    from pymilvus import MilvusClient

PORT: Final = 19530
# The largest result of one query that Milvus allows.
MOST: Final = 16_384

# Longest wait of a search. After a failure the server is not asked again for a while, so that searches stay fast.
_SEARCH_SECONDS: Final = 5.0
_WRITE_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 10.0

# The id of the row that is no chunk: its `document` is the watermark.
_WATERMARK: Final = 0
# Error codes of Milvus for a collection that does not exist or has no index.
_NOT_FOUND: Final = (100, 700)
_NOT_LOADED: Final = 101

_log = logging.getLogger(__name__)


class Milvus:
    """A thread-safe, lazily opened connection to one server.

    Args:
        address: `milvus://[user:password@]host[:port][/database]`, or `milvus+tls://…`.
        pause: seconds in which a server that did not answer is not asked again.
    """

    def __init__(self, address: str, *, pause: float = _PAUSE_SECONDS) -> None:
        # On import the client would load a `.env` file into the environment.
        os.environ.setdefault("PYTHON_DOTENV_DISABLED", "1")
        self._address = urlsplit(address)
        self.name = f"{self._address.hostname}:{self._address.port or PORT}"
        self._pause, self._again = pause, 0.0
        self._client: MilvusClient | None = None
        self._loaded: set[str] = set()
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """All collections on the server."""
        with self._call() as client:
            return list(client.list_collections(timeout=_SEARCH_SECONDS))

    def make(self, name: str, dimension: int) -> None:
        """Create an empty collection, replacing one of that name."""
        from pymilvus import DataType

        self.drop(name)
        with self._call() as client:
            schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
            schema.add_field("id", DataType.INT64, is_primary=True)
            schema.add_field("document", DataType.VARCHAR, max_length=255)
            schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
            # Milvus chooses the kind of index; vectors have unit length, so that the inner product is the cosine.
            indexes = client.prepare_index_params()
            indexes.add_index("vector", index_type="AUTOINDEX", metric_type="IP")
            indexes.add_index("document", index_type="INVERTED")
            # Strong: a search sees everything written before it, by any process.
            client.create_collection(
                name, schema=schema, index_params=indexes, consistency_level="Strong", timeout=_WRITE_SECONDS
            )

    def drop(self, name: str) -> None:
        """Remove a collection, if it exists."""
        with self._call() as client:
            client.drop_collection(name, timeout=_WRITE_SECONDS)

    def mark(self, name: str) -> str:
        """The watermark last written; empty where the collection does not exist or has none."""
        try:
            with self._collection(name) as client:
                rows = client.get(name, ids=[_WATERMARK], output_fields=["document"], timeout=_SEARCH_SECONDS)
        except VectorsLacking as lacking:
            if _code(lacking.__cause__) in _NOT_FOUND:
                return ""
            raise
        return str(rows[0]["document"]) if rows else ""

    def set_mark(self, name: str, text: str, dimension: int) -> None:
        self.put(name, [(_WATERMARK, text, np.zeros(dimension, np.float32))])

    def search(self, name: str, vector: Vectors, limit: int, documents: Sequence[str] | None) -> list[int]:
        """The ids of about the `limit` chunks nearest to a vector (dimension,), of these documents.

        The watermark's row may be one of them.
        """
        with self._collection(name) as client:
            only = "" if documents is None else f"document in [{', '.join(map(_quoted, documents))}]"
            [hits] = client.search(name, [vector], filter=only, limit=limit, timeout=_SEARCH_SECONDS)
            return [int(hit["id"]) for hit in hits]

    def put(self, name: str, rows: Sequence[tuple[int, str, Vectors]]) -> None:
        """Insert or replace rows of (chunk, document, vector)."""
        with self._collection(name) as client:
            fields = [{"id": chunk, "document": document, "vector": vector} for chunk, document, vector in rows]
            client.upsert(name, fields, timeout=_WRITE_SECONDS)

    def count(self, name: str, low: int, high: int) -> int:
        """The number of chunks with low < id <= high."""
        with self._collection(name) as client:
            rows = client.query(name, filter=_between(low, high), output_fields=["count(*)"], timeout=_WRITE_SECONDS)
            return int(rows[0]["count(*)"])

    def ids(self, name: str, low: int, high: int) -> list[int]:
        """The chunks with low < id <= high, unordered; no more than MOST."""
        with self._collection(name) as client:
            only = _between(low, high)
            rows = client.query(name, filter=only, output_fields=["id"], limit=MOST, timeout=_WRITE_SECONDS)
            return [int(row["id"]) for row in rows]

    def take(self, name: str, chunks: Sequence[int]) -> None:
        """Remove chunks."""
        with self._collection(name) as client:
            client.delete(name, ids=list(chunks), timeout=_WRITE_SECONDS)

    def take_above(self, name: str, last: int) -> None:
        """Remove all chunks with larger ids."""
        with self._collection(name) as client:
            client.delete(name, filter=f"id > {last}", timeout=_WRITE_SECONDS)

    @contextmanager
    def _collection(self, name: str) -> Iterator[MilvusClient]:
        """The client, once the collection is loaded, which a restarted server may not have done."""
        with self._call() as client:
            if name not in self._loaded:
                client.load_collection(name, timeout=_SEARCH_SECONDS)
                self._loaded.add(name)
            yield client

    @contextmanager
    def _call(self) -> Iterator[MilvusClient]:
        """The client. Raises VectorsLacking where a call fails, or one has failed a moment ago."""
        if time.monotonic() < self._again:
            raise VectorsLacking
        from grpc import RpcError
        from pymilvus.exceptions import MilvusException

        try:
            yield self._connected()
        except (MilvusException, RpcError) as error:
            self._loaded.clear()
            if _code(error) not in (*_NOT_FOUND, _NOT_LOADED):
                # A broken connection does not recover: the next call opens a new one.
                self._client, self._again = None, time.monotonic() + self._pause
                _log.warning("Milvus at %s cannot be used: %s", self.name, str(error).splitlines()[:1])
            raise VectorsLacking from error

    def _connected(self) -> MilvusClient:
        with self._lock:
            if self._client is None:
                self._client = _connect(self._address.scheme, self.name, self._address)
            return self._client


def _connect(scheme: str, place: str, address: Any) -> MilvusClient:
    from pymilvus import MilvusClient

    # It logs a traceback at every attempt; the warning above suffices.
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
    return MilvusClient(
        uri=f"{'https' if scheme.endswith('+tls') else 'http'}://{place}",
        user=unquote(address.username or ""),
        password=unquote(address.password or ""),
        db_name=address.path.strip("/"),
        timeout=_SEARCH_SECONDS,
        # A connection of its own, and no proxy from the environment.
        dedicated=True,
        grpc_options={"grpc.enable_http_proxy": 0},
    )


def _code(error: BaseException | None) -> object:
    """The server's error code, if it gave one."""
    return getattr(error, "code", None)


def _between(low: int, high: int) -> str:
    return f"id > {low} and id <= {high}"


def _quoted(document: str) -> str:
    """A document id as a string literal; anything that is no id becomes the empty string, which matches none."""
    return f'"{document}"' if document.isalnum() else '""'
