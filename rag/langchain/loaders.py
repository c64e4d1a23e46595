"""Document loaders with LangChain's names: PDF files and web pages."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from langchain_core.document_loaders import BaseLoader
from langchain_core.documents import Document

from rag.core import settings
from rag.core.errors import RagError
from rag.core.formats import format_of
from rag.core.types import LoadedDocument
from rag.ingestion.loading import Limits, load_address, load_bytes


class PyPDFLoader(BaseLoader):
    """One document per page; metadata: `source`, `title`, `page` (from 0), `page_label`, `total_pages`.

    The file, local or behind an address, is parsed in a sandboxed child process.
    """

    def __init__(
        self, file_path: str | os.PathLike[str], password: str | None = None, *, limits: Limits | None = None
    ) -> None:
        self.file_path, self._password, self._limits = str(file_path), password, limits or Limits()

    def lazy_load(self) -> Iterator[Document]:
        """Yield the pages. Raises AddressError or UnreadableDocument if it cannot be read, OSError if it is missing."""
        if "://" in self.file_path:
            loaded, _ = load_address(self.file_path, intranet=settings.load().intranet, limits=self._limits)
        else:
            file = Path(self.file_path).expanduser()
            loaded = load_bytes(file.read_bytes(), file.name, password=self._password, limits=self._limits)
        yield from _documents(loaded, self.file_path)


class WebBaseLoader(BaseLoader):
    """One document per address; metadata: `source` (the address after redirects) and `title`.

    With `continue_on_failure`, addresses that fail are skipped and their errors kept in `failures`; without it, the
    first failure raises. Private servers are read only if `intranet` (default: RAG_INTRANET) lists them.
    """

    def __init__(
        self,
        web_path: str | Sequence[str] = "",
        *,
        web_paths: Sequence[str] = (),
        intranet: Collection[str] | None = None,
        continue_on_failure: bool = False,
    ) -> None:
        self.web_paths = list(web_paths) or ([web_path] if isinstance(web_path, str) else list(web_path))
        self.failures: dict[str, RagError] = {}
        self._intranet = settings.load().intranet if intranet is None else intranet
        self._continue = continue_on_failure

    def lazy_load(self) -> Iterator[Document]:
        """Yield the documents in the order of the addresses. Raises AddressError or UnreadableDocument."""
        self.failures = {}
        for address in self.web_paths:
            try:
                loaded, _ = load_address(address, intranet=self._intranet)
            except RagError as error:
                if not self._continue:
                    raise
                self.failures[address] = error
            else:
                yield from _documents(loaded, loaded.address or address)


def _documents(loaded: LoadedDocument, source: str) -> Iterator[Document]:
    for page in loaded.pages:
        metadata: dict[str, str | int] = {"source": source, "title": loaded.title}
        if format_of(loaded.kind).paged:
            metadata |= {"page": page.number - 1, "page_label": page.label, "total_pages": len(loaded.pages)}
        yield Document(page_content=page.text, metadata=metadata)
