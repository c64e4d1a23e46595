"""LangChain's edge: what bears one of its names does what that name promises, on the parts of this program.

A script written for LangChain runs when its import lines name this module. What differs: addresses are opened by
the guarded door, nothing is unpickled, no model is fetched, and vectors are of length 1.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Collection as Addresses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import numpy as np
from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.document_loaders import BaseLoader
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.language_models.llms import LLM
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, get_buffer_string
from langchain_core.outputs import GenerationChunk
from langchain_core.vectorstores import VectorStore
from langchain_core.vectorstores.utils import maximal_marginal_relevance
from langchain_text_splitters import RecursiveCharacterTextSplitter
from pydantic import PrivateAttr

from rag.answering.chain import ConversationalRetrievalChain
from rag.answering.evidence_retriever import EvidenceRetriever
from rag.core import settings
from rag.core.errors import ModelNotOnDisk, RagError
from rag.core.formats import format_of
from rag.core.types import LoadedDocument
from rag.ingestion.loading import Limits, load_address, load_bytes
from rag.library.index.vectors import VectorIndex, Vectors
from rag.models.embedding import open_embedder
from rag.models.llms.chat_format import Message
from rag.models.llms.llama_cpp import ChatLlamaCpp as ProcessChatModel
from rag.models.llms.process import ModelProcess

__all__ = ["FAISS", "ChatLlamaCpp", "ChatMessageHistory", "ConversationBufferMemory", "ConversationalRetrievalChain"]
__all__ += ["EvidenceRetriever", "HuggingFaceEmbeddings", "LlamaCpp", "PyPDFLoader", "RecursiveCharacterTextSplitter"]
__all__ += ["WebBaseLoader"]

# Of metadata: the values wanted by key, or whether it will do.
Filter = Mapping[str, Any] | Callable[[dict[str, Any]], bool]


class PyPDFLoader(BaseLoader):
    """One document a page, with `source`, `title`, `page` (from 0), `page_label` and `total_pages`.

    The file, of this disk or of an address, is parsed in a limited child.
    """

    def __init__(
        self, file_path: str | os.PathLike[str], password: str | None = None, *, limits: Limits | None = None
    ) -> None:
        self.file_path, self._password, self._limits = str(file_path), password, limits or Limits()

    def lazy_load(self) -> Iterator[Document]:
        """The pages. Raises AddressError or UnreadableDocument where it cannot be read, OSError where there is none."""
        if "://" in self.file_path:
            loaded, _ = load_address(self.file_path, intranet=settings.load().intranet, limits=self._limits)
        else:
            file = Path(self.file_path).expanduser()
            loaded = load_bytes(file.read_bytes(), file.name, password=self._password, limits=self._limits)
        yield from _documents(loaded, self.file_path)


class WebBaseLoader(BaseLoader):
    """One document an address, with `source` (the final address) and `title`.

    With `continue_on_failure`, addresses that give nothing are left out and named with their errors in `failures`;
    without it, the first one raises. Private servers are read where `intranet`, or RAG_INTRANET, names them.
    """

    def __init__(
        self,
        web_path: str | Sequence[str] = "",
        *,
        web_paths: Sequence[str] = (),
        intranet: Addresses[str] | None = None,
        continue_on_failure: bool = False,
    ) -> None:
        self.web_paths = list(web_paths) or ([web_path] if isinstance(web_path, str) else list(web_path))
        self.failures: dict[str, RagError] = {}
        self._intranet = settings.load().intranet if intranet is None else intranet
        self._continue = continue_on_failure

    def lazy_load(self) -> Iterator[Document]:
        """The documents, in the order of their addresses. Raises AddressError or UnreadableDocument."""
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


class HuggingFaceEmbeddings(Embeddings):
    """A sentence-transformers model by name or folder, from this disk alone; vectors are of length 1."""

    def __init__(
        self,
        model_name: str = "sentence-transformers/all-mpnet-base-v2",
        model_kwargs: Mapping[str, Any] | None = None,
        encode_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        """`model_kwargs` may hold `device`, `encode_kwargs` `normalize_embeddings` and `batch_size`.

        Raises:
            ModelNotOnDisk: no other model stands in for it here.
        """
        _only({"device"}, model_kwargs)
        _only({"normalize_embeddings", "batch_size"}, encode_kwargs)
        self.model_name = model_name
        folders = [settings.load().models_folder]
        self._embedder = open_embedder(model_name, device=(model_kwargs or {}).get("device", "auto"), folders=folders)
        if self._embedder.fallback_for is not None:
            raise ModelNotOnDisk(model=model_name)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self._embedder.embed_passages(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        vector: list[float] = self._embedder.embed_query(text).tolist()
        return vector


def _only(known: set[str], given: Mapping[str, Any] | None) -> None:
    if unknown := sorted((given or {}).keys() - known):
        raise TypeError(f"not supported here: {', '.join(unknown)}")


class ChatLlamaCpp(ProcessChatModel):
    """A GGUF model in a process of its own, streaming.

    Options are n_ctx, n_threads, n_gpu_layers, max_tokens, temperature, repeat_penalty, seed and stop. It always
    streams, keeps its log to itself, and chooses the size of its batches.
    """

    def __init__(self, model_path: str | os.PathLike[str], **options: Any) -> None:
        file = Path(model_path)
        process = ModelProcess(
            file,
            file.stem,
            context_tokens=options.pop("n_ctx", 4096),
            threads=options.pop("n_threads", None) or 0,
            gpu_layers=options.pop("n_gpu_layers", 0),
            family=options.pop("family", ""),
        )
        options = {name: value for name, value in options.items() if name not in ("streaming", "verbose", "n_batch")}
        _only(set(ProcessChatModel.model_fields) | {"stop"}, options)
        super().__init__(model=file.stem, stop_texts=tuple(options.pop("stop", None) or ()), **options)
        self._process = process


class LlamaCpp(LLM):
    """A GGUF model that goes on with a text as it stands, in no chat format. Options as those of ChatLlamaCpp."""

    _chat: ChatLlamaCpp = PrivateAttr()

    def __init__(self, model_path: str | os.PathLike[str], **options: Any) -> None:
        super().__init__()
        self._chat = ChatLlamaCpp(model_path, family="raw", **options)

    @property
    def _llm_type(self) -> str:
        return "llama.cpp"

    def _call(self, prompt: str, stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any) -> str:
        return "".join(chunk.text for chunk in self._stream(prompt, stop, **kwargs))

    def _stream(
        self, prompt: str, stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[GenerationChunk]:
        chat = self._chat
        pieces = chat.process.write(
            [Message(role="user", content=prompt)],
            max_tokens=kwargs.get("max_tokens", chat.max_tokens),
            temperature=kwargs.get("temperature", chat.temperature),
            repeat_penalty=chat.repeat_penalty,
            seed=chat.seed,
            stop=[*chat.stop_texts, *(stop or ())],
        )
        for piece in pieces:
            if run_manager:
                run_manager.on_llm_new_token(piece)
            yield GenerationChunk(text=piece)

    def get_num_tokens(self, text: str) -> int:
        return self._chat.get_num_tokens(text)

    def close(self) -> None:
        self._chat.close()


class FAISS(VectorStore):
    """Texts by their vectors, in memory; on the disk one file of text, without a pickle.

    Vectors are brought to length 1, and scores are squared distances of them: less is nearer. A filter, values by key
    (one of a list) or a function of the metadata, is part of the search.
    """

    def __init__(self, embedding: Embeddings) -> None:
        self._embedding = embedding
        self._index: VectorIndex | None = None
        self._documents: dict[int, Document] = {}

    @property
    def embeddings(self) -> Embeddings:
        return self._embedding

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> Self:
        made = cls(embedding, **kwargs)
        made.add_texts(texts, metadatas, ids=ids)
        return made

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Raises ValueError where an id is there already."""
        _only(set(), kwargs)
        texts = list(texts)
        named = [given or str(uuid4()) for given in ids or [None] * len(texts)]
        documents = [
            Document(id=name, page_content=text, metadata=metadata)
            for name, text, metadata in zip(named, texts, metadatas or [{} for _ in texts], strict=True)
        ]
        if len({*named, *(one.id for one in self._documents.values())}) < len(named) + len(self._documents):
            raise ValueError("an id is given twice, or is there already")
        if texts:
            self._add(documents, _unit(self._embedding.embed_documents(texts)))
        return named

    def _add(self, documents: Sequence[Document], vectors: Vectors) -> None:
        self._index = self._index or VectorIndex(vectors.shape[1])
        first = max(self._documents, default=-1) + 1
        numbers = np.arange(first, first + len(documents), dtype=np.int64)
        self._index.add(numbers, vectors)
        self._documents |= zip(numbers.tolist(), documents, strict=True)

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool | None:
        """Take out documents by their ids. Raises ValueError where one is not there."""
        gone = {number for number, document in self._documents.items() if document.id in (ids or ())}
        if len(gone) < len(set(ids or ())):
            raise ValueError("an id is not there")
        if self._index is not None:
            self._index.remove(np.array(sorted(gone), np.int64))
        self._documents = {n: document for n, document in self._documents.items() if n not in gone}
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        return [document for document in self._documents.values() if document.id in ids]

    def similarity_search(self, query: str, k: int = 4, filter: Filter | None = None, **kwargs: Any) -> list[Document]:
        return [document for document, _ in self.similarity_search_with_score(query, k, filter, **kwargs)]

    def similarity_search_by_vector(
        self, embedding: list[float], k: int = 4, filter: Filter | None = None, **kwargs: Any
    ) -> list[Document]:
        return [document for document, _ in self.similarity_search_with_score_by_vector(embedding, k, filter, **kwargs)]

    def similarity_search_with_score(
        self, query: str, k: int = 4, filter: Filter | None = None, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        return self.similarity_search_with_score_by_vector(self._embedding.embed_query(query), k, filter, **kwargs)

    def similarity_search_with_score_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        filter: Filter | None = None,
        fetch_k: int = 20,
        score_threshold: float = 4.0,
    ) -> list[tuple[Document, float]]:
        """The k nearest and their distances, nearest first, none farther than the threshold."""
        found = [(self._documents[number], 2 - 2 * cosine) for number, cosine in self._nearest(embedding, k, filter)]
        return [(document, max(0.0, far)) for document, far in found if far <= score_threshold]

    def max_marginal_relevance_search(
        self, query: str, k: int = 4, fetch_k: int = 20, lambda_mult: float = 0.5, **kwargs: Any
    ) -> list[Document]:
        """Of the `fetch_k` nearest, k that are unlike each other; `lambda_mult` 1 looks at nearness alone."""
        _only({"filter"}, kwargs)
        asked = self._embedding.embed_query(query)
        numbers = [number for number, _ in self._nearest(asked, fetch_k, kwargs.get("filter"))]
        if self._index is None or not numbers:
            return []
        vectors = self._index.contents()[np.searchsorted(self._index.ids, numbers)]
        chosen = maximal_marginal_relevance(_unit([asked])[0], list(vectors), lambda_mult, k)
        return [self._documents[numbers[place]] for place in chosen]

    def _nearest(self, embedding: list[float], k: int, filter: Filter | None) -> list[tuple[int, float]]:
        if self._index is None:
            return []
        only = [number for number, document in self._documents.items() if filter and _meets(document.metadata, filter)]
        return self._index.search(_unit([embedding])[0], k, np.array(only, np.int64) if filter else None)

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        return self._euclidean_relevance_score_fn

    def save_local(self, folder_path: str, index_name: str = "index") -> None:
        """Write texts, metadata and vectors to `<index_name>.json`. Raises TypeError for metadata that JSON lacks."""
        vectors = self._index.contents() if self._index else np.empty((0, 0), np.float32)
        documents = [[document.id, document.page_content, document.metadata] for document in self._documents.values()]
        packed = base64.b64encode(vectors.astype("<f4").tobytes()).decode()
        file = Path(folder_path) / f"{index_name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_suffix(".new")
        beside.write_text(json.dumps({"documents": documents, "vectors": packed}))
        beside.replace(file)

    @classmethod
    def load_local(
        cls,
        folder_path: str,
        embeddings: Embeddings,
        index_name: str = "index",
        *,
        allow_dangerous_deserialization: bool = False,
    ) -> Self:
        """What `save_local` wrote. Nothing in it can run, so nothing dangerous need be allowed."""
        kept = json.loads((Path(folder_path) / f"{index_name}.json").read_text())
        documents = [Document(id=name, page_content=text, metadata=more) for name, text, more in kept["documents"]]
        made = cls(embeddings)
        if documents:
            vectors = np.frombuffer(base64.b64decode(kept["vectors"]), "<f4")
            made._add(documents, vectors.reshape(len(documents), -1))
        return made


def _unit(vectors: Sequence[Sequence[float]]) -> Vectors:
    found = np.array(vectors, np.float32)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return (found / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def _meets(metadata: dict[str, Any], filter: Filter) -> bool:
    if callable(filter):
        return bool(filter(metadata))
    if any(key.startswith("$") or isinstance(value, dict) for key, value in filter.items()):
        raise ValueError("operators are not supported in a filter: give a function of the metadata")
    return all(metadata.get(key) in (value if isinstance(value, list) else [value]) for key, value in filter.items())


class ChatMessageHistory(BaseChatMessageHistory):
    """Messages in memory."""

    def __init__(self) -> None:
        self.messages: list[BaseMessage] = []

    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        self.messages += messages

    def clear(self) -> None:
        self.messages = []


@dataclass
class ConversationBufferMemory:
    """Gives the turns before to a chain under `memory_key`, as messages or as one text, and keeps each new one.

    `output_key` says what of a chain's result is the answer; it is needed where the chain returns more than that.
    """

    chat_memory: BaseChatMessageHistory = field(default_factory=ChatMessageHistory)
    memory_key: str = "history"
    input_key: str | None = None
    output_key: str | None = None
    return_messages: bool = False
    human_prefix: str = "Human"
    ai_prefix: str = "AI"

    @property
    def memory_variables(self) -> list[str]:
        return [self.memory_key]

    @property
    def buffer(self) -> str | list[BaseMessage]:
        messages = self.chat_memory.messages
        return messages if self.return_messages else get_buffer_string(messages, self.human_prefix, self.ai_prefix)

    def load_memory_variables(self, inputs: dict[str, Any]) -> dict[str, Any]:
        return {self.memory_key: self.buffer}

    def save_context(self, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
        """Raises ValueError where it is not said which of several inputs is the question, which output the answer."""
        asked = {key: value for key, value in inputs.items() if key not in (self.memory_key, "stop")}
        said = (_one(asked, self.input_key, "input_key"), _one(outputs, self.output_key, "output_key"))
        self.chat_memory.add_messages([HumanMessage(said[0]), AIMessage(said[1])])

    def clear(self) -> None:
        self.chat_memory.clear()


def _one(values: dict[str, Any], key: str | None, option: str) -> Any:
    if key is None and len(values) != 1:
        raise ValueError(f"several keys ({', '.join(values)}): set {option}")
    return values[key] if key else next(iter(values.values()))
