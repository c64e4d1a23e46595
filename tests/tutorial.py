"""A tutorial's pipeline in LangChain's words: pages in, questions answered, sources beside them.

    python -m tests.tutorial --pdfs FOLDER --url ADDRESS --embeddings NAME --model FILE --index FOLDER QUESTION…

Against LangChain itself only the import lines differ: there they name langchain_classic.chains and .memory,
langchain_community.chat_models, .document_loaders and .vectorstores, langchain_huggingface and
langchain_text_splitters. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from langchain_core.prompts import PromptTemplate

from rag.langchain import (
    FAISS,
    ChatLlamaCpp,
    ConversationalRetrievalChain,
    ConversationBufferMemory,
    HuggingFaceEmbeddings,
    PyPDFLoader,
    RecursiveCharacterTextSplitter,
    WebBaseLoader,
)

PROMPT = PromptTemplate.from_template(
    "Read this:\n{context}\n\nSay in one short sentence what it answers to: {question}\n"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("questions", nargs="+")
    parser.add_argument("--pdfs", type=Path, required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--embeddings", required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--model", required=True)
    parser.add_argument("--index", required=True, help="a folder that the index is kept in")
    parser.add_argument("--k", type=int, default=4, help="chunks that the model reads")
    parser.add_argument("--tokens", type=int, default=48, help="of an answer, at most")
    given = parser.parse_args()

    pages = [page for file in sorted(given.pdfs.glob("*.pdf")) for page in PyPDFLoader(str(file)).load()]
    articles = WebBaseLoader(given.url).load()
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=20)
    chunks = splitter.split_documents(pages + articles)

    embeddings = HuggingFaceEmbeddings(model_name=given.embeddings, model_kwargs={"device": given.device})
    FAISS.from_documents(chunks, embeddings).save_local(given.index)
    store = FAISS.load_local(given.index, embeddings, allow_dangerous_deserialization=True)
    near = store.similarity_search_with_score(given.questions[0], k=2)

    llm = ChatLlamaCpp(
        model_path=given.model,
        n_ctx=2048,
        max_tokens=given.tokens,
        temperature=0.0,
        n_threads=1,
        streaming=True,
        verbose=False,
    )
    retriever = store.as_retriever(search_kwargs={"k": given.k})
    plain = ConversationalRetrievalChain.from_llm(llm, retriever, return_source_documents=True)
    history: list[tuple[str, str]] = []
    answers = []
    for question in given.questions:
        result = plain.invoke({"question": question, "chat_history": history})
        history.append((question, result["answer"]))
        answers.append(result["answer"])

    memory = ConversationBufferMemory(memory_key="chat_history", return_messages=True, output_key="answer")
    remembering = ConversationalRetrievalChain.from_llm(
        llm,
        retriever,
        memory=memory,
        return_source_documents=True,
        combine_docs_chain_kwargs={"prompt": PROMPT},
    )
    results = [remembering({"question": question}) for question in given.questions]
    print(
        json.dumps(
            {
                "pages": [page.metadata for page in pages],
                "articles": [article.metadata for article in articles],
                "chunks": len(chunks),
                "near": [[document.page_content, float(distance)] for document, distance in near],
                "answers": answers,
                "remembered": [message.content for message in memory.chat_memory.messages],
                "said": [result["answer"] for result in results],
                "sources": [[document.metadata for document in result["source_documents"]] for result in results],
            }
        )
    )


if __name__ == "__main__":
    main()
