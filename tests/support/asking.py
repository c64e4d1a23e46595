"""A library of small documents without a model, and questions asked of it by the door of a conversation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from rag.core.call_context import CallContext
from rag.core.settings import Settings
from rag.core.types import Answer, Turn
from rag.ingestion.pipeline import read_file
from rag.services import Services, open_services

OWNER: Final = "me"


@contextmanager
def library_of(folder: Path, collections: Mapping[str, Mapping[str, str]]) -> Iterator[Services]:
    """A library with these collections, each of texts by their files' names."""
    services = open_services(Settings(data_dir=folder, samples=False, model="none", reader="elsewhere"))
    with closing(services.store):
        for collection, files in collections.items():
            made = services.store.collections.create(OWNER, collection).id
            for name, text in files.items():
                read_file(services.ingest, OWNER, made, text.encode(), name)
        yield services


def ask(library: Services, collection: str, question: str, before: Sequence[str] = ()) -> Answer:
    """The answer to a question, after others of the same chat."""
    known = library.store.collections.by_name(OWNER, collection)
    assert known is not None
    context, history = CallContext(OWNER, known.id), list[Turn]()
    for number, earlier in enumerate(before):
        *_, said = library.conversation.ask(earlier, context, history=history)
        history.append(Turn(str(number), earlier, said, ""))
    *_, answer = library.conversation.ask(question, context, history=history)
    return answer
