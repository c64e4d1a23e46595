"""Bulk reads and writes of PostgreSQL: binary COPY, with the indexes built after the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, Final

import sqlalchemy as sa

from rag.library.store.columns import Vector, vector_received, vector_sent

_AT_ONCE: Final = 500

# The wire type of each column type; vectors travel as the raw bytes of pgvector's own format.
_SENT: Final = MappingProxyType(
    {"TEXT": "text", "BIGINT": "int8", "DOUBLE PRECISION": "float8", "BYTEA": "bytea", "VECTOR": "bytea"}
)

# All but unique indexes: those must hold while rows are written.
_INDEXES: Final = sa.text("""
    SELECT CAST(CAST(indexrelid AS regclass) AS text) AS name, pg_get_indexdef(indexrelid) AS statement
    FROM pg_index WHERE indrelid = CAST(:table AS regclass) AND NOT indisunique ORDER BY indexrelid""")

Columns = Sequence[sa.Column[Any]]
_Converter = Callable[[Any], Any]


def write(connection: sa.Connection, columns: Columns, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows into the table that these columns belong to."""
    converters = [(column.name, _encoder(column, connection.dialect)) for column in columns]
    quote = connection.dialect.identifier_preparer.quote
    into = f"{quote(columns[0].table.name)} ({', '.join(quote(column.name) for column in columns)})"
    with _cursor(connection) as cursor, cursor.copy(f"COPY {into} FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(_types(columns, connection.dialect))
        for row in rows:
            copy.write_row([convert(row[name]) for name, convert in converters])


def read(connection: sa.Connection, columns: Columns, query: sa.Select[Any]) -> Iterator[list[dict[str, Any]]]:
    """The result of a query for these columns, in batches of rows."""
    converters = [(column.name, _decoder(column, connection.dialect)) for column in columns]
    statement = query.compile(dialect=connection.dialect)
    with _cursor(connection) as cursor, cursor.copy(f"COPY ({statement}) TO STDOUT (FORMAT BINARY)") as copy:
        copy.set_types(_types(columns, connection.dialect))
        rows = []
        for values in copy.rows():
            rows.append({name: convert(value) for (name, convert), value in zip(converters, values, strict=True)})
            if len(rows) == _AT_ONCE:
                yield rows
                rows = []
        if rows:
            yield rows


@contextmanager
def indexes_after(connection: sa.Connection, *tables: sa.Table) -> Iterator[None]:
    """Drop the indexes of these tables and build them again at the end of the block, which is many times faster.

    The tables are locked until the transaction ends.
    """
    dropped = [row for table in tables for row in connection.execute(_INDEXES, {"table": table.name})]
    for index in dropped:
        connection.exec_driver_sql(f"DROP INDEX {index.name}")
    yield
    for index in dropped:
        connection.exec_driver_sql(index.statement)


def _cursor(connection: sa.Connection) -> Any:
    driver = connection.connection.driver_connection
    assert driver is not None
    return driver.cursor()


def _types(columns: Columns, dialect: sa.Dialect) -> list[str]:
    return [_SENT[column.type.compile(dialect=dialect)] for column in columns]


def _encoder(column: sa.Column[Any], dialect: sa.Dialect) -> _Converter:
    if isinstance(column.type, Vector):
        return vector_sent
    own = column.type.bind_processor(dialect) if isinstance(column.type, sa.types.TypeDecorator) else None
    return own or _unchanged


def _decoder(column: sa.Column[Any], dialect: sa.Dialect) -> _Converter:
    if isinstance(column.type, Vector):
        return vector_received
    own = column.type.result_processor(dialect, None) if isinstance(column.type, sa.types.TypeDecorator) else None
    return own or _unchanged


def _unchanged(value: Any) -> Any:
    return value
