"""`python -m rag ask` with what was asked before, of some documents alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.serving import Reply, serving

PROJECT = Path(__file__).resolve().parents[2]


def run(folder: Path, *words: str) -> dict[str, Any]:
    """What a command prints as JSON; without a model, and without samples."""
    environment = os.environ | {"RAG_DATA_DIR": str(folder / "data"), "RAG_SAMPLES": "false", "RAG_LANGUAGE": "en"}
    command = [sys.executable, "-m", "rag", *words, "--json"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=300)
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("asked")
    (folder / "north.md").write_text("---\ndate: 2021-05-01\n---\n\nThe northern office closes at six in the evening.")
    (folder / "south.md").write_text(
        "---\ndate: 2024-05-01\n---\n\nThe southern office closes at eight in the evening."
    )
    run(folder, "ingest", str(folder / "north.md"), str(folder / "south.md"))
    return folder


def test_a_question_is_limited_to_documents_by_name_and_by_date(folder: Path) -> None:
    asked = ["ask", "When does the office close?", "--model", "none"]
    assert {quote["document"] for quote in run(folder, *asked)["quotes"]} == {"north.md", "south.md"}
    for narrowed in (["--documents", "south.md"], ["--since", "2023-01-01"]):
        answer = run(folder, *asked, *narrowed)
        assert (answer["outcome"], {quote["document"] for quote in answer["quotes"]}) == ("answered", {"south.md"})
    assert run(folder, *asked, "--documents", "west.md")["error"]["code"] == "documents_unknown"
    assert (
        run(folder, *asked, "--documents", "south.md", "--until", "2022-01-01")["error"]["code"] == "nothing_selected"
    )


def test_a_question_is_limited_to_folders_tags_and_kinds(folder: Path) -> None:
    for name, hour in (("east/rules/a.txt", "five"), ("west/b.md", "nine")):
        (folder / "tree" / name).parent.mkdir(parents=True)
        (folder / "tree" / name).write_text(f"The office by the lake closes at {hour} in the evening.")
    run(folder, "ingest", str(folder / "tree"), "--collection", "Tree")
    asked = ["ask", "When does the office by the lake close?", "--model", "none", "--collection", "Tree"]
    for narrowed, names in (
        ([], {"east/rules/a.txt", "west/b.md"}),
        (["--folders", "east"], {"east/rules/a.txt"}),
        (["--kinds", "markdown"], {"west/b.md"}),
    ):
        assert {quote["document"] for quote in run(folder, *asked, *narrowed)["quotes"]} == names
    for narrowed in (["--tags", "none has it"], ["--folders", "eas"], ["--folders", "east", "--kinds", "markdown"]):
        assert run(folder, *asked, *narrowed)["error"]["code"] == "nothing_selected"


def test_what_was_asked_before_is_understood(folder: Path) -> None:
    history = folder / "history.json"
    turns = [
        "When does the northern office close?",
        {"role": "user", "text": "thanks"},
        {"role": "assistant", "text": "!"},
    ]
    history.write_text(json.dumps(turns), "utf-8")
    answer = run(folder, "ask", "And the southern one?", "--model", "none", "--history", str(history))
    assert "eight" in answer["quotes"][0]["text"]
    refused = run(folder, "ask", "What about football?", "--model", "none", "--history", str(history))
    assert (refused["outcome"], refused["kind"], refused["reason"]) == ("refused", "question", "not_found")


@pytest.mark.parametrize("written", ["not json", '{"role": "user"}', '[{"role": "user"}]', "[1]"])
def test_a_file_that_holds_no_history_is_refused_in_words_of_its_own(folder: Path, written: str) -> None:
    broken = folder / "broken.json"
    broken.write_text(written, "utf-8")
    error = run(folder, "ask", "And the southern one?", "--model", "none", "--history", str(broken))["error"]
    assert (error["code"], "broken.json" in error["text"]) == ("history_unusable", True)


def test_a_code_that_is_nowhere_is_named(folder: Path) -> None:
    answer = run(folder, "ask", "What is X-4711?", "--model", "none")
    assert (answer["refused"], answer["reason"], answer["looked_for"]) == (True, "identifier_missing", ["X-4711"])
    assert answer["notices"] == [{"code": "identifier_missing", "text": "X-4711 is in none of the documents."}]


def test_an_answer_that_was_cut_off_is_said_and_written_on(folder: Path) -> None:
    pieces = {1: ("The northern office closes at", "length"), 2: ("six in the evening.", "stop")}

    def posted(_path: str, body: bytes) -> Reply:
        text, reason = pieces[1 + any(m["role"] == "assistant" for m in json.loads(body)["messages"])]
        choice = {"message": {"role": "assistant", "content": f"<think>Hm.</think>{text}"}, "finish_reason": reason}
        return Reply(json.dumps({"choices": [choice]}).encode(), headers={"Content-Type": "application/json"})

    with serving(lambda _: Reply(), posted=posted) as served:
        asked = ["ask", "When does the northern office close?", "--model", f"openai:some@{served.at('/v1')}"]
        cut, whole = run(folder, *asked), run(folder, *asked, "--go-on", "3")
    assert "".join(sentence["text"] for sentence in cut["sentences"]) == pieces[1][0]
    assert [notice["code"] for notice in cut["notices"]] == ["cut_off"]
    assert whole["sentences"][0]["text"] == "The northern office closes at six in the evening."
    assert (whole["sentences"][0]["verdict"], whole["notices"]) == ("supported", [])
