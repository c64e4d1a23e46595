"""Many rows at once into PostgreSQL and out of it: COPY in its binary form, and indexes made after the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa

from rag.library.store.columns import Vector, vector_received, vector_sent

_AT_ONCE: Final = 500

# What goes over for a column of a type, in PostgreSQL's words; a vector as the bytes that PostgreSQL has for it.
_SENT: Final = MappingProxyType(
    {"TEXT": "text", "BIGINT": "int8", "DOUBLE PRECISION": "float8", "BYTEA": "bytea", "VECTOR": "bytea"}
)

# All but those that hold rows to being one of a kind: they go on doing so.
_INDEXES: Final = sa.text("""
    SELECT CAST(CAST(indexrelid AS regclass) AS text) AS name, pg_get_indexdef(indexrelid) AS statement
    FROM pg_index WHERE indrelid = CAST(:table AS regclass) AND NOT indisunique ORDER BY indexrelid""")

Columns = Sequence[sa.Column[Any]]
_Way = Callable[[Any], Any]


def write(connection: sa.Connection, columns: Columns, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rows to a table, whose columns these are."""
    ways = [(column.name, _way_in(column, connection.dialect)) for column in columns]
    quote = connection.dialect.identifier_preparer.quote
    into = f"{quote(columns[0].table.name)} ({', '.join(quote(column.name) for column in columns)})"
    with _cursor(connection) as cursor, cursor.copy(f"COPY {into} FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(_types(columns, connection.dialect))
        for row in rows:
            copy.write_row([way(row[name]) for name, way in ways])


def read(connection: sa.Connection, columns: Columns, query: sa.Select[Any]) -> Iterator[list[dict[str, Any]]]:
    """What a query for these columns finds, so many rows at a time."""
    ways = [(column.name, _way_out(column, connection.dialect)) for column in columns]
    asked = query.compile(dialect=connection.dialect)
    with _cursor(connection) as cursor, cursor.copy(f"COPY ({asked}) TO STDOUT (FORMAT BINARY)") as copy:
        copy.set_types(_types(columns, connection.dialect))
        rows = []
        for values in copy.rows():
            rows.append({name: way(value) for (name, way), value in zip(ways, values, strict=True)})
            if len(rows) == _AT_ONCE:
                yield rows
                rows = []
        if rows:
            yield rows


@contextmanager
def indexes_after(connection: sa.Connection, *tables: sa.Table) -> Iterator[None]:
    """Take the indexes of these tables away, and make them again at the end of the block.

    Of many rows at once they are made in a fraction of the time. Nobody else can use the tables until the
    transaction ends.
    """
    held = [row for table in tables for row in connection.execute(_INDEXES, {"table": table.name})]
    for index in held:
        connection.exec_driver_sql(f"DROP INDEX {index.name}")
    yield
    for index in held:
        connection.exec_driver_sql(index.statement)


def _cursor(connection: sa.Connection) -> Any:
    driver = connection.connection.driver_connection
    assert driver is not None
    return driver.cursor()


def _types(columns: Columns, dialect: sa.Dialect) -> list[str]:
    return [_SENT[column.type.compile(dialect=dialect)] for column in columns]


def _way_in(column: sa.Column[Any], dialect: sa.Dialect) -> _Way:
    kind = column.type
    if isinstance(kind, Vector):
        return vector_sent
    own = kind.bind_processor(dialect) if isinstance(kind, sa.types.TypeDecorator) else None
    return own or _as_it_is


def _way_out(column: sa.Column[Any], dialect: sa.Dialect) -> _Way:
    kind = column.type
    if isinstance(kind, Vector):
        return vector_received
    own = kind.result_processor(dialect, None) if isinstance(kind, sa.types.TypeDecorator) else None
    return own or _as_it_is


def _as_it_is(value: Any) -> Any:
    return value
