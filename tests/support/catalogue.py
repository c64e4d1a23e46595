"""What a database says about its own tables, to hold two of them against each other."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def catalogue(connection: sa.Connection) -> dict[str, list[Any]]:
    """All that a database says about its tables, what only one of the engines knows included."""

    def rows(query: str) -> list[Any]:
        return [tuple(row) for row in connection.exec_driver_sql(query)]

    if connection.dialect.name == "postgresql":
        return {query: rows(query) for query in POSTGRESQL}
    said: dict[str, list[Any]] = {}
    for (table,) in rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"):
        # The first versions do not say of a key that it is never NULL. It never is.
        columns = [(*row[1:3], row[3] or row[5] > 0, *row[4:]) for row in rows(f"PRAGMA table_xinfo('{table}')")]
        indexes = rows(f"SELECT name, \"unique\", origin, partial FROM pragma_index_list('{table}')")
        said[table] = [
            columns,
            sorted((kind, rows(f"PRAGMA index_xinfo('{name}')"), name) for name, *kind in indexes),
            # Where no column is named the key is meant, which is always called so.
            sorted((*row[2:4], row[4] or "id", *row[5:]) for row in rows(f"PRAGMA foreign_key_list('{table}')")),
        ]
    others = rows("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' OR sql LIKE 'CREATE VIRTUAL%'")
    said["SQL"] = sorted((name, " ".join(sql.split())) for name, sql in others)
    said["AUTOINCREMENT"] = rows("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'")
    return said


_OURS = "JOIN pg_class ON pg_class.oid = {} WHERE relnamespace = 'public'::regnamespace"
POSTGRESQL = (
    # What a dropped column leaves behind keeps its number: the order is told, not the numbers.
    "SELECT relname, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attstorage,"
    " pg_get_expr(adbin, adrelid) FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
    f" {_OURS.format('attrelid')} AND attnum > 0 AND NOT attisdropped ORDER BY 1, attnum",
    f"SELECT relname, conname, pg_get_constraintdef(pg_constraint.oid) FROM pg_constraint {_OURS.format('conrelid')}"
    " ORDER BY 1, 2",
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    "SELECT relname, relkind, reloptions FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1",
    "SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal ORDER BY 1",
    "SELECT cfgname, maptokentype, mapseqno, dictname, dictinitoption FROM pg_ts_config"
    " JOIN pg_ts_config_map ON mapcfg = pg_ts_config.oid JOIN pg_ts_dict ON mapdict = pg_ts_dict.oid"
    " WHERE cfgnamespace = 'public'::regnamespace ORDER BY 2, 3",
)
