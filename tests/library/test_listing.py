"""The table of a collection's documents: filtered, sorted and paged by the database; acts on many at once."""

from __future__ import annotations

import numpy as np
import pytest

from rag.core.errors import EmbeddersDiffer, NotAllowed, NotFound
from rag.core.types import Collection, Selection, SignIn
from rag.library.index import open_index, words_fit
from rag.library.store import Store
from rag.library.store.listing import Sort
from rag.library.store.wanted import Wanted
from tests.support.small_library import ANN, BOB, add, rows

NAMES = ("b.pdf", "A.pdf", "Plans/2024/c.pdf", "Plans/2025/Übersicht.pdf", "Planschemes/d.pdf")


@pytest.fixture
def ids(store: Store, collection: Collection) -> dict[str, str]:
    return {name: add(store, collection, name.encode(), name).id for name in NAMES}


def named(
    store: Store, collection: Collection, wanted: Wanted, sort: Sort = "name", start: int = 0, count: int = 50
) -> list[str]:
    listed, _ = store.listing.page(ANN, collection.id, wanted, sort=sort, start=start, count=count)
    return [each.document.name for each in listed]


def test_a_page_of_the_table_is_sorted_and_cut_by_the_database(
    store: Store, collection: Collection, ids: dict[str, str]
) -> None:
    everything = [NAMES[1], NAMES[0], NAMES[2], NAMES[4], NAMES[3]]
    assert named(store, collection, Wanted()) == everything
    assert named(store, collection, Wanted(), start=2, count=2) == everything[2:4]
    listed, total = store.listing.page(ANN, collection.id, Wanted(), sort="folder", descending=True, count=1)
    assert ([each.document.folder for each in listed], total) == (["Planschemes"], 5)
    assert store.listing.page(BOB, collection.id, Wanted()) == ([], 0)


def test_words_are_looked_for_in_names_folders_and_tags(
    store: Store, collection: Collection, ids: dict[str, str]
) -> None:
    store.listing.tag(ANN, collection.id, [ids["b.pdf"]], add=["  To  sign "], remove=[])
    assert named(store, collection, Wanted("übersicht")) == [NAMES[3]]
    assert named(store, collection, Wanted("plans 2024")) == [NAMES[2]]
    assert named(store, collection, Wanted("SIGN")) == ["b.pdf"]
    assert named(store, collection, Wanted("%")) == []


def test_a_selection_of_folders_tags_kinds_and_days(store: Store, collection: Collection, ids: dict[str, str]) -> None:
    store.listing.tag(ANN, collection.id, [ids["b.pdf"], ids["A.pdf"]], add=["old", "new"], remove=[])
    store.listing.tag(ANN, collection.id, [ids["A.pdf"]], add=[], remove=["old"])

    def chosen(**given: object) -> list[str]:
        return named(store, collection, Wanted(selection=Selection(**given)))  # type: ignore[arg-type]

    assert chosen(folders=("Plans",)) == [NAMES[2], NAMES[3]]
    assert chosen(folders=("plans",)) == []
    assert chosen(tags=("old",)) == ["b.pdf"]
    assert chosen(tags=("new", "old"), folders=("Plans",)) == []
    assert len(chosen(kinds=("pdf",))) == 5
    assert chosen(kinds=("word",)) == []
    # Of none of them a date is known.
    assert chosen(since="2020-01-01") == []
    assert set(store.listing.ids(ANN, collection.id, Wanted(selection=Selection(tags=("new",))))) == {
        ids["b.pdf"],
        ids["A.pdf"],
    }
    facets = store.listing.facets(ANN, collection.id)
    assert facets.folders == {"Plans": 2, "Plans/2024": 1, "Plans/2025": 1, "Planschemes": 1}
    assert (facets.tags, facets.kinds) == ({"new": 2, "old": 1}, {"pdf": 5})


def test_states_say_which_have_gaps(store: Store, collection: Collection, ids: dict[str, str]) -> None:
    # Page 3 of each is empty.
    assert len(named(store, collection, Wanted(states=("gaps",)))) == 5
    assert named(store, collection, Wanted(states=("whole", "outdated"))) == []
    assert store.listing.page(ANN, collection.id, Wanted(), count=1)[0][0].gaps


def test_many_are_moved_and_removed_at_once_and_no_others(
    store: Store, collection: Collection, ids: dict[str, str]
) -> None:
    elsewhere = store.collections.create(ANN, "elsewhere")
    other = add(store, elsewhere, b"other")
    everybody = [*ids.values(), other.id, "0" * 32]
    assert store.listing.put(ANN, collection.id, everybody, "/ Law \\ new/../") == 5
    assert {each.folder for each in store.documents.list(ANN, collection.id)} == {"Law/new"}
    assert store.documents.get(ANN, other.id).folder == ""
    before = store.documents.generation(collection.id)
    assert store.listing.remove(ANN, collection.id, everybody[1:]) == 4
    assert [each.id for each in store.documents.list(ANN, collection.id)] == everybody[:1]
    assert store.documents.list(ANN, elsewhere.id) == [other]
    assert store.documents.generation(collection.id) > before
    with pytest.raises(NotFound):
        store.documents.original(ANN, everybody[1])
    assert store.documents.original(ANN, everybody[0])


def test_folder_and_tags_go_over_to_a_new_version(store: Store, collection: Collection) -> None:
    old = add(store, collection, b"old")
    store.listing.put(ANN, collection.id, [old.id], "Law")
    store.listing.tag(ANN, collection.id, [old.id], add=["kept"], remove=[])
    new = add(store, collection, b"new", replaces=old.id)
    (listed,) = store.listing.page(ANN, collection.id, Wanted())[0]
    assert (listed.document.id, listed.document.folder, listed.tags) == (new.id, "Law", ("kept",))
    assert rows(store, "document_tags") == 1


def test_who_may_only_read_changes_nothing(store: Store) -> None:
    ann, bob = (store.people.admit(SignIn("i", who, f"{who}@x.org", who, who, None), hours=1).id for who in (ANN, BOB))
    shared = store.collections.create(ann, "shared")
    document = add(store, shared, b"x")
    store.shares.give(ann, shared.id, "everybody", "", "reader")
    assert len(store.listing.page(bob, shared.id, Wanted())[0]) == 1
    for act in (
        lambda: store.listing.put(bob, shared.id, [document.id], "x"),
        lambda: store.listing.tag(bob, shared.id, [document.id], add=["x"], remove=[]),
        lambda: store.listing.remove(bob, shared.id, [document.id]),
        lambda: store.queue.cancel_all(bob, shared.id),
        lambda: store.queue.dismiss_all(bob, shared.id),
        lambda: store.queue.retry_all(bob, shared.id),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert store.documents.get(ann, document.id) == document


def test_documents_move_into_another_collection_with_all_that_is_theirs(
    store: Store, collection: Collection, ids: dict[str, str]
) -> None:
    other, third = store.collections.create(ANN, "other"), store.collections.create(ANN, "third")
    twin = add(store, other, b"A.pdf", "twin.pdf")
    moved = [ids["b.pdf"], ids["Plans/2024/c.pdf"]]
    store.listing.tag(ANN, collection.id, moved, add=["kept"], remove=[])
    before, generation = set(store.documents.chunk_ids(collection.id)), store.documents.generation(other.id)
    # One with the same bytes is there already, one is of no collection.
    assert store.listing.move(ANN, collection.id, [*moved, ids["A.pdf"], "0" * 32], other.id) == 2
    assert {each.id for each in store.documents.list(ANN, other.id)} == {twin.id, *moved}
    assert set(named(store, collection, Wanted())) == {"A.pdf", "Plans/2025/Übersicht.pdf", "Planschemes/d.pdf"}
    assert named(store, other, Wanted(selection=Selection(tags=("kept",), folders=("Plans",)))) == ["Plans/2024/c.pdf"]
    assert store.documents.page(ANN, moved[0], 1).text.startswith("Leave")
    # New numbers, above all that an index knows.
    assert len(store.documents.chunk_ids(other.id)) == 6
    assert not before & (set(store.documents.chunk_ids(other.id)) - set(store.documents.chunk_ids(collection.id)))
    assert store.documents.generation(other.id) > generation
    index = open_index(store)
    assert [len(index.search_words(ANN, key, "rules", 50)) for key in (collection.id, other.id)] == [6, 6]
    assert len(index.search_vectors(other.id, np.eye(1, 4, dtype=np.float32)[0], 50)) == 6
    assert words_fit(store)
    # An empty collection takes over the embedder.
    assert store.listing.move(ANN, other.id, [twin.id], third.id) == 1
    assert store.collections.get(ANN, third.id).embedder == "toy"


def test_documents_move_by_the_rights_on_both_sides(store: Store, collection: Collection, ids: dict[str, str]) -> None:
    bob = store.people.admit(SignIn("https://id", "bob", "bob@x.org", "bob", "key", None), hours=1).id
    theirs, document = store.collections.create(bob, "bob's"), [ids["b.pdf"]]
    for source, target in ((collection, theirs), (theirs, collection)):
        with pytest.raises(NotFound):
            store.listing.move(bob, source.id, document, target.id)
    store.shares.give(ANN, collection.id, "everybody", "", "reader")
    for source, target in ((collection, theirs), (theirs, collection)):
        with pytest.raises(NotAllowed):
            store.listing.move(bob, source.id, document, target.id)
    # Named as if it were in the other collection, a document stays where it is.
    assert store.listing.move(bob, theirs.id, document, store.collections.create(bob, "more").id) == 0
    store.shares.give(ANN, collection.id, "everybody", "", "editor")
    assert store.listing.move(bob, collection.id, document, theirs.id) == 1
    with pytest.raises(NotFound):
        store.documents.get(ANN, ids["b.pdf"])


def test_documents_of_another_embedder_do_not_move(store: Store, collection: Collection, ids: dict[str, str]) -> None:
    other = store.collections.create(ANN, "other")
    add(store, other, b"x", "x.pdf", embedder="e5")
    with pytest.raises(EmbeddersDiffer) as refused:
        store.listing.move(ANN, collection.id, list(ids.values()), other.id)
    assert refused.value.failure().fields == {"collection": "other", "there": "e5", "here": "toy"}
    assert len(named(store, collection, Wanted())) == 5
