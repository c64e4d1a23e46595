"""The indexes by which PostgreSQL finds near vectors among many, one for each dimension.

A graph (HNSW) grows with every vector. Making one of very many that are there already, as in a library that was
moved, takes hours, and of near copies of the same texts it finds the fewer the more there are. Those are put into
lists instead (IVFFlat), each around a centre, which takes minutes. See bench/postgres.md.
"""

from __future__ import annotations

import math
from typing import Final

import sqlalchemy as sa

from rag.library.store.database import alone_with

# pgvector keeps no index of longer vectors; they are compared one by one.
MOST_DIMENSIONS: Final = 2000

# Where more are there already when the index is made, lists are made of them. Fewer are compared one by one anyway.
LISTS_FROM: Final = 100_000

# Twice as many edges, chosen among three times as many, as pgvector has by itself: of near copies of the same texts
# (versions of a document) its own graph finds too few. See bench/postgres.md.
_GRAPH: Final = "hnsw", "m = 32, ef_construction = 200"

# Lists are as many as each has vectors. Of a library that has grown so many times since, they are made again.
_OUTGROWN: Final = 4
# The centres are found by comparing so many vectors for each with all of them, in memory.
_COMPARED: Final = 50

_HELD: Final = sa.text("SELECT count(*) FROM chunks WHERE vector_dims(vector) = :dimension")
# How many lists the index of this name has; nothing where it is a graph.
LISTS: Final = """
    SELECT CAST(substring(CAST(reloptions AS text) FROM 'lists=([0-9]+)') AS bigint) FROM pg_class
    WHERE oid = to_regclass(:name)"""
_AT_LEAST: Final = sa.text("""
    SELECT set_config('maintenance_work_mem', greatest(CAST(setting AS bigint), :kilobytes) || 'kB', true)
    FROM pg_settings WHERE name = 'maintenance_work_mem'""")


def make_graph(connection: sa.Connection, dimension: int, *, lists_from: int = LISTS_FROM) -> None:
    """Have PostgreSQL keep an index of the vectors of this dimension; on SQLite nothing is to be done.

    Nor where another server searches them: a graph is kept in memory, and that is what there is too little of.

    Args:
        lists_from: of more vectors than these, lists are made.
    """
    if connection.dialect.name != "postgresql" or not connection.get_execution_options().get("graphs", True):
        return
    if not 0 < dimension <= MOST_DIMENSIONS or _there(connection, dimension):
        return
    alone_with(connection, "graph", str(dimension))
    if not _there(connection, dimension):
        _make(connection, dimension, lists_from)


def renew_lists(connection: sa.Connection, dimension: int) -> None:
    """Make an index where there is none, and lists again that the library has outgrown."""
    if dimension and _there(connection, dimension):
        alone_with(connection, "graph", str(dimension))
        lists = connection.execute(sa.text(LISTS), {"name": name(dimension)}).scalar_one_or_none()
        if lists is None or _held(connection, dimension) <= _OUTGROWN * lists**2:
            return
        connection.exec_driver_sql(f"DROP INDEX {name(dimension)}")
    make_graph(connection, dimension)


def _make(connection: sa.Connection, dimension: int, lists_from: int) -> None:
    held = _held(connection, dimension)
    kind, options = _GRAPH
    if held > lists_from:
        lists = math.isqrt(held)
        kind, options = "ivfflat", f"lists = {lists}"
        compared = _COMPARED * lists * (dimension + lists) + lists * (4 * dimension + lists)
        connection.execute(_AT_LEAST, {"kilobytes": 2 * 4 * compared // 1024})
    connection.exec_driver_sql(
        f"CREATE INDEX {name(dimension)} ON chunks USING {kind} ((vector::vector({dimension})) vector_ip_ops)"
        f" WITH ({options}) WHERE vector_dims(vector) = {dimension}"
    )


def name(dimension: int) -> str:
    """What the index is called."""
    return f"chunks_near_{dimension}"


def _held(connection: sa.Connection, dimension: int) -> int:
    return int(connection.execute(_HELD, {"dimension": dimension}).scalar_one())


def _there(connection: sa.Connection, dimension: int) -> bool:
    found = connection.execute(sa.select(sa.func.to_regclass(name(dimension)).is_not(None)))
    return bool(found.scalar_one())
