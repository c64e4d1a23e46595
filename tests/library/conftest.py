"""An empty library, on each of the two engines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rag.core.types import (
    Collection,
)
from rag.library.store import Store
from tests.support.postgres import Place
from tests.support.small_library import ANN


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    """An empty library, on each of the two engines."""
    with closing(place.open()) as made:
        yield made


@pytest.fixture
def local(tmp_path: Path) -> Store:
    """An empty library in a folder."""
    return Store.open(tmp_path / "data")


@pytest.fixture
def collection(store: Store) -> Collection:
    return store.collections.create(ANN, "mine")
