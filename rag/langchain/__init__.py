"""LangChain's names over the parts of this app: a script written for LangChain runs once its imports name this package.

Differences: addresses are opened with SSRF protection, nothing is unpickled, no model is downloaded, and vectors are
normalized to unit length. See docs/langchain.md.
"""

from langchain_text_splitters import RecursiveCharacterTextSplitter

from rag.answering.chain import ConversationalRetrievalChain
from rag.answering.evidence_retriever import EvidenceRetriever
from rag.langchain.embeddings import HuggingFaceEmbeddings
from rag.langchain.llms import ChatLlamaCpp, LlamaCpp
from rag.langchain.loaders import PyPDFLoader, WebBaseLoader
from rag.langchain.memory import ChatMessageHistory, ConversationBufferMemory
from rag.langchain.vectorstore import FAISS

__all__ = [
    "FAISS",
    "ChatLlamaCpp",
    "ChatMessageHistory",
    "ConversationBufferMemory",
    "ConversationalRetrievalChain",
    "EvidenceRetriever",
    "HuggingFaceEmbeddings",
    "LlamaCpp",
    "PyPDFLoader",
    "RecursiveCharacterTextSplitter",
    "WebBaseLoader",
]
