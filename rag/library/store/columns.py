"""Column types, alike on both engines: sanitised text, JSON, booleans, vectors."""

from __future__ import annotations

import json
import re
import struct
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

# Integers and floats of 64 bits, as each engine names them.
Whole: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Real: Final[sa.types.TypeEngine[float]] = sa.Double().with_variant(sa.REAL(), "sqlite")

_TAG_CHARACTERS: Final = 60
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")


def clean(text: str) -> str:
    """Text that both engines can store: lone surrogates and NUL, found in some PDFs, become U+FFFD one for one."""
    if text.isascii() and "\0" not in text:
        return text
    return _UNWRITABLE.sub("\ufffd", text)


def clean_folder(path: str) -> str:
    """A folder's path as it is kept: no empty part, no blank around one."""
    return "/".join(part for part in map(str.strip, path.replace("\\", "/").split("/")) if part not in ("", ".", ".."))


def clean_tag(tag: str) -> str:
    """A tag as it is kept."""
    return " ".join(clean(tag).split())[:_TAG_CHARACTERS].rstrip()


class Words(sa.types.TypeDecorator[str]):
    """Text, as `clean` makes it."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else clean(value)


class Json(sa.types.TypeDecorator[Any]):
    """A value as JSON text."""

    impl = Words
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        return None if value is None else clean(json.dumps(value, ensure_ascii=False))

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        return None if value is None else json.loads(value)


class Flag(sa.types.TypeDecorator[bool]):
    """A boolean stored as 1 or 0. Compare it with these: `column == 1`."""

    impl = Whole
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> int | None:
        return None if value is None else int(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> bool | None:
        return None if value is None else bool(value)


class _PgVector(sa.types.UserDefinedType[str]):
    """pgvector's type `vector`."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "VECTOR"


class TextSearch(sa.types.UserDefinedType[str]):
    """PostgreSQL's type `tsvector`."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "TSVECTOR"


class Vector(sa.types.TypeDecorator[bytes]):
    """A vector as float32 bytes, little endian; on PostgreSQL as pgvector's `vector`, with the same bits."""

    impl = sa.LargeBinary
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(_PgVector() if dialect.name == "postgresql" else sa.LargeBinary())

    def process_bind_param(self, value: bytes | None, dialect: sa.Dialect) -> Any:
        if value is None or dialect.name != "postgresql":
            return value
        return vector_text(np.frombuffer(value, "<f4"))

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> bytes | None:
        if value is None or dialect.name != "postgresql":
            return value  # type: ignore[no-any-return]
        return np.fromstring(value[1:-1], "<f4", sep=",").tobytes()


def vector_text(vector: npt.NDArray[np.float32]) -> str:
    """A vector (dimension,) as pgvector's text form, without loss."""
    return f"[{','.join(map(repr, vector.tolist()))}]"


def vector_sent(vector: bytes) -> bytes:
    """A vector's bytes in pgvector's binary form: dimension, two unused bytes, the numbers big endian."""
    return struct.pack(">HH", len(vector) // 4, 0) + np.frombuffer(vector, "<f4").astype(">f4").tobytes()


def vector_received(sent: bytes) -> bytes:
    """The inverse of `vector_sent`."""
    return np.frombuffer(sent, ">f4", offset=4).astype("<f4").tobytes()
