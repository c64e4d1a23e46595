"""Parts of an object that are created at their first use, once, and without blocking each other."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    once = cached_property
else:

    class once(cached_property):  # noqa: N801 - used as a decorator
        """A thread-safe `cached_property` of a `LazyParts`."""

        def __get__(self, instance: Any, owner: Any = None) -> Any:
            if instance is None:
                return self
            with instance.lock(self.attrname):
                return super().__get__(instance, owner)


class LazyParts:
    """An object with `once` properties."""

    def __init__(self) -> None:
        self._locks: dict[str, AbstractContextManager[bool]] = {}

    def lock(self, part: str) -> AbstractContextManager[bool]:
        """The lock of one part: loading it does not block the others."""
        return self._locks.setdefault(part, threading.RLock())
