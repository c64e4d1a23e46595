"""Errors of documents and web addresses that cannot be read."""

from rag.core.errors.base import RagError


class UnreadableDocument(RagError):
    """A document cannot be read."""


class FileMissing(UnreadableDocument, needs=("name",)):
    """No file of that name."""


class FileUnusable(UnreadableDocument, needs=("name", "reason")):
    """The system does not permit reading or writing it."""


class EmptyFile(UnreadableDocument, needs=("name",)):
    """Nothing in it."""


class UnsupportedKind(UnreadableDocument, needs=("name", "kinds")):
    """A file format that is not supported."""


class OtherFormat(UnreadableDocument, needs=("name", "format")):
    """A format that is known and not supported, whatever its name says."""


class PartlyRead(UnreadableDocument, needs=("name", "count", "names")):
    """Some of the files in it could not be read; the others were added."""


class OldFormat(UnreadableDocument, needs=("name", "format", "ending")):
    """A format that is not read, and that its program can save as one that is."""


class PictureOnly(UnreadableDocument, needs=("name", "format")):
    """A picture: what is written in it is not read."""


class SoundOnly(UnreadableDocument, needs=("name", "format")):
    """Sound or film: what is said in it is not read."""


class ScriptNeeded(UnreadableDocument, needs=("name",)):
    """A web page without content until a script has run."""


class DamagedFile(UnreadableDocument, needs=("name", "expected")):
    """Its name or header promises a format that its bytes do not have."""


class PasswordNeeded(UnreadableDocument, needs=("name",)):
    """Encrypted, and no password was given."""


class WrongPassword(UnreadableDocument, needs=("name",)):
    """Encrypted, and the password does not open it."""


class ProtectedFile(UnreadableDocument, needs=("name",)):
    """Encrypted in a way that no password opens here."""


class NoText(UnreadableDocument, needs=("name", "pages")):
    """Pages without a text layer, for instance scanned ones."""


class NoWords(UnreadableDocument, needs=("name",)):
    """Nothing is written in it that is read."""


class CharactersRefused(UnreadableDocument, needs=("name",)):
    """In an encoding that browsers refuse to decode."""


class TooLarge(UnreadableDocument, needs=("name", "limit")):
    """More bytes, characters or memory than the limits allow."""


class TooManyPages(UnreadableDocument, needs=("name", "pages", "limit")):
    """More pages than the limits allow."""


class TooSlow(UnreadableDocument, needs=("name", "seconds")):
    """Reading it took longer than the limits allow."""


class ReaderDied(UnreadableDocument, needs=("name",)):
    """It killed the process that read it, repeatedly."""


class AddressError(RagError):
    """A web address gives nothing that can be read."""


class AddressInvalid(AddressError, needs=("address",)):
    """Not an http or https address."""


class AddressForbidden(AddressError, needs=("address", "host")):
    """It leads into a private network."""


class AddressUnreachable(AddressError, needs=("address",)):
    """The server does not answer."""


class AddressStatus(AddressError, needs=("address", "status")):
    """The server answers with an error status."""


class AddressRedirects(AddressError, needs=("address",)):
    """Too many redirects."""


class AddressNotReadable(AddressError, needs=("address", "type")):
    """The response is neither a page nor a document."""
