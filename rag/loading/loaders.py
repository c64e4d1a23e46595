"""Doors for LangChain users: loaders with the names the field knows, giving `Document`s.

They stand apart from the readers because LangChain takes most of a second to import, which the
parsing child can do without.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from langchain_core.document_loaders import BaseLoader
from langchain_core.documents import Document

from rag.errors import RagError
from rag.loading import Limits, load_address, load_bytes
from rag.types import LoadedDocument


class PyPDFLoader(BaseLoader):
    """One document a page, with `source`, `title`, `page` (from 0) and `page_label`.

    Unlike its namesake it opens a file of this machine and nothing else: no address is
    fetched, no `~` expanded. The file is parsed in the limited child.
    """

    def __init__(
        self, file_path: str | os.PathLike[str], *, password: str | None = None, limits: Limits | None = None
    ) -> None:
        self.file_path = Path(file_path)
        self._password = password
        self._limits = limits or Limits()

    def lazy_load(self) -> Iterator[Document]:
        """The pages that hold text.

        Raises:
            UnreadableDocument: it cannot be read.
        """
        data = self.file_path.read_bytes()
        document = load_bytes(data, self.file_path.name, password=self._password, limits=self._limits)
        yield from to_documents(document, str(self.file_path))


class WebBaseLoader(BaseLoader):
    """One document an address, with `source` (the final address) and `title`.

    With `continue_on_failure`, addresses that give nothing are left out and named with their
    errors in `failures`; without it, the first one raises.
    """

    def __init__(
        self, web_path: str | Sequence[str], *, intranet: Collection[str] = (), continue_on_failure: bool = False
    ) -> None:
        self.web_paths = [web_path] if isinstance(web_path, str) else list(web_path)
        self.failures: dict[str, RagError] = {}
        self._intranet = intranet
        self._continue = continue_on_failure

    def lazy_load(self) -> Iterator[Document]:
        """The documents, in the order of their addresses.

        Raises:
            AddressError, UnreadableDocument: an address gives nothing that can be read.
        """
        self.failures = {}
        for address in self.web_paths:
            try:
                document, _ = load_address(address, intranet=self._intranet)
            except RagError as error:
                if not self._continue:
                    raise
                self.failures[address] = error
                continue
            yield from to_documents(document, document.address or address)


def to_documents(document: LoadedDocument, source: str) -> Iterator[Document]:
    """The pages that hold text, as LangChain's documents."""
    for page in document.pages:
        if page.text.strip():
            metadata: dict[str, str | int] = {"source": source, "title": document.title}
            if document.kind == "pdf":
                metadata |= {"page": page.number - 1, "page_label": page.label}
            yield Document(page_content=page.text, metadata=metadata)
