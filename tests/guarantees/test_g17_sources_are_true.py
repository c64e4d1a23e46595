"""G17. Sources are true: every quote stands word for word where it says, was found for this very
question, and belongs to who asked; saved and read back it is the same.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rag.core.call_context import CallContext
from rag.core.errors import NotFound
from rag.core.text import sentences
from rag.core.types import Answer, Document, Passage, Quote
from rag.library.store import Store
from tests.guarantees.library import size
from tests.guarantees.samples import conversation, questions, read_samples

QUESTIONS = size(20, 200)
OWNER, OTHER = "ann", "bob"


def asked(store: Store, collection: str) -> Iterator[str]:
    """The samples' own questions, then ones made from sentences of the documents."""
    yield from (item["question"] for item in questions())
    chance = random.Random(17)
    pages = [page for document in store.documents.list(OWNER, collection) for page in _pages(store, document)]
    while True:
        text = chance.choice(pages)
        places = list(sentences(text))
        start, end = places[chance.randrange(len(places))]
        yield f"What is said about {' '.join(text[start:end].split()[:8])}?"


def _pages(store: Store, document: Document) -> list[str]:
    return [page.text for page in store.documents.pages(OWNER, document.id) if any(sentences(page.text))]


def faults(store: Store, owner: str, collection: str, answer: Answer) -> list[str]:
    """What is not true of an answer's sources."""
    sources: list[Quote | Passage] = [*answer.quotes, *answer.passages]
    found = [
        f"{source.name}, page {source.page}" for source in sources if not _stands(store, owner, collection, source)
    ]
    if answer.outcome != "overview":
        retrieved = [(passage.document, passage.page) for passage in answer.passages]
        found += [
            f"{quote.text!r} was not retrieved"
            for quote in answer.quotes
            if (quote.document, quote.page) not in retrieved
        ]
    return found


def _stands(store: Store, owner: str, collection: str, source: Quote | Passage) -> bool:
    try:
        document = store.documents.get(owner, source.document)
        page = store.documents.page(owner, source.document, source.page)
    except NotFound:
        return False
    named = (document.name, document.title, document.kind, document.address, document.collection)
    said = (source.name, source.title, source.kind, source.address, collection)
    return (*named, page.label) == (*said, source.label) and page.text[source.start : source.end] == source.text != ""


def test_g17_every_source_is_true(tmp_path: Path) -> None:
    store, answering = conversation(tmp_path)
    # The other has the very same documents, so that theirs would be found as well as one's own.
    collection, others = read_samples(store, OWNER), read_samples(store, OTHER)
    chat = store.chats.create(OWNER, collection)
    source = asked(store, collection)
    wrong: list[str] = []
    quotes = passages = 0
    for _ in range(QUESTIONS):
        question = next(source)
        turn = store.chats.ask(OWNER, chat.id, question)
        *_, answer = answering.ask(question, CallContext(OWNER, collection))
        store.chats.answer(OWNER, turn.id, answer)
        kept = store.chats.turns(OWNER, chat.id)[-1].answer
        assert kept is not None
        wrong += faults(store, OWNER, collection, kept)
        wrong += [] if kept.quotes == answer.quotes and kept.passages == answer.passages else ["saved otherwise"]
        quotes, passages = quotes + len(kept.quotes), passages + len(kept.passages)
    print(f"G17: {QUESTIONS} questions, {quotes} quotes and {passages} passages, {len(wrong)} not true")
    assert wrong == []
    assert quotes >= QUESTIONS
    control(store, collection, others, answer)


def control(store: Store, collection: str, others: str, answer: Answer) -> None:
    """Sources that are off by one letter, on another page, or another's, must be seen."""
    quote = answer.quotes[0]
    (same,) = [document for document in store.documents.list(OTHER, others) if document.name == quote.name]
    forged = [
        replace(quote, start=quote.start + 1),
        replace(quote, text=quote.text + " not"),
        replace(quote, page=quote.page + 1),
        replace(quote, label="xiii"),
        replace(quote, document=same.id),
    ]
    seen = sum(bool(faults(store, OWNER, collection, replace(answer, quotes=(one,)))) for one in forged)
    print(f"G17 control: {seen} of {len(forged)} forged quotes seen")
    assert seen == len(forged)
