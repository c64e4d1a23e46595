"""A Milvus server, as far as it is needed here: shelves of vectors under the ids of chunks, and a mark on each.

What it says is a hint and never the truth. Whatever goes wrong with it is one error, VectorsLacking, and its log says
why. The client speaks gRPC, in C: its connections do not stand in the record that Python keeps.
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
from rag.library.index.vectors import Vectors

if TYPE_CHECKING:
    from pymilvus import MilvusClient

PORT: Final = 19530
# What Milvus gives back at most.
MOST: Final = 16_384

# A question waits no longer than this; then the server is left alone for a while, so that the next ones do not wait.
_SEARCH_SECONDS: Final = 5.0
_WRITE_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 10.0

# The row that is no chunk: its `document` is the mark.
_MARK: Final = 0
# What it says of a collection that is not there, or has no index.
_NOT_THERE: Final = (100, 700)
_NOT_LOADED: Final = 101

_log = logging.getLogger(__name__)


class Milvus:
    """The way to one server; nothing is opened before it is needed. Any number of threads may use it.

    Args:
        address: `milvus://[user:password@]host[:port][/database]`, or `milvus+tls://…`.
        pause: seconds in which a server that did not answer is not asked again.
    """

    def __init__(self, address: str, *, pause: float = _PAUSE_SECONDS) -> None:
        # As it is imported the client would read a `.env` file, and put all that is in it into the environment.
        os.environ.setdefault("PYTHON_DOTENV_DISABLED", "1")
        self._address = urlsplit(address)
        self.name = f"{self._address.hostname}:{self._address.port or PORT}"
        self._pause, self._again = pause, 0.0
        self._client: MilvusClient | None = None
        self._loaded: set[str] = set()
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """The shelves there are, whoever made them."""
        with self._asked() as client:
            return list(client.list_collections(timeout=_SEARCH_SECONDS))

    def make(self, name: str, dimension: int) -> None:
        """An empty shelf, in place of what is there by that name."""
        from pymilvus import DataType

        self.drop(name)
        with self._asked() as client:
            schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
            schema.add_field("id", DataType.INT64, is_primary=True)
            schema.add_field("document", DataType.VARCHAR, max_length=255)
            schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
            # Which kind of index is for Milvus to choose; unit vectors, so that the inner product is the cosine.
            indexes = client.prepare_index_params()
            indexes.add_index("vector", index_type="AUTOINDEX", metric_type="IP")
            indexes.add_index("document", index_type="INVERTED")
            # Strong: a search sees what was written before it, whoever wrote it.
            client.create_collection(
                name, schema=schema, index_params=indexes, consistency_level="Strong", timeout=_WRITE_SECONDS
            )

    def drop(self, name: str) -> None:
        """Remove a shelf, if there is one of that name."""
        with self._asked() as client:
            client.drop_collection(name, timeout=_WRITE_SECONDS)

    def mark(self, name: str) -> str:
        """What was last written on the shelf; empty where it is not there, or was never finished."""
        try:
            with self._shelf(name) as client:
                found = client.get(name, ids=[_MARK], output_fields=["document"], timeout=_SEARCH_SECONDS)
        except VectorsLacking as lacking:
            if _code(lacking.__cause__) in _NOT_THERE:
                return ""
            raise
        return str(found[0]["document"]) if found else ""

    def set_mark(self, name: str, text: str, dimension: int) -> None:
        self.put(name, [(_MARK, text, np.zeros(dimension, np.float32))])

    def search(self, name: str, vector: Vectors, limit: int, documents: Sequence[str] | None) -> list[int]:
        """The ids of the `limit` chunks nearest to a vector (dimension,), among those of these documents; nearly all.

        The mark may be one of them.
        """
        with self._shelf(name) as client:
            only = "" if documents is None else f"document in [{', '.join(map(_quoted, documents))}]"
            [hits] = client.search(name, [vector], filter=only, limit=limit, timeout=_SEARCH_SECONDS)
            return [int(hit["id"]) for hit in hits]

    def put(self, name: str, rows: Sequence[tuple[int, str, Vectors]]) -> None:
        """Write (chunk, document, vector); what has that id goes."""
        with self._shelf(name) as client:
            fields = [{"id": chunk, "document": document, "vector": vector} for chunk, document, vector in rows]
            client.upsert(name, fields, timeout=_WRITE_SECONDS)

    def count(self, name: str, low: int, high: int) -> int:
        """How many chunks with low < id <= high there are."""
        with self._shelf(name) as client:
            found = client.query(name, filter=_between(low, high), output_fields=["count(*)"], timeout=_WRITE_SECONDS)
            return int(found[0]["count(*)"])

    def ids(self, name: str, low: int, high: int) -> list[int]:
        """The chunks with low < id <= high, in no order; no more than MOST."""
        with self._shelf(name) as client:
            only = _between(low, high)
            found = client.query(name, filter=only, output_fields=["id"], limit=MOST, timeout=_WRITE_SECONDS)
            return [int(row["id"]) for row in found]

    def take(self, name: str, chunks: Sequence[int]) -> None:
        """Remove chunks."""
        with self._shelf(name) as client:
            client.delete(name, ids=list(chunks), timeout=_WRITE_SECONDS)

    def take_above(self, name: str, last: int) -> None:
        """Remove the chunks whose id is larger."""
        with self._shelf(name) as client:
            client.delete(name, filter=f"id > {last}", timeout=_WRITE_SECONDS)

    @contextmanager
    def _shelf(self, name: str) -> Iterator[MilvusClient]:
        """The client, and the shelf where it can be searched: a server that was started anew may not have it there."""
        with self._asked() as client:
            if name not in self._loaded:
                client.load_collection(name, timeout=_SEARCH_SECONDS)
                self._loaded.add(name)
            yield client

    @contextmanager
    def _asked(self) -> Iterator[MilvusClient]:
        """The client. Raises VectorsLacking where the server does not answer, or did not a moment ago."""
        if time.monotonic() < self._again:
            raise VectorsLacking
        from grpc import RpcError
        from pymilvus.exceptions import MilvusException

        try:
            yield self._connected()
        except (MilvusException, RpcError) as error:
            self._loaded.clear()
            if _code(error) not in (*_NOT_THERE, _NOT_LOADED):
                # A connection that broke is not mended but made anew.
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

    # It writes whole tracebacks, at every try; what is worth saying is said above.
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
    return MilvusClient(
        uri=f"{'https' if scheme.endswith('+tls') else 'http'}://{place}",
        user=unquote(address.username or ""),
        password=unquote(address.password or ""),
        db_name=address.path.strip("/"),
        timeout=_SEARCH_SECONDS,
        # A connection of its own, and not by way of a proxy that the environment may name.
        dedicated=True,
        grpc_options={"grpc.enable_http_proxy": 0},
    )


def _code(error: BaseException | None) -> object:
    """What a server that answers calls the error."""
    return getattr(error, "code", None)


def _between(low: int, high: int) -> str:
    return f"id > {low} and id <= {high}"


def _quoted(document: str) -> str:
    """A document's id as Milvus reads it; one that is no id is that of no document."""
    return f'"{document}"' if document.isalnum() else '""'
