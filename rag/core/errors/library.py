"""Errors of the store."""

from rag.core.errors.base import RagError


class LibraryError(RagError):
    """A store operation failed; the library is unchanged."""


class NotFound(LibraryError, needs=("what",)):
    """It does not exist, or the person may not know of it."""


class DocumentsUnknown(LibraryError, needs=("names", "collection")):
    """No document of the collection has such a name or date."""


class NothingSelected(LibraryError):
    """No document of the collection is in the folders, tags, kinds and dates that a question is limited to."""


class CollectionUnknown(LibraryError, needs=("name", "known")):
    """The command line names a collection that does not exist."""


class NameTaken(LibraryError, needs=("name",)):
    """The name is in use."""


class SameName(LibraryError, needs=("name",)):
    """A document of that name has other contents: replace it, or keep both?"""


class EmbedderMismatch(LibraryError, needs=("collection", "recorded", "current")):
    """The collection was embedded with another model."""


class EmbeddersDiffer(LibraryError, needs=("collection", "there", "here")):
    """Documents cannot move into a collection that another model embedded."""


class DiskFull(LibraryError, needs=("folder",)):
    """No space left to write."""


class FolderUnusable(LibraryError, needs=("folder",)):
    """The data folder is no folder, or cannot be written to."""


class StoreDamaged(LibraryError, needs=("file",)):
    """The database is damaged, or no library."""


class StoreTooNew(LibraryError, needs=("file",)):
    """A later version of the program wrote it."""


class StoreUnreachable(LibraryError, needs=("server",)):
    """The PostgreSQL server does not answer, or refuses the connection."""


class StoreUnprepared(LibraryError, needs=("server",)):
    """The PostgreSQL server has no pgvector, or too old a version."""


class StorePackageMissing(LibraryError, needs=("package",)):
    """The package for PostgreSQL is not installed."""


class VectorsLacking(LibraryError):
    """The vector server does not answer, or is incomplete, and there are too many vectors for an exact search; the
    words are searched, and the answer says so."""


class NotAllowed(LibraryError, needs=("collection",)):
    """The person's right in the collection does not suffice."""


class PersonUnknown(LibraryError, needs=("email",)):
    """Nobody with that email address has signed in."""


class LibraryNotEmpty(LibraryError, needs=("library",)):
    """The target of a move or a restore is not empty."""


class MoveUnequal(LibraryError, needs=("table",)):
    """What arrived differs from what was sent."""


class PageNotDrawn(LibraryError, needs=("page",)):
    """The page cannot be rendered."""


class HistoryUnusable(LibraryError, needs=("name",)):
    """The file of earlier questions is no JSON list of questions and turns."""


class LibraryInUse(LibraryError, needs=("folder",)):
    """Another program has it open."""
