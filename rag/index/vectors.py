"""Exact nearest neighbours by cosine, in memory, with FAISS."""

from __future__ import annotations

import faiss
import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]


class FAISS:
    """Unit vectors under ids of the caller's. Not safe to change while another thread searches.

    The class of that name in LangChain keeps a pickle beside its index and filters after the search,
    which finds less than was asked for; here there is no file, and the filter is part of the search.
    """

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self._flat = faiss.IndexFlatIP(dimension)
        self._index = faiss.IndexIDMap2(self._flat)
        self._ids: Ids = np.empty(0, np.int64)

    @property
    def ids(self) -> Ids:
        """The ids that are in, ascending."""
        return self._ids

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Add vectors (n, dimension) under ids (n,) that are not in yet."""
        if vectors.shape != (len(ids), self.dimension):
            raise ValueError(f"{len(ids)} ids of dimension {self.dimension} got vectors of shape {vectors.shape}")
        if len(ids):
            self._index.add_with_ids(np.ascontiguousarray(vectors, np.float32), np.ascontiguousarray(ids, np.int64))
            later = len(self._ids) == 0 or ids[0] > self._ids[-1]
            # Ids of a store only grow; then nothing need be put in order.
            ordered = later and bool((np.diff(ids) > 0).all())
            self._ids = np.concatenate([self._ids, ids]) if ordered else np.union1d(self._ids, ids)

    def remove(self, ids: Ids) -> None:
        """Take ids out; those that are not in are passed over."""
        if len(ids):
            self._index.remove_ids(faiss.IDSelectorBatch(np.ascontiguousarray(ids, np.int64)))
            self._ids = np.setdiff1d(self._ids, ids, assume_unique=True)

    def contents(self) -> Vectors:
        """All vectors (n, dimension) in the order of `ids`. A view: to be used before the next change."""
        count = len(self._ids)
        vectors: Vectors = faiss.rev_swig_ptr(self._flat.get_xb(), count * self.dimension).reshape(
            count, self.dimension
        )
        order = faiss.vector_to_array(self._index.id_map)
        # Ids that came in another order than they count, as they do from elsewhere than a store.
        return vectors if np.array_equal(order, self._ids) else vectors[np.argsort(order)]

    def search(self, vector: Vectors, k: int, only: Ids | None = None) -> list[tuple[int, float]]:
        """The k ids nearest to a unit vector (dimension,), with their cosines, nearest first.

        Args:
            only: ids to search among; None means all. As many as there are come back, up to k.
        """
        if vector.shape != (self.dimension,):
            raise ValueError(f"a query of dimension {self.dimension} is needed, got the shape {vector.shape}")
        k = min(k, len(self._ids) if only is None else len(only))
        if k <= 0:
            return []
        # The selector holds no copy of the ids: they must live as long as the search.
        chosen = None if only is None else np.ascontiguousarray(only, np.int64)
        selector = None if chosen is None else faiss.IDSelectorBatch(chosen)
        parameters = None if selector is None else faiss.SearchParameters(sel=selector)  # type: ignore[call-arg]
        query = np.ascontiguousarray(vector[None, :], np.float32)
        scores, ids = self._index.search(query, k, params=parameters)
        return [(int(i), float(score)) for i, score in zip(ids[0], scores[0], strict=True) if i >= 0]
