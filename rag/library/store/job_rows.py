"""A job of the queue, as its row says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from rag.core.types import Failure
from rag.library.store.answers import failure_from_json

State = Literal["waiting", "running", "done", "failed", "cancelled"]
Stage = Literal["", "loading", "recognising", "embedding", "saving"]


@dataclass(frozen=True, slots=True)
class Job:
    """A document to read: `source` is the SHA-256 of a stored file, an address, or the id of a document to read again.
    Or a collection to embed anew, where it is the embedder's name.

    `done` of `total` counts chunks embedded; `document` is the result's id; `lease` ends in seconds since 1970.
    """

    id: str
    owner: str
    collection: str
    name: str
    kind: Literal["file", "address", "document", "embedder"]
    source: str
    replace: bool
    created: str
    updated: str
    state: State = "waiting"
    stage: Stage = ""
    done: int = 0
    total: int = 0
    document: str | None = None
    failure: Failure | None = None
    worker: str | None = None
    lease: float = 0.0
    attempts: int = 0
    cancelling: bool = False


def job_of(row: Any, **changed: Any) -> Job:
    """A job as its row says, but for what is changed."""
    values = dict(row._mapping) | changed
    return Job(**values | {"failure": failure_from_json(values["failure"])})
