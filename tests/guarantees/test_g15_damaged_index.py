"""G15. A damaged index is caught: whatever happens to its file, it is found out before a vector of it is used,
made anew from the library, and every search is right.
"""

from __future__ import annotations

import json
import logging
import random
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rag.core.types import Collection
from rag.library.index import Index, snapshots
from rag.library.index.vector_sync import Following
from rag.library.store import Store
from rag.library.store.documents import Documents
from rag.library.store.passages import Ids
from rag.models.embedding import Vectors
from tests.guarantees.library import CHUNKS, DIMENSION, OWNER, add, child, size
from tests.support.folders import folder_of

TRIALS = size(60, 300)
DOCUMENTS = 6
QUERIES = 5

Results = list[list[int]]


class Library:
    """Two collections whose index is always kept as a file, and what a search of the first must find."""

    def __init__(self, folder: Path) -> None:
        self.store = Store.open(folder)
        self.mine = self.store.collections.create(OWNER, "mine")
        self.other = self.store.collections.create(OWNER, "other")
        for number in range(DOCUMENTS):
            add(self.store, self.mine, number)
            add(self.store, self.other, 100 + number)
        self.queries = np.random.default_rng(0).standard_normal((QUERIES, DIMENSION)).astype(np.float32)
        self.queries /= np.linalg.norm(self.queries, axis=1, keepdims=True)
        self.search(self.mine), self.search(self.other)
        self.older = self.file(self.mine).read_bytes()
        add(self.store, self.mine, DOCUMENTS)
        self.search(self.mine)
        self.good = self.file(self.mine).read_bytes()
        self.elsewhere = self.file(self.other).read_bytes()

    def file(self, collection: Collection) -> Path:
        found = snapshots.newest(folder_of(self.store).index_folder / collection.id)
        assert found is not None
        return found

    def search(self, collection: Collection) -> Results:
        """As the app does it after a start."""
        index = Index(self.store, keep_after=0)
        return [[i for i, _ in index.search_vectors(collection.id, query, 10)] for query in self.queries]

    def truth(self) -> Results:
        """The ten nearest, from the vectors in the library, without an index."""
        ids, vectors = self.store.documents.vectors(self.mine.id)
        return [ids[np.argsort(-(vectors @ query), kind="stable")[:10]].tolist() for query in self.queries]


def _flipped(library: Library, rng: random.Random) -> bytes:
    data = bytearray(library.good)
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def _truncated(library: Library, rng: random.Random) -> bytes:
    return library.good[: rng.randrange(len(library.good))]


def _extended(library: Library, rng: random.Random) -> bytes:
    return library.good + rng.randbytes(rng.randrange(1, 5000))


def _page_lost(library: Library, rng: random.Random) -> bytes:
    """A block of the disk that was never written."""
    at = rng.randrange(len(library.good) // 4096) * 4096
    return library.good[:at] + bytes(4096) + library.good[at + 4096 :]


def _spliced(library: Library, rng: random.Random) -> bytes:
    """The beginning of one file and the end of another."""
    at = rng.randrange(100, len(library.good))
    return library.good[:at] + library.elsewhere[at:]


def _vectors_swapped(library: Library, rng: random.Random) -> bytes:
    """Two vectors in each other's place: nothing but a checksum tells."""
    data, row = bytearray(library.good), 4 * DIMENSION
    a, b = (len(data) - row * n for n in rng.sample(range(1, DOCUMENTS * CHUNKS), 2))
    data[a : a + row], data[b : b + row] = data[b : b + row], data[a : a + row]
    return bytes(data)


def _other_collection(library: Library, rng: random.Random) -> bytes:
    return library.elsewhere


def _garbage(library: Library, rng: random.Random) -> bytes:
    return rng.randbytes(rng.randrange(0, 20_000))


def _restamped(library: Library, rng: random.Random, **fields: object) -> bytes:
    """A sound file, checksum and all, that says something else about what it holds."""
    data = library.good
    lengths = snapshots._LENGTHS
    at = snapshots._HEAD - lengths.size
    (long, _) = lengths.unpack_from(data, at)
    head = json.loads(data[snapshots._HEAD : snapshots._HEAD + long])
    packed = json.dumps(head | fields).encode()
    body = data[snapshots._HEAD + long :]
    tail = lengths.pack(len(packed), snapshots._HEAD + len(packed) + len(body)) + packed + body
    start = data[: at - 32]
    return start + snapshots.digest_of(memoryview(start + bytes(32) + tail)) + tail


def _other_embedder(library: Library, rng: random.Random) -> bytes:
    return _restamped(library, rng, embedder="another")


def _from_the_future(library: Library, rng: random.Random) -> bytes:
    return _restamped(library, rng, generation=10**6)


def _other_documents(library: Library, rng: random.Random) -> bytes:
    """As after a library was put back by hand: the same ids, of other documents."""
    spans = {f"{rng.getrandbits(128):032x}": (1 + n * CHUNKS, CHUNKS) for n in range(DOCUMENTS + 1)}
    return _restamped(library, rng, spans=spans)


DAMAGES: list[Callable[[Library, random.Random], bytes]] = [
    _flipped, _truncated, _extended, _page_lost, _spliced, _vectors_swapped, _other_collection, _garbage,
    _other_embedder, _from_the_future, _other_documents, _flipped,
]  # fmt: skip


def _trial(library: Library, number: int) -> tuple[str, bool, Results | str]:
    """Damage the file, start anew, search: what was done, whether the file is sound again, what was found."""
    rng = random.Random(number)
    damage = DAMAGES[number % len(DAMAGES)]
    file = library.file(library.mine)
    file.write_bytes(damage(library, rng))
    try:
        found: Results | str = library.search(library.mine)
    except Exception as error:  # noqa: BLE001 - to be counted
        found = type(error).__name__
    made_anew = file.exists() and file.read_bytes()[-1000:] == library.good[-1000:]
    if not made_anew:
        file.write_bytes(library.good)
    return damage.__name__.strip("_"), made_anew, found


def test_g15_every_damaged_file_is_caught_and_made_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    library = Library(tmp_path)
    truth = library.truth()
    caught, wrong, anew = Counter[str](), 0, 0
    for number in range(TRIALS):
        caplog.clear()
        with caplog.at_level(logging.WARNING, "rag.library.index.vector_sync"):
            damage, made_anew, found = _trial(library, number)
        caught[damage] += "an index file is not used" in caplog.text
        anew += made_anew
        wrong += found != truth
    print(f"G15: {TRIALS} damaged files, {caught.total()} caught, {anew} made anew, {wrong} wrong searches")
    assert (caught.total(), anew, wrong) == (TRIALS, TRIALS, 0)


def test_g15_an_older_file_is_extended_and_one_with_removed_documents_cut(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    library = Library(tmp_path)
    file, old_name = library.file(library.mine), f"g{DOCUMENTS:012}.vectors"
    with caplog.at_level(logging.WARNING, "rag.library.index.vector_sync"):
        file.unlink()
        (file.parent / old_name).write_bytes(library.older)
        extended = library.search(library.mine) == library.truth()
        store = library.store
        for number, document in enumerate(store.documents.list(OWNER, library.mine.id)[:3]):
            store.documents.remove(OWNER, document.id)
            # As if the removal had died before it took the file away.
            (file.parent).mkdir(exist_ok=True)
            (file.parent / f"g{DOCUMENTS + number + 1:012}.vectors").write_bytes(library.good)
            extended = extended and library.search(library.mine) == library.truth()
    left = b"".join(each.read_bytes() for each in file.parent.iterdir())
    removed = store.documents.vectors(library.other.id)[1][0].tobytes() in left
    print(f"G15: 4 older files followed up, refused {len(caplog.records)}")
    assert extended
    assert caplog.records == []
    assert not removed


def _kept_by_another(pipe: object, folder: Path, collection: Collection) -> None:
    """A process that searches, and so keeps a file."""
    library = Store.open(folder)
    found = Index(library, keep_after=0).search_vectors(collection.id, np.eye(1, DIMENSION, dtype=np.float32)[0], 10)
    pipe.send(found)  # type: ignore[attr-defined]


def test_g15_what_one_process_keeps_another_uses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store.open(tmp_path)
    collection = store.collections.create(OWNER, "mine")
    add(store, collection, 1)
    with child(_kept_by_another, tmp_path, collection) as (_, pipe):
        theirs = pipe.recv()
    read: list[int] = []
    vectors = type(store.documents).vectors

    def reading(documents: Documents, key: str, after: int = 0) -> tuple[Ids, Vectors]:
        read.append(after)
        return vectors(documents, key, after)

    monkeypatch.setattr(type(store.documents), "vectors", reading)
    ours = Index(store).search_vectors(collection.id, np.eye(1, DIMENSION, dtype=np.float32)[0], 10)
    assert ours == theirs
    # Nothing was read from the store but what comes after the file.
    assert read == [CHUNKS]


def test_g15_control_a_reader_that_trusts_the_file_finds_the_wrong_things(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library(tmp_path)
    truth = library.truth()
    monkeypatch.setattr(Following, "_verified", _trusting)
    outcomes = [_trial(library, number) for number in range(TRIALS)]
    kept = sum(not anew for _, anew, _ in outcomes)
    wrong = sum(found != truth for _, _, found in outcomes)
    print(f"G15 control: {kept} of {TRIALS} damaged files still there, {wrong} wrong searches or crashes")
    assert wrong >= TRIALS // 3


def _trusting(followed: Following, file: Path, generation: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """What the file says, as it says it."""
    data = memoryview(file.read_bytes())
    (long, _) = snapshots._LENGTHS.unpack_from(data, snapshots._HEAD - snapshots._LENGTHS.size)
    copy = snapshots._copy(json.loads(bytes(data[snapshots._HEAD : snapshots._HEAD + long])))
    vectors = np.frombuffer(data[snapshots._HEAD + long :], "<f4").reshape(len(copy.ids), copy.dimension)
    return copy.ids, vectors


def test_g15_no_room_for_the_file_costs_no_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store.open(tmp_path)
    collection = store.collections.create(OWNER, "mine")
    add(store, collection, 1)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(snapshots, "publish", full)
    index = Index(store, keep_after=0)
    assert len(index.search_vectors(collection.id, np.eye(1, DIMENSION, dtype=np.float32)[0], 10)) == 10
    assert snapshots.newest(folder_of(store).index_folder / collection.id) is None


def test_g15_a_small_library_keeps_no_file(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    collection = store.collections.create(OWNER, "mine")
    add(store, collection, 1)
    Index(store).search_vectors(collection.id, np.eye(1, DIMENSION, dtype=np.float32)[0], 10)
    assert not re.findall("vectors", " ".join(map(str, tmp_path.rglob("*"))))
