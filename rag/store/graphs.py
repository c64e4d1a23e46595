"""The graphs (HNSW) by which PostgreSQL finds near vectors among many, one for each dimension."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from rag.store.database import alone_with

# pgvector builds no graph of longer vectors; they are compared one by one.
MOST_DIMENSIONS: Final = 2000

# Twice as many edges, chosen among three times as many, as pgvector has by itself: of near copies of the same texts
# (versions of a document) its own graph finds too few. See bench/postgres.md.
_SHAPE: Final = "m = 32, ef_construction = 200"


def make_graph(connection: sa.Connection, dimension: int) -> None:
    """Have PostgreSQL keep a graph of the vectors of this dimension; on SQLite nothing is to be done.

    Nor where another server searches them: a graph is kept in memory, and that is what there is too little of.
    """
    if connection.dialect.name != "postgresql" or not connection.get_execution_options().get("graphs", True):
        return
    if not 0 < dimension <= MOST_DIMENSIONS or _there(connection, dimension):
        return
    alone_with(connection, "graph", str(dimension))
    if not _there(connection, dimension):
        connection.exec_driver_sql(
            f"CREATE INDEX {name(dimension)} ON chunks USING hnsw ((vector::vector({dimension})) vector_ip_ops)"
            f" WITH ({_SHAPE}) WHERE vector_dims(vector) = {dimension}"
        )


def name(dimension: int) -> str:
    """What the index is called."""
    return f"chunks_near_{dimension}"


def _there(connection: sa.Connection, dimension: int) -> bool:
    found = connection.execute(sa.select(sa.func.to_regclass(name(dimension)).is_not(None)))
    return bool(found.scalar_one())
