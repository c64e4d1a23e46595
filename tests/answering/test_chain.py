"""The chain: LangChain's contract kept to the letter, sources before the answer, follow-ups understood."""

from __future__ import annotations

import asyncio
import itertools
import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_classic.chains import ConversationalRetrievalChain as Classic
from langchain_classic.memory import ConversationBufferMemory as ClassicMemory
from langchain_core.callbacks import BaseCallbackHandler, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.language_models import BaseLanguageModel, FakeListLLM, GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.prompts import PromptTemplate
from langchain_core.retrievers import BaseRetriever

from rag.answering.prompts import COMBINE_DOCS_PROMPT, CONDENSE_QUESTION_PROMPT
from rag.langchain import ConversationalRetrievalChain, ConversationBufferMemory
from rag.models.catalogue import locate
from rag.models.llms.llama_cpp import ChatLlamaCpp
from rag.models.llms.process import ModelProcess

DOCUMENTS = [
    Document(page_content="Staff have 25 days of annual leave.", metadata={"page": 3}),
    Document(page_content="Leave may be carried over until the end of March.", metadata={"page": 4}),
    Document(page_content="The canteen opens at noon.", metadata={"page": 9}),
]
HISTORY = [("How many days of leave are there?", "25 days."), ("Thanks", "You are welcome.")]
MESSAGES = [message for q, a in HISTORY for message in (HumanMessage(q), AIMessage(a))]


class Shelf(BaseRetriever):
    """Finds the documents that share most words with the question, and remembers what was asked."""

    asked: list[str] = []  # noqa: RUF012  a pydantic field, copied for each shelf

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        self.asked.append(query)
        words = set(query.lower().split())
        return sorted(DOCUMENTS, key=lambda d: -len(words & set(d.page_content.lower().split())))[:2]


class Prompts(BaseCallbackHandler):
    """Writes down every prompt that is sent to a model, and under which tag."""

    def __init__(self) -> None:
        self.sent: list[list[tuple[str, str]]] = []
        self.tags: list[list[str]] = []

    def on_chat_model_start(
        self,
        serialized: dict[str, Any],
        messages: list[list[BaseMessage]],
        *,
        tags: list[str] | None = None,
        **_: Any,
    ) -> None:
        self.sent.append([(message.type, message.text) for message in messages[0]])
        self.tags.append(tags or [])


def fake(*answers: str) -> GenericFakeChatModel:
    return GenericFakeChatModel(messages=itertools.cycle([AIMessage(answer) for answer in answers]))


def classic(llm: BaseLanguageModel[Any], retriever: BaseRetriever, **options: Any) -> Classic:
    """LangChain's own class, on the same prompts."""
    return Classic.from_llm(
        llm,
        retriever,
        condense_question_prompt=CONDENSE_QUESTION_PROMPT,
        combine_docs_chain_kwargs={"prompt": COMBINE_DOCS_PROMPT},
        **options,
    )


# Both are called alike and give the same back; LangChain's own class and ours have no type in common.
Maker = Callable[..., Any]
MAKERS: tuple[Maker, ...] = (classic, ConversationalRetrievalChain.from_llm)
# What came back, what was sent to the model, what was searched.
Result = tuple[dict[str, Any], list[list[tuple[str, str]]], list[str]]


def both(make_llm: Callable[[], BaseLanguageModel[Any]], inputs: dict[str, Any], **options: Any) -> list[Result]:
    """The result, the prompts and the searches of LangChain's class and of ours."""
    results = []
    for make in MAKERS:
        prompts, shelf = Prompts(), Shelf(asked=[])
        chain = make(make_llm(), shelf, return_source_documents=True, return_generated_question=True, **options)
        results.append((chain.invoke(inputs, config={"callbacks": [prompts]}), prompts.sent, shelf.asked))
    return results


@pytest.fixture(scope="module")
def smollm2() -> Iterator[ChatLlamaCpp]:
    file = locate("smollm2-135m-instruct")
    assert file is not None
    process = ModelProcess(file, "smollm2-135m-instruct", threads=1, context_tokens=2048)
    yield ChatLlamaCpp.over(process, max_tokens=8)
    process.close()


# The same as LangChain's


@pytest.mark.parametrize("history", [[], HISTORY[:1], HISTORY, MESSAGES], ids=["none", "one", "pairs", "messages"])
def test_prompts_answer_documents_and_question_are_langchains(history: list[object]) -> None:
    inputs = {"question": "And until when can they be carried over?", "chat_history": history}
    theirs, ours = both(lambda: fake("Until when can leave be carried over?", "Until March."), inputs)
    assert ours == theirs
    assert ours[0]["source_documents"][0].metadata == {"page": 4}
    assert len(ours[1]) == (2 if history else 1)


def test_the_real_model_gives_the_same_in_both(smollm2: ChatLlamaCpp) -> None:
    inputs = {"question": "How long can they be carried over?", "chat_history": HISTORY[:1]}
    theirs, ours = both(lambda: smollm2, inputs)
    assert ours == theirs
    assert ours[0]["answer"]
    assert ours[0]["generated_question"]


@settings(max_examples=30)
@given(
    question=st.text(min_size=1, max_size=40),
    history=st.lists(st.tuples(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20)), max_size=3),
    rephrase=st.booleans(),
    limit=st.one_of(st.none(), st.integers(1, 40)),
)
def test_whatever_is_asked_both_send_the_same(
    question: str, history: list[tuple[str, str]], rephrase: bool, limit: int | None
) -> None:
    inputs = {"question": question, "chat_history": history}
    options = {"rephrase_question": rephrase, "max_tokens_limit": limit}

    def words_counted() -> GenericFakeChatModel:
        llm = fake("A question?", "An answer.")
        object.__setattr__(llm, "get_num_tokens", lambda text: len(text.split()))
        return llm

    theirs, ours = both(words_counted, inputs, **options)
    assert ours == theirs


def test_plain_language_models_work_too() -> None:
    inputs = {"question": "And carried over?", "chat_history": HISTORY}
    theirs, ours = both(lambda: FakeListLLM(responses=["Carried over until when?", "March."]), inputs)
    assert ours == theirs
    assert ours[0]["answer"] == "March."


def test_without_documents_the_fixed_answer_is_given_and_no_model_asked() -> None:
    class Empty(BaseRetriever):
        def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
            return []

    for make in MAKERS:
        chain = make(FakeListLLM(responses=["invented"]), Empty(), response_if_no_docs_found="Not there.")
        assert chain.invoke({"question": "?", "chat_history": []})["answer"] == "Not there."


def test_only_what_is_asked_for_comes_back() -> None:
    chain = ConversationalRetrievalChain.from_llm(fake("Yes."), Shelf(asked=[]))
    assert chain.invoke({"question": "Leave?", "chat_history": []}) == {
        "question": "Leave?",
        "chat_history": [],
        "answer": "Yes.",
    }


def test_async_and_batch_give_the_same() -> None:
    def chain() -> ConversationalRetrievalChain:
        llm = fake("Annual leave days?", "There are 25 days.")
        return ConversationalRetrievalChain.from_llm(llm, Shelf(asked=[]), return_source_documents=True)

    inputs = {"question": "How many?", "chat_history": HISTORY}
    result = chain().invoke(inputs)
    assert asyncio.run(chain().ainvoke(inputs)) == result
    assert chain().batch([inputs], config={"max_concurrency": 1}) == [result]

    async def streamed() -> list[dict[str, Any]]:
        return [part async for part in chain().astream(inputs)]

    assert asyncio.run(streamed()) == list(chain().stream(inputs))


# Memory and calls, as LangChain's


class Asked(BaseRetriever):
    """Finds what it is asked."""

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return [Document(page_content=f"about {query}", metadata={"n": 1}), Document(page_content="more")]


def answering(make: Maker, memory: Any, answers: Sequence[str], **options: Any) -> Any:
    """Three questions to a chain with a memory: what came back, what was sent, what is remembered."""
    prompts = Prompts()
    chain = make(fake(*answers), Asked(), memory=memory, **options)
    results = [chain.invoke({"question": "How many days?"}, config={"callbacks": [prompts]})]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results.append(chain({"question": "And carried over?"}, callbacks=[prompts]))
        results.append(chain("Until when?", return_only_outputs=True, callbacks=[prompts]))
    said = memory.load_memory_variables({})["chat_history"]
    return json.loads(dumps([results, prompts.sent, said]))


def dumps(value: object) -> str:
    return json.dumps(value, default=lambda one: [one.text, one.type] if hasattr(one, "text") else one.model_dump())


@pytest.mark.parametrize("key", ["answer", "said"])
@pytest.mark.parametrize("sources", [False, True])
def test_a_memory_is_read_and_written_as_langchains_is(key: str, sources: bool) -> None:
    prompt = PromptTemplate.from_template("{context} | {chat_history} | {question}")
    options = {
        "output_key": key,
        "return_source_documents": sources,
        "condense_question_prompt": CONDENSE_QUESTION_PROMPT,
        "combine_docs_chain_kwargs": {
            "prompt": prompt,
            "document_prompt": PromptTemplate.from_template("<{page_content}>"),
            "document_separator": "+",
        },
    }
    named: dict[str, Any] = {
        "memory_key": "chat_history",
        "return_messages": True,
        "output_key": key if sources else None,
    }
    answers = ["25.", "Carried over how?", "Five.", "Carried over until when?", "March."]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = answering(Classic.from_llm, ClassicMemory(**named), answers, **options)
    ours = answering(ConversationalRetrievalChain.from_llm, ConversationBufferMemory(**named), answers, **options)
    crossed = answering(ConversationalRetrievalChain.from_llm, ClassicMemory(**named), answers, **options)
    assert ours == crossed == theirs
    (first, second, third), sent, said = ours
    assert (first[key], second[key], third[key]) == ("25.", "Five.", "March.")
    assert set(third) == ({key, "source_documents"} if sources else {key})
    assert len(sent) == 5
    assert len(said) == 6


def test_a_memory_as_text_is_understood_where_it_is_said_how() -> None:
    options = {
        "get_chat_history": lambda history: history,
        "condense_question_prompt": CONDENSE_QUESTION_PROMPT,
        "combine_docs_chain_kwargs": {"prompt": COMBINE_DOCS_PROMPT},
    }
    answers = ["25.", "Carried over how?", "Five.", "Carried over until when?", "March."]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = answering(Classic.from_llm, ClassicMemory(memory_key="chat_history"), answers, **options)
    memory = ConversationBufferMemory(memory_key="chat_history")
    assert answering(ConversationalRetrievalChain.from_llm, memory, answers, **options) == theirs
    assert theirs[2].startswith("Human: How many days?\nAI: 25.")


def test_a_memory_has_to_know_which_output_is_the_answer() -> None:
    memory = ConversationBufferMemory(memory_key="chat_history", return_messages=True)
    chain = ConversationalRetrievalChain.from_llm(fake("25."), Asked(), memory=memory, return_source_documents=True)
    with pytest.raises(ValueError, match="output_key"):
        chain.invoke({"question": "How many days?"})


def test_a_stream_is_remembered_too() -> None:
    memory = ConversationBufferMemory(memory_key="chat_history", return_messages=True)
    chain = ConversationalRetrievalChain.from_llm(fake("There are 25."), Asked(), memory=memory)
    assert len(list(chain.stream({"question": "How many days?"}))) > 3
    remembered = memory.buffer
    assert isinstance(remembered, list)
    assert [message.text for message in remembered] == ["How many days?", "There are 25."]


def test_what_the_chain_does_not_do_is_said_and_not_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="map_reduce"):
        ConversationalRetrievalChain.from_llm(fake("25."), Asked(), chain_type="map_reduce")
    with pytest.raises(TypeError, match="reduce_k"):
        ConversationalRetrievalChain.from_llm(fake("25."), Asked(), combine_docs_chain_kwargs={"reduce_k": 1})
    ConversationalRetrievalChain.from_llm(fake("25."), Asked(), verbose=True).invoke({"question": "How many days?"})
    assert "ConversationalRetrievalChain" in capsys.readouterr().out


def test_without_a_model_the_sources_are_all() -> None:
    chain = ConversationalRetrievalChain.from_llm(None, Asked(), condense=False, return_source_documents=True)
    result = chain.invoke({"question": "How many days?", "chat_history": HISTORY})
    assert (result["answer"], len(result["source_documents"])) == ("", 2)


# What LangChain's did not do


def test_a_stream_gives_the_question_then_the_sources_then_the_answer_in_pieces() -> None:
    chain = ConversationalRetrievalChain.from_llm(fake("Standing alone?", "There are 25 days."), Shelf(asked=[]))
    parts = list(chain.stream({"question": "How many?", "chat_history": HISTORY}))
    assert parts[0] == {"generated_question": "Standing alone?"}
    assert [document.metadata["page"] for document in parts[1]["source_documents"]] == [3, 4]
    assert len(parts) > 4
    assert "".join(part["answer"] for part in parts[2:]) == "There are 25 days."


def test_condensing_and_answering_are_told_apart_by_their_tags() -> None:
    prompts = Prompts()
    chain = ConversationalRetrievalChain.from_llm(fake("A?", "B."), Shelf(asked=[]))
    chain.invoke({"question": "How many?", "chat_history": HISTORY}, config={"callbacks": [prompts], "tags": ["mine"]})
    assert [sorted(tags) for tags in prompts.tags] == [["condense", "mine"], ["answer", "mine"]]

    async def tokens() -> list[tuple[list[str], str]]:
        events = chain.astream_events({"question": "How many?", "chat_history": HISTORY}, version="v2")
        return [(e["tags"], e["data"]["chunk"].text) async for e in events if e["event"] == "on_chat_model_stream"]

    heard = asyncio.run(tokens())
    assert "".join(text for tags, text in heard if "answer" in tags) == "B."
    assert "".join(text for tags, text in heard if "condense" in tags) == "A?"


def test_condensing_has_a_model_of_its_own_when_one_is_given() -> None:
    chain = ConversationalRetrievalChain.from_llm(
        fake("B."), Shelf(asked=[]), condense_question_llm=fake("A?"), return_generated_question=True
    )
    result = chain.invoke({"question": "How many?", "chat_history": HISTORY})
    assert (result["generated_question"], result["answer"]) == ("A?", "B.")


class Follows(Shelf):
    """Understands follow-ups by joining the question with the one before."""

    before: str = ""

    def with_history(self, history: Sequence[tuple[str, str]]) -> Follows:
        return self.model_copy(update={"before": history[-1][0]})

    def query(self, question: str) -> str:
        return f"{self.before} {question}"

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return super()._get_relevant_documents(self.query(query), run_manager=run_manager)


def test_without_condensing_a_retriever_that_understands_follow_ups_is_given_the_history() -> None:
    prompts, shelf = Prompts(), Follows(asked=[])
    chain = ConversationalRetrievalChain.from_llm(fake("25."), shelf, condense=False, return_generated_question=True)
    inputs = {"question": "And carried over?", "chat_history": HISTORY[:1]}
    result = chain.invoke(inputs, config={"callbacks": [prompts]})
    assert result["generated_question"] == "How many days of leave are there? And carried over?"
    assert len(prompts.sent) == 1, "no model rewrites the question"
    assert prompts.sent[0][-1] == ("human", "And carried over?")
    assert shelf.asked == ["How many days of leave are there? And carried over?"]


def test_without_condensing_any_other_retriever_is_asked_the_question_as_it_is() -> None:
    shelf = Shelf(asked=[])
    chain = ConversationalRetrievalChain.from_llm(fake("25."), shelf, condense=False)
    chain.invoke({"question": "And carried over?", "chat_history": HISTORY})
    assert shelf.asked == ["And carried over?"]


def test_closing_the_stream_stops_the_model(smollm2: ChatLlamaCpp) -> None:
    llm = ChatLlamaCpp.over(smollm2.process, max_tokens=1500)
    chain = ConversationalRetrievalChain.from_llm(llm, Shelf(asked=[]))
    parts = chain.stream({"question": "Tell me a very long story about leave.", "chat_history": []})
    while "answer" not in next(parts):
        pass
    worker = smollm2.process.pid
    parts.close()
    assert smollm2.process.queue.idle
    assert smollm2.process.pid == worker, "it obeyed: one that does not is killed"
    assert "".join(smollm2.process.write([{"role": "user", "content": "Hi"}], max_tokens=3))
