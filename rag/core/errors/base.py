"""The root of the tree of errors, and the leaves that belong to no branch."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator
from typing import ClassVar

from rag.core.types import Failure

_WORD_START = re.compile(r"(?<!^)(?=[A-Z])")
_WORD_IN_NAME = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class RagError(Exception):
    """The root. A subclass names the fields of its text: `class EmptyFile(UnreadableDocument, needs=("name",))`."""

    needs: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, *, needs: tuple[str, ...] = ()) -> None:
        cls.needs = needs

    def __init__(self, **fields: str | int) -> None:
        if set(fields) != set(self.needs):
            raise TypeError(f"{type(self).__name__} needs the fields {self.needs}, got {tuple(fields)}")
        self.fields = fields
        super().__init__(", ".join([self.key(), *(f"{name}={value}" for name, value in fields.items())]))

    @classmethod
    def key(cls) -> str:
        """The key of the error's text: the class name in snake case."""
        return _WORD_START.sub("_", cls.__name__).lower()

    @classmethod
    def leaves(cls) -> Iterator[type[RagError]]:
        """All leaves below this class."""
        children = cls.__subclasses__()
        if not children:
            yield cls
        for child in children:
            yield from child.leaves()

    def failure(self) -> Failure:
        """The error as it is stored with a job or a turn."""
        return Failure(self.key(), dict(self.fields))

    @staticmethod
    def revive(failure: Failure) -> RagError:
        """The inverse of `failure`, to raise an error again after it crossed a process boundary."""
        for leaf in RagError.leaves():
            if leaf.key() == failure.key:
                return leaf(**failure.fields)
        raise ValueError(f"no error is called {failure.key!r}")


class Cancelled(RagError):
    """The user asked to stop."""


class Unexpected(RagError, needs=("kind",)):
    """A bug in this program; its log says more."""

    @classmethod
    def of(cls, fault: Exception) -> Unexpected:
        """The error for an exception, with its type in words, as "key error"."""
        return cls(kind=_WORD_IN_NAME.sub(" ", type(fault).__name__).lower())

    @classmethod
    def logged(cls, fault: Exception, where: str, log: logging.Logger) -> Unexpected:
        """The error for an exception, whose traceback is logged without its message, which may quote a document."""
        log.error("%s failed: %s\n%s", where, type(fault).__name__, "".join(traceback.format_tb(fault.__traceback__)))
        return cls.of(fault)


class SettingsInvalid(RagError, needs=("setting", "problem")):
    """A setting is out of bounds."""
