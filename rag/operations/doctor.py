"""Health checks of the library, the originals, the indexes, the models and the packages.

Only what can be rebuilt from the library is repaired: the full-text index, the vectors in Milvus, deliveries to
readers, and wrong snapshots of vectors, which are removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from rag.core.errors import LibraryError, ModelError, NotFound, VectorsLacking
from rag.core.types import Failure
from rag.library.store import DATABASE, Store
from rag.library.store.deliveries import deliver_lost, look
from rag.library.store.migrations import version
from rag.library.store.postgresql import PostgreSQL
from rag.models.catalogue import MULTILINGUAL, Choice, at_hand, embedder_facts, known

if TYPE_CHECKING:
    from rag.library.index.milvus_sync import MilvusSync

# A reader without a heartbeat for so long counts as dead.
_SILENT_SECONDS: Final = 30

# What the app imports, by module name; the package that runs models is only needed where one writes answers.
# fmt: off
PACKAGES: Final = [
    "bs4", "certifi", "charset_normalizer", "docx", "faiss", "httpcore", "idna", "jinja2", "langchain_core", "lxml",
    "numpy", "PIL", "pydantic_settings", "pypdfium2", "sentence_transformers", "sqlalchemy", "streamlit", "torch",
    "trafilatura", "transformers",
]
# fmt: on
RUNNER: Final = "llama_cpp"

_CONSISTENCY = """
    SELECT documents.name,
        documents.chunks = (SELECT count(*) FROM chunks WHERE chunks.document = documents.id)
        AND documents.pages = (SELECT count(*) FROM pages WHERE pages.document = documents.id)
        AND NOT EXISTS (SELECT 1 FROM chunks JOIN collections ON collections.id = chunks.collection
            WHERE chunks.document = documents.id AND {dimension} <> collections.dimension)
        AND NOT EXISTS (SELECT 1 FROM chunks WHERE chunks.document = documents.id
            AND (chunks.collection <> documents.collection OR chunks.owner <> documents.owner)) AS whole
    FROM documents ORDER BY documents.name"""

_DIMENSION: Final = {"sqlite": "length(chunks.vector) / 4.0", "postgresql": "vector_dims(chunks.vector)"}


@dataclass(frozen=True, slots=True)
class Check:
    """The result of a check. `name` and `fields` make its sentence; `error` says why it failed."""

    name: str
    ok: bool
    fields: dict[str, str | int] = field(default_factory=dict)
    error: Failure | None = None


def examine(
    data_dir: Path,
    url: str,
    writer: Callable[[], Choice | None],
    embedder: Callable[[], Choice],
    vectors: str = "",
    folders: Sequence[Path] = (),
) -> list[Check]:
    """Run all checks, in order of dependency.

    Args:
        url: the library's database, if it is not in `data_dir`.
        writer: gives the model that writes answers, None for quotes only; may raise ModelError, as `embedder` may.
        embedder: gives the embedding model.
        vectors: the server that searches the vectors, if it is not the library's own database.
        folders: the models folders.
    """
    model = _model(writer)
    packages = PACKAGES if model.name in ("model_none", "model_elsewhere") else [*PACKAGES, RUNNER]
    return [*_library(data_dir, url, vectors), *_embedder(embedder, folders), model, *_packages(packages)]


def _library(data_dir: Path, url: str, vectors: str) -> Iterator[Check]:
    if not url and not (data_dir / DATABASE).exists():
        yield Check("library_new", True, {"folder": str(data_dir)})
        return
    try:
        store = Store.open(data_dir, url, graphs=not vectors)
    except LibraryError as error:
        yield Check("library", False, error=error.failure())
        return
    try:
        yield Check("library", True)
        yield from _database(store)
        documents = list(_documents(store))
        yield from documents
        yield from _originals(store)
        if all(check.ok for check in documents):
            yield from _index(store, vectors)
    except LibraryError as error:
        yield Check("database", False, error=error.failure())
    finally:
        store.close()


def _database(store: Store) -> Iterator[Check]:
    whole = store.database.whole()
    with store.database.read() as connection:
        number = version(connection)
    yield Check("database", whole, error=None if whole else Failure("store_damaged", {"file": store.database.name}))
    yield Check("schema", True, {"version": number})
    if isinstance(store.database, PostgreSQL):
        yield _deliveries(store)


def _deliveries(store: Store) -> Check:
    """Whether every waiting job has a delivery; missing ones are made. Without readers that is no failure yet."""
    with store.database.read() as connection:
        waiting, lost, readers = look(connection, _SILENT_SECONDS)
    if lost:
        deliver_lost(store.database, _SILENT_SECONDS)
    if lost and readers:
        return Check("deliveries", False, {"count": lost})
    if waiting and not readers:
        return Check("readers", True, {"count": waiting})
    return Check("deliveries", True, {"count": waiting, "readers": readers})


def _documents(store: Store) -> Iterator[Check]:
    """Whether each document has the pages, chunks and vectors that its row says."""
    with store.database.read() as connection:
        dimension = _DIMENSION[connection.dialect.name]
        rows = connection.execute(sa.text(_CONSISTENCY.replace("{dimension}", dimension))).all()
        chunks = int(connection.exec_driver_sql("SELECT count(*) FROM chunks").scalar_one())
    for row in rows:
        if not row.whole:
            yield Check("document", False, {"name": row.name})
    if all(row.whole for row in rows):
        yield Check("documents", True, {"documents": len(rows), "chunks": chunks})


def _originals(store: Store) -> Iterator[Check]:
    """Whether the file of each document exists unaltered."""
    with store.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT sha256, min(name) FROM documents GROUP BY sha256 ORDER BY 2").all()
    missing = [name for sha256, name in rows if not _readable(store, sha256)]
    yield from (Check("original", False, {"name": name}) for name in missing)
    if not missing:
        yield Check("originals", True, {"count": len(rows)})


def _readable(store: Store, sha256: str) -> bool:
    try:
        store.files.read(sha256)
    except NotFound:
        return False
    return True


def _index(store: Store, elsewhere: str) -> Iterator[Check]:
    """Whether the rebuilt index agrees with the library."""
    from rag.library.index import MilvusIndex, open_index, rebuild_words, words_fit

    with store.database.read() as connection:
        counts = connection.exec_driver_sql("SELECT collection, count(*) FROM chunks GROUP BY collection").all()
    total = sum(count for _, count in counts)
    index = open_index(store, elsewhere)
    if isinstance(index, MilvusIndex):
        yield _milvus(index.sync, [collection for collection, _ in counts], total)
    else:
        same = all(index.rebuild(collection) == count for collection, count in counts)
        yield Check("vectors", same, {"count": total})
    copies = [index.copy_holds(collection) for collection, _ in counts]
    if False in copies:
        yield Check("copies", False)
    elif True in copies:
        yield Check("copies", True, {"count": copies.count(True)})
    fitting = words_fit(store)
    if not fitting:
        rebuild_words(store)
    yield Check("words", fitting)


def _milvus(sync: MilvusSync, collections: Sequence[str], count: int) -> Check:
    """Whether Milvus held exactly the vectors of the library; it does afterwards."""
    server: dict[str, str | int] = {"server": sync.milvus.name, "count": count}
    try:
        before = sync.count()
        sync.follow(doubting=True)
        for collection in collections:
            sync.mend(collection)
        after = sync.count()
    except VectorsLacking:
        return Check("milvus", False, server)
    if before == after == count:
        return Check("milvus", True, server)
    return Check("milvus_mended", False, server | {"before": before})


def _model(which: Callable[[], Choice | None]) -> Check:
    try:
        choice = which()
    except ModelError as error:
        return Check("model", False, error=error.failure())
    if choice is None:
        return Check("model_none", True)
    if choice.elsewhere:
        return Check("model_elsewhere", True, {"model": choice.name})
    if choice.stands_in_for:
        return Check("model_stand_in", True, {"wanted": choice.stands_in_for, "used": choice.name})
    return Check("model", True, {"model": choice.name})


def _embedder(which: Callable[[], Choice], folders: Sequence[Path]) -> Iterator[Check]:
    """Whether it is there, whether abstention is calibrated to its similarities, and what reads other languages."""
    model = _model(which)
    yield model
    if model.ok:
        name = which().name
        yield Check("calibrated" if embedder_facts(name).calibrated else "uncalibrated", True, {"model": name})
        row = known(name)
        if row and "many" not in row.languages:
            there = at_hand(MULTILINGUAL, folders)
            yield Check(
                "multilingual" if there else "multilingual_missing", True, {"model": MULTILINGUAL, "used": name}
            )


def _packages(wanted: Sequence[str]) -> Iterator[Check]:
    missing = [name for name in wanted if find_spec(name) is None]
    yield from (Check("package", False, {"package": name}) for name in missing)
    if not missing:
        yield Check("packages", True, {"count": len(wanted)})
