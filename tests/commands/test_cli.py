"""The command line: what it prints, and the exit codes that scripts rely on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rag.core.types import LoadedDocument, Page
from rag.ingestion.splitting import split
from tests.guarantees.apps import OWNER
from tests.support.postgres import Place
from tests.support.serving import Reply, serving
from tests.support.tei import tei

PROJECT = Path(__file__).resolve().parents[2]
SAMPLES = PROJECT / "data" / "samples"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cli")


def footnote(data: Path, *arguments: str | Path, model: str = "none", **settings: str) -> tuple[int, Any]:
    """Run `python -m rag … --json`: its exit code and the one object on standard output."""
    environment = os.environ | {"RAG_DATA_DIR": str(data), "RAG_MODEL": model, "OMP_NUM_THREADS": "1"} | settings
    command = [sys.executable, "-m", "rag", *map(str, arguments), "--json"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=300)
    return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def library(data: Path) -> Path:
    """The sample documents, read from the command line."""
    code, report = footnote(data, "ingest", *sorted(SAMPLES.glob("*.[phd]*[!n]")), "--collection", "Samples")
    assert code == 0, report
    assert {document["name"]: document["pages"] for document in report["documents"]} == {
        "employee-handbook.pdf": 15,
        "remote-work-security-policy.html": 1,
        "shanghai-office-move.docx": 1,
    }
    return data


def test_ask_names_the_page_that_answers(library: Path) -> None:
    code, answer = footnote(library, "ask", "How long is the probation period?", "--collection", "Samples")
    assert code == 0
    assert not answer["refused"]
    assert answer["gate_calibrated"]
    assert "six months" in answer["answer"]
    assert answer["model"] is None
    first = answer["sources"][0]
    assert (first["document"], first["page"], first["label"]) == ("employee-handbook.pdf", 5, "2")
    assert answer["quotes"][0]["end"] - answer["quotes"][0]["start"] == len(answer["quotes"][0]["text"])
    assert {"search", "quotes", "total"} <= set(answer["seconds"])
    quote = answer["quotes"][0]
    assert {"document", "page", "label", "text", "start", "end", "score", "line"} <= set(quote)
    assert {"head", "section", "before", "after", "ocr", "place"} <= set(quote)
    assert (quote["place"]["section"], quote["ocr"]) == (quote["section"], None)
    place = answer["quotes"][0]["place"]
    assert (place["page"], place["label"], place["line"]) == (5, "2", None)
    # On the page, A4, in the order of reading.
    assert place["boxes"]
    assert all(
        page == 5 and 0 < left < right < 596 and 0 < top < bottom < 842
        for page, left, top, right, bottom in place["boxes"]
    )


def test_a_document_without_pages_has_page_null(library: Path) -> None:
    _, answer = footnote(library, "ask", "午餐补贴每天多少钱？", "--collection", "Samples")
    assert answer["sources"][0]["document"] == "shanghai-office-move.docx"
    assert answer["sources"][0]["page"] is None
    place = answer["quotes"][0]["place"]
    assert (place["page"], place["label"], place["boxes"]) == (None, None, None)
    assert place["line"] == answer["quotes"][0]["line"]
    assert place["section"]
    assert "35元" in answer["answer"]


@pytest.mark.slow
def test_the_bundled_model_writes_from_the_quotes(library: Path) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python could not be built here")
    code, answer = footnote(
        library, "ask", "How long is the probation period?", "--collection", "Samples", model="smollm2-135m-instruct"
    )
    assert code == 0
    assert answer["model"] == "smollm2-135m-instruct"
    assert answer["sentences"]
    assert {"first_word", "writing", "checking"} <= set(answer["seconds"])


def test_what_is_refused_is_named_and_the_rest_is_read(data: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.pdf").touch()
    (tmp_path / "note.txt").write_text("The gate code is 4711.", encoding="utf-8")
    code, report = footnote(data, "ingest", tmp_path, "http://127.0.0.1:9/", "missing.pdf")
    assert code == 1
    assert [(item["name"].rpartition("/")[2], item["status"]) for item in report["documents"]] == [
        ("empty.pdf", "refused"),
        ("note.txt", "ready"),
        ("", "refused"),
        ("missing.pdf", "refused"),
    ]
    assert report["documents"][0]["error"] == "empty.pdf is empty. Nothing was added."


def test_wrong_use_and_unknown_collections_have_their_own_exit_codes(data: Path) -> None:
    assert footnote(data, "ingest")[0] == 2
    code, told = footnote(data, "ask", "Why?", "--collection", "Nowhere")
    assert (code, told["error"]["code"]) == (1, "collection_unknown")
    assert told["error"]["text"].startswith("There is no collection called Nowhere here. These are: ")


def test_a_setting_out_of_bounds_is_named(data: Path) -> None:
    environment = os.environ | {"RAG_DATA_DIR": str(data), "RAG_QUOTES": "99"}
    command = [sys.executable, "-m", "rag", "ask", "Why?"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "RAG_QUOTES" in done.stderr


def test_the_samples_are_measured_by_their_own_questions(data: Path) -> None:
    code, report = footnote(data, "evaluate", SAMPLES)
    assert code == 0
    assert report["questions"] == 13
    assert report["recall@4"] == 1.0
    assert report["recall@4_interval"] == [1.0, 1.0]
    assert report["refused_out_of_corpus"] == 1.0
    assert report["exact_match"] is None
    assert report["seconds"]


def test_a_judge_is_measured_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "contexts.jsonl").write_text(json.dumps({"id": 1, "text": "Leave is 25 days."}) + "\n")
    claims = [
        {"claim": "Leave is 25 days.", "context": 1, "label": 1},
        {"claim": "Bees sting in summer.", "context": 1, "label": 0},
    ]
    (tmp_path / "claims.jsonl").write_text("".join(f"{json.dumps(claim)}\n" for claim in claims))
    code, report = footnote(tmp_path / "data", "evaluate", tmp_path, "--judge", "footnote-judge")
    assert code == 0
    assert report["judge"] == "footnote-judge"
    assert report["auc"] == 1.0
    code, report = footnote(tmp_path / "data", "evaluate", tmp_path, "--judge", "nobody")
    assert code == 1
    assert report["error"]["code"] == "model_unknown"


@pytest.mark.parametrize(("size", "overlap"), [(120, 0), (120, 30), (200, 0)])
def test_evaluation_cuts_as_the_settings_say(tmp_path: Path, size: int, overlap: int) -> None:
    text = " ".join(f"Ferry {number} leaves the harbour at {number} in the morning." for number in range(1, 12))
    (tmp_path / "passages.jsonl").write_text(json.dumps({"id": "ferries", "text": text}) + "\n")
    question = {"question": "When does ferry 7 leave the harbour?", "answers": ["7"], "gold_passage_ids": ["ferries"]}
    (tmp_path / "questions.jsonl").write_text(json.dumps(question) + "\n")
    settings = {"RAG_CHUNK_UNIT": "characters", "RAG_CHUNK_SIZE": str(size), "RAG_CHUNK_OVERLAP": str(overlap)}
    code, report = footnote(tmp_path / "data", "evaluate", tmp_path, **settings)
    document = LoadedDocument("ferries", "", "text", (Page(1, "1", text),))
    assert (code, report["recall@1"]) == (0, 1.0)
    assert report["chunks"] == len(split(document, count=len, size=size, overlap=overlap)) > 1


def test_thirty_nine_addresses_of_which_five_fail(tmp_path: Path) -> None:
    """As the tutorials give them: all at once, and the good ones are read whatever becomes of the others."""

    def answer(path: str) -> Reply:
        number = int(path.strip("/") or 0)
        if number in (7, 21):
            return Reply(b"<h1>Not here</h1>", 404)
        if number == 13:
            return Reply(b"PK", headers={"Content-Type": "application/zip"})
        if number == 30:
            return Reply(b"", 500)
        text = (
            f"<title>Rule {number}</title><main><h1>Rule {number}</h1><p>Room {number} is cleaned at noon.</p></main>"
        )
        return Reply(text.encode())

    with serving(answer) as served:
        addresses = [served.at(f"/{number}") for number in range(38)] + ["http://127.0.0.1:1/private"]
        code, report = footnote(tmp_path, "ingest", *addresses, RAG_INTRANET=served.place)
    said = {document["name"]: document for document in report["documents"]}
    bad = {name: document["code"] for name, document in said.items() if document["status"] != "ready"}
    assert code == 1
    assert len(report["documents"]) == 39
    assert bad == {
        served.at("/7"): "address_status",
        served.at("/21"): "address_status",
        served.at("/13"): "address_not_readable",
        served.at("/30"): "address_status",
        "http://127.0.0.1:1/private": "address_forbidden",
    }
    assert sum(document["status"] == "ready" for document in report["documents"]) == 34


# In place of `python -m rag`: a command that makes a collection only when another one is about to make it too.
MEETING = """
import os, sys, time
from contextlib import closing
from pathlib import Path
from rag.commands import cli
from rag.library.store.collections import Collections

made = Collections.create

def create(*given, **named):
    place = Path(os.environ["MEETING"])
    (place / str(os.getpid())).touch()
    deadline = time.monotonic() + 120
    while len(list(place.iterdir())) < 2:
        assert time.monotonic() < deadline, "the other one did not come"
        time.sleep(0.01)
    return made(*given, **named)

Collections.create = create
cli.main()
"""


def test_two_commands_that_make_the_same_collection_at_once_both_read_into_it(place: Place, tmp_path: Path) -> None:
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    (tmp_path / "gate.txt").write_text("The gate code is 4711.", encoding="utf-8")
    (tmp_path / "door.txt").write_text("The door opens at nine.", encoding="utf-8")
    with tei() as server:
        environment = os.environ | {
            "RAG_DATA_DIR": str(place.folder),
            "RAG_DATABASE_URL": place.url,
            "RAG_EMBEDDER": f"tei:{server.at('')}",
            "RAG_MODEL": "none",
            "MEETING": str(meeting),
        }
        commands = [
            subprocess.Popen(
                [sys.executable, "-c", MEETING, "ingest", str(tmp_path / name), "--collection", "New", "--json"],
                cwd=PROJECT,
                env=environment,
                stdout=subprocess.PIPE,
            )
            for name in ("gate.txt", "door.txt")
        ]
        told = [json.loads(command.communicate(timeout=300)[0]) for command in commands]
    assert [command.returncode for command in commands] == [0, 0]
    assert [(each["error"], each["documents"][0]["status"]) for each in told] == [(None, "ready")] * 2
    with closing(place.open()) as store:
        (collection,) = store.collections.list(OWNER)
        names = sorted(document.name for document in store.documents.list(OWNER, collection.id))
    assert (collection.name, names) == ("New", ["door.txt", "gate.txt"])
    assert len(list(meeting.iterdir())) == 2, "both found that there was none"
