"""An answer goes on whatever happens to the page, and is saved once, as far as it came."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

from rag.answering.background_runs import AnswerRun, AnswerRuns
from rag.core.errors import ModelDied, NotFound
from rag.core.types import Answer, Failure, GenerationProgress

EMPTY = Answer("Why?", "Why?", "", "answered", None)


def wait_until_done(runs: AnswerRuns, turn: str) -> None:
    deadline = time.monotonic() + 60
    while runs.get(turn):
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_the_answer_grows_and_is_saved_at_the_end() -> None:
    runs, go_on = AnswerRuns(), threading.Event()
    saved: list[Answer] = []

    def ask(_: AnswerRun) -> Iterator[Answer]:
        yield replace(EMPTY, text="Because")
        go_on.wait(10)
        yield replace(EMPTY, text="Because.")

    run = runs.start("turn", EMPTY, ask, saved.append)
    while run.draft.text != "Because":
        time.sleep(0.005)
    assert saved == []
    assert runs.get("turn") is run
    go_on.set()
    wait_until_done(runs, "turn")
    assert [answer.text for answer in saved] == ["Because."]


def test_an_error_is_saved_with_what_was_written_before_it() -> None:
    runs = AnswerRuns()
    saved: list[Answer] = []

    def ask(_: AnswerRun) -> Iterator[Answer]:
        yield replace(EMPTY, text="Bec")
        raise ModelDied(model="tiny")

    runs.start("turn", EMPTY, ask, saved.append)
    wait_until_done(runs, "turn")
    assert saved == [replace(EMPTY, text="Bec", error=Failure("model_died", {"model": "tiny"}))]


def test_stopping_is_seen_by_whoever_writes() -> None:
    runs = AnswerRuns()
    saved: list[Answer] = []

    def ask(run: AnswerRun) -> Iterator[Answer]:
        run.on_progress(GenerationProgress("waiting", 2, 2))
        while not run.stopping():
            yield EMPTY
            time.sleep(0.005)
        yield replace(EMPTY, stopped=True)

    run = runs.start("turn", EMPTY, ask, saved.append)
    run.stop()
    wait_until_done(runs, "turn")
    assert saved[-1].stopped
    assert run.progress == GenerationProgress("waiting", 2, 2)


def test_runs_of_different_turns_do_not_wait_for_each_other() -> None:
    runs, hold = AnswerRuns(), threading.Event()
    saved: list[Answer] = []

    def slow(_: AnswerRun) -> Iterator[Answer]:
        hold.wait(10)
        yield replace(EMPTY, text="slow")

    runs.start("slow", EMPTY, slow, saved.append)
    runs.start("quick", EMPTY, lambda _: iter([replace(EMPTY, text="quick")]), saved.append)
    wait_until_done(runs, "quick")
    hold.set()
    wait_until_done(runs, "slow")
    assert [answer.text for answer in saved] == ["quick", "slow"]


def test_a_fault_of_the_program_becomes_an_error_of_the_answer() -> None:
    runs = AnswerRuns()
    saved: list[Answer] = []

    def ask(_: AnswerRun) -> Iterator[Answer]:
        yield replace(EMPTY, text="Bec")
        raise KeyError("Bec")

    runs.start("turn", EMPTY, ask, saved.append)
    wait_until_done(runs, "turn")
    assert saved == [replace(EMPTY, text="Bec", error=Failure("unexpected", {"kind": "key error"}))]


def test_a_run_ends_also_where_its_chat_was_deleted() -> None:
    runs = AnswerRuns()

    def save(_: Answer) -> None:
        raise NotFound(what="turn")

    runs.start("turn", EMPTY, lambda _: iter([EMPTY]), save)
    wait_until_done(runs, "turn")


def test_whoever_looks_waits_for_news_and_no_longer_than_asked() -> None:
    run = AnswerRun(EMPTY)
    seen = run.wait(-1, 60)
    assert run.wait(seen, 0.01) == seen
    threading.Timer(0.05, run.show, [replace(EMPTY, text="Because")]).start()
    newer = run.wait(seen, 60)
    assert (newer > seen, run.draft.text) == (True, "Because")
    run.end()
    run.wait(run.wait(-1, 60), 60)
