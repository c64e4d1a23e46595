"""Every error a user can meet, as one tree. A leaf exists where a caller can react differently.

RagError
├── UnreadableDocument
│   ├── FileMissing          no file of that name
│   ├── FileUnusable         the system does not let it be read or written
│   ├── EmptyFile            nothing in it
│   ├── UnsupportedKind      not a kind of file that is read here
│   ├── OtherFormat          of a format that is known and not read, whatever its name says
│   ├── DamagedFile          its name or its head promises a kind that the bytes do not keep
│   ├── PasswordNeeded       encrypted, and no password was given
│   ├── WrongPassword        encrypted, and the password does not open it
│   ├── ProtectedFile        encrypted in a way that no password opens here
│   ├── NoText               pages without a text layer, scanned ones for instance
│   ├── ScriptNeeded         a web page that a script would have to fill first
│   ├── CharactersRefused    written in an encoding that browsers refuse to read
│   ├── TooLarge             more bytes, characters or memory than the limits allow
│   ├── TooManyPages         more pages than the limits allow
│   ├── TooSlow              reading it took longer than the limits allow
│   └── ReaderDied           the process that read it ended without a word, more than once
├── AddressError
│   ├── AddressInvalid       not an http or https address
│   ├── AddressForbidden     it leads into a private network
│   ├── AddressUnreachable   nobody answers
│   ├── AddressStatus        the server answers with an error page
│   ├── AddressRedirects     it sends the caller on too often
│   └── AddressNotReadable   the answer is not a page or a document
├── LibraryError
│   ├── NotFound             removed meanwhile, or never there
│   ├── CollectionUnknown    the command line names one that is not there
│   ├── NameTaken            a second one of that name
│   ├── SameName             a document of that name is there with other contents: replace it, or keep both?
│   ├── EmbedderMismatch     the collection was embedded with another model
│   ├── DiskFull             no room to write
│   ├── FolderUnusable       the data folder is none, or must not be written to
│   ├── StoreDamaged         the database does not open
│   ├── StoreTooNew          a later version of the program wrote it
│   ├── StoreUnreachable     the PostgreSQL server does not answer, or refuses
│   ├── StoreUnprepared      the PostgreSQL server has no pgvector, or too old a one
│   ├── StorePackageMissing  the package that speaks to PostgreSQL is not installed
│   ├── VectorsLacking       the server that holds the vectors does not answer, or has too few of them
│   ├── NotAllowed           a collection of another's that may be read, and no more than that
│   ├── PersonUnknown        nobody with that address has signed in
│   ├── LibraryNotEmpty      a library moves, or is restored, into an empty one only
│   ├── MoveUnequal          what arrived is not what was sent
│   ├── LibraryInUse         it cannot be replaced while a program has it open
│   └── PageNotDrawn         no picture can be made of the page
├── ModelError
│   ├── ModelUnknown         no model of that name
│   ├── ModelPackageMissing  the package that runs it is not installed
│   ├── ModelNotOnDisk       known, but not downloaded
│   ├── ModelRefused         a file that must not or cannot be loaded
│   ├── ModelNeedsGguf       a format that does not run here; the same model in GGUF does
│   ├── LicenceNotAccepted   its licence must be accepted before it is fetched
│   ├── ModelNotAtSource     the server that models come from does not have it
│   ├── NoRoomForModel       the disk has less room than it takes
│   ├── DownloadRunning      it is on its way already
│   ├── DownloadFailed       the server does not answer, or it broke off
│   ├── ModelLanguage        it does not write the language of the question
│   ├── ModelUnreachable     the server that runs it does not answer
│   ├── ServerBusy           it has no room for a question just now
│   ├── ServerSlow           it is silent for longer than it may
│   ├── ServerBroke          it broke off in the middle of an answer
│   ├── ModelDenied          its server wants another token, or its licence accepted
│   ├── ModelDied            its process ended in the middle
│   ├── ModelBusy            the queue is full
│   ├── EmbedderUnreachable  the server that embeds does not answer, or has no room
│   └── EmbedderRefused      the server that embeds gives no vectors, or not those that are looked for
├── SignInError
│   ├── SignInUnusable       sign-in is not set up as it has to be, or the provider does not say who it is
│   ├── SignInEnded          too long ago, or signed out elsewhere
│   └── PersonDisabled       an admin has shut this person out
├── Cancelled                the user asked to stop
├── Unexpected               a fault of this program; its log says more
└── SettingsInvalid          a setting is out of bounds

An error carries a key and fields, never prose: its words stand in `rag/ui/en.toml` and
`rag/ui/zh.toml` under that key, and a test holds the three together.
"""

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
    """The root. `needs` names the fields that the error's text fills in."""

    needs: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **fields: str | int) -> None:
        if set(fields) != set(self.needs):
            raise TypeError(f"{type(self).__name__} needs the fields {self.needs}, got {tuple(fields)}")
        self.fields = fields
        super().__init__(", ".join([self.key(), *(f"{name}={value}" for name, value in fields.items())]))

    @classmethod
    def key(cls) -> str:
        """The name of the error's text: the class name in lower case with underscores."""
        return _WORD_START.sub("_", cls.__name__).lower()

    @classmethod
    def leaves(cls) -> Iterator[type[RagError]]:
        """Every error of this branch that is raised as itself."""
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
        """The stored error as an exception again, to be raised on this side of a process border."""
        for leaf in RagError.leaves():
            if leaf.key() == failure.key:
                return leaf(**failure.fields)
        raise ValueError(f"no error is called {failure.key!r}")


class UnreadableDocument(RagError):
    """The bytes cannot be made into pages."""


class FileMissing(UnreadableDocument):
    needs = ("name",)


class FileUnusable(UnreadableDocument):
    needs = ("name", "reason")


class EmptyFile(UnreadableDocument):
    needs = ("name",)


class UnsupportedKind(UnreadableDocument):
    needs = ("name", "kinds")


class OtherFormat(UnreadableDocument):
    needs = ("name", "format")


class DamagedFile(UnreadableDocument):
    needs = ("name", "expected")


class PasswordNeeded(UnreadableDocument):
    needs = ("name",)


class WrongPassword(UnreadableDocument):
    needs = ("name",)


class ProtectedFile(UnreadableDocument):
    needs = ("name",)


class NoText(UnreadableDocument):
    needs = ("name", "pages")


class ScriptNeeded(UnreadableDocument):
    needs = ("name",)


class CharactersRefused(UnreadableDocument):
    needs = ("name",)


class TooLarge(UnreadableDocument):
    needs = ("name", "limit")


class TooManyPages(UnreadableDocument):
    needs = ("name", "pages", "limit")


class TooSlow(UnreadableDocument):
    needs = ("name", "seconds")


class ReaderDied(UnreadableDocument):
    needs = ("name",)


class AddressError(RagError):
    """The address gives nothing that can be read."""


class AddressInvalid(AddressError):
    needs = ("address",)


class AddressForbidden(AddressError):
    needs = ("address", "host")


class AddressUnreachable(AddressError):
    needs = ("address",)


class AddressStatus(AddressError):
    needs = ("address", "status")


class AddressRedirects(AddressError):
    needs = ("address",)


class AddressNotReadable(AddressError):
    needs = ("address", "type")


class LibraryError(RagError):
    """The store cannot do what was asked; what it holds is as before."""


class NotFound(LibraryError):
    needs = ("what",)


class CollectionUnknown(LibraryError):
    needs = ("name", "known")


class NameTaken(LibraryError):
    needs = ("name",)


class SameName(LibraryError):
    needs = ("name",)


class EmbedderMismatch(LibraryError):
    needs = ("collection", "recorded", "current")


class DiskFull(LibraryError):
    needs = ("folder",)


class FolderUnusable(LibraryError):
    needs = ("folder",)


class StoreDamaged(LibraryError):
    needs = ("file",)


class StoreTooNew(LibraryError):
    needs = ("file",)


class StoreUnreachable(LibraryError):
    needs = ("server",)


class StoreUnprepared(LibraryError):
    needs = ("server",)


class StorePackageMissing(LibraryError):
    needs = ("package",)


class VectorsLacking(LibraryError):
    """The database alone would take too long to be compared with; words are searched, and the answer says so."""


class NotAllowed(LibraryError):
    needs = ("collection",)


class PersonUnknown(LibraryError):
    needs = ("email",)


class LibraryNotEmpty(LibraryError):
    needs = ("library",)


class MoveUnequal(LibraryError):
    needs = ("table",)


class PageNotDrawn(LibraryError):
    needs = ("page",)


class LibraryInUse(LibraryError):
    needs = ("folder",)


class ModelError(RagError):
    """No answer can be written; the quotes stand without it."""


class ModelUnknown(ModelError):
    needs = ("model",)


class ModelPackageMissing(ModelError):
    needs = ("model", "package")


class ModelNotOnDisk(ModelError):
    needs = ("model",)


class ModelRefused(ModelError):
    needs = ("model", "reason")


class ModelLanguage(ModelError):
    needs = ("model",)


class ModelNeedsGguf(ModelError):
    needs = ("model", "reason", "instead")


class LicenceNotAccepted(ModelError):
    needs = ("model", "licence", "page")


class ModelNotAtSource(ModelError):
    needs = ("model", "source")


class NoRoomForModel(ModelError):
    needs = ("model", "needed", "free", "folder")


class DownloadRunning(ModelError):
    needs = ("model",)


class DownloadFailed(ModelError):
    needs = ("model", "source")


class ModelUnreachable(ModelError):
    needs = ("model",)


class ServerBusy(ModelError):
    needs = ("model",)


class ServerSlow(ModelError):
    needs = ("model", "seconds")


class ServerBroke(ModelError):
    needs = ("model",)


class ModelDenied(ModelError):
    needs = ("model",)


class ModelDied(ModelError):
    needs = ("model",)


class ModelBusy(ModelError):
    needs = ("waiting",)


class EmbedderUnreachable(ModelError):
    needs = ("model",)


class EmbedderRefused(ModelError):
    needs = ("model", "reason")


class SignInError(RagError):
    """The person is not let in."""


class SignInUnusable(SignInError):
    """Whoever set the app up has to see to it."""


class SignInEnded(SignInError):
    """Signing in once more helps."""


class PersonDisabled(SignInError):
    """An admin can undo it."""


class Cancelled(RagError):
    """The user asked to stop."""


class Unexpected(RagError):
    needs = ("kind",)

    @classmethod
    def of(cls, fault: Exception) -> Unexpected:
        """A fault of ours; its kind in words ("key error"), for a user reads it."""
        return cls(kind=_WORD_IN_NAME.sub(" ", type(fault).__name__).lower())

    @classmethod
    def logged(cls, fault: Exception, where: str, log: logging.Logger) -> Unexpected:
        """A fault of ours as the error that a user reads; the log says in what and where in the code.

        Not what the fault said: messages can quote the document.
        """
        log.error("%s failed: %s\n%s", where, type(fault).__name__, "".join(traceback.format_tb(fault.__traceback__)))
        return cls.of(fault)


class SettingsInvalid(RagError):
    needs = ("setting", "problem")
