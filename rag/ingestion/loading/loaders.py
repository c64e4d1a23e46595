"""Which module reads which format, by the table in `rag/core/formats.py`.

A loader is a module of this folder with `read(data, name, options)`; it is imported when the first such file comes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module

from rag.core.formats import Kind, format_of
from rag.core.types import LoadedDocument, Recognitions


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What a loader may want to know beside the bytes. `on_progress` hears of pages read (done, in all).

    `recognised` are pages whose text is what recognition saw on them. `seen_later`: pages without text are told of and
    are no error, since recognition may come to read them.
    """

    kind: Kind
    password: str | None = None
    charset: str | None = None
    max_pages: int = 2000
    on_progress: Callable[[int, int], None] = lambda done, total: None
    recognised: Recognitions = field(default_factory=dict)
    seen_later: bool = False


def load(data: bytes, name: str, options: ReadingOptions) -> LoadedDocument:
    """The document that the loader of the kind makes of the bytes."""
    module = import_module(f"rag.ingestion.loading.{format_of(options.kind).loader}")
    document: LoadedDocument = module.read(data, name, options)
    return document
