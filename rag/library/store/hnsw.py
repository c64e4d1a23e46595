"""The vector indexes of PostgreSQL (pgvector), one for each dimension.

Usually a graph (HNSW), which grows with every vector. Building one over very many existing vectors, as in a library
that was moved, takes hours, and its recall among near copies of the same texts falls with their number. There,
inverted lists (IVFFlat) are built instead, in minutes. See bench/postgres.md.
"""

from __future__ import annotations

import math
from typing import Final

import sqlalchemy as sa

from rag.library.store.database import alone_with

# pgvector indexes no longer vectors; they are compared exactly.
MOST_DIMENSIONS: Final = 2000

# With more existing vectors than these, lists are built instead of a graph.
LISTS_FROM: Final = 100_000

# Twice the edges, chosen among three times the candidates, of pgvector's defaults, whose recall among near copies
# of the same texts (versions of a document) is too low. See bench/postgres.md.
_GRAPH: Final = "hnsw", "m = 32, ef_construction = 200"

# There are as many lists as each has vectors; they are rebuilt once the library has grown by this factor.
_OUTGROWN: Final = 4
# k-means finds the centres from so many sampled vectors for each, held in memory.
_SAMPLED: Final = 50

_COUNT: Final = sa.text("SELECT count(*) FROM chunks WHERE vector_dims(vector) = :dimension")
# The number of lists of the index with this name; NULL where it is a graph.
LISTS: Final = """
    SELECT CAST(substring(CAST(reloptions AS text) FROM 'lists=([0-9]+)') AS bigint) FROM pg_class
    WHERE oid = to_regclass(:name)"""
_AT_LEAST: Final = sa.text("""
    SELECT set_config('maintenance_work_mem', greatest(CAST(setting AS bigint), :kilobytes) || 'kB', true)
    FROM pg_settings WHERE name = 'maintenance_work_mem'""")


def make_graph(connection: sa.Connection, dimension: int, *, lists_from: int = LISTS_FROM) -> None:
    """Create the index for vectors of this dimension on PostgreSQL, where there is none yet.

    Not where another server searches the vectors: a graph is held in memory.

    Args:
        lists_from: with more existing vectors than these, lists are built instead of a graph.
    """
    if connection.dialect.name != "postgresql" or not connection.get_execution_options().get("graphs", True):
        return
    if not 0 < dimension <= MOST_DIMENSIONS or _exists(connection, dimension):
        return
    alone_with(connection, "graph", str(dimension))
    if not _exists(connection, dimension):
        _make(connection, dimension, lists_from)


def renew_lists(connection: sa.Connection, dimension: int) -> None:
    """Create the index where there is none, or rebuild lists that the library has outgrown."""
    if dimension and _exists(connection, dimension):
        alone_with(connection, "graph", str(dimension))
        lists = connection.execute(sa.text(LISTS), {"name": name(dimension)}).scalar_one_or_none()
        if lists is None or _count(connection, dimension) <= _OUTGROWN * lists**2:
            return
        connection.exec_driver_sql(f"DROP INDEX {name(dimension)}")
    make_graph(connection, dimension)


def _make(connection: sa.Connection, dimension: int, lists_from: int) -> None:
    count = _count(connection, dimension)
    kind, options = _GRAPH
    if count > lists_from:
        lists = math.isqrt(count)
        kind, options = "ivfflat", f"lists = {lists}"
        floats = _SAMPLED * lists * (dimension + lists) + lists * (4 * dimension + lists)
        connection.execute(_AT_LEAST, {"kilobytes": 2 * 4 * floats // 1024})
    connection.exec_driver_sql(
        f"CREATE INDEX {name(dimension)} ON chunks USING {kind} ((vector::vector({dimension})) vector_ip_ops)"
        f" WITH ({options}) WHERE vector_dims(vector) = {dimension}"
    )


def name(dimension: int) -> str:
    """The name of the index."""
    return f"chunks_near_{dimension}"


def _count(connection: sa.Connection, dimension: int) -> int:
    return int(connection.execute(_COUNT, {"dimension": dimension}).scalar_one())


def _exists(connection: sa.Connection, dimension: int) -> bool:
    return bool(connection.execute(sa.select(sa.func.to_regclass(name(dimension)).is_not(None))).scalar_one())
