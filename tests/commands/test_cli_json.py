"""Every command under `--json` prints exactly one object, whatever becomes of it, and keeps its exit code."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer.main

from rag.commands import cli
from rag.library.store import DATABASE, Store
from rag.services import NO_MODEL
from tests.guarantees.apps import OWNER
from tests.guarantees.library import add
from tests.support.serving import free_port
from tests.support.tei import tei

# Its kind is that of a file, and reading it fails whoever reads it.
UNREADABLE = "/proc/self/mem"
LINUX = pytest.mark.skipif(not Path(UNREADABLE).exists(), reason="no such file here")


class Case(NamedTuple):
    """A command line, the exit code, the error's code (None: answered), and settings. {…} are places of the test."""

    line: str
    status: int
    code: str | None
    settings: Mapping[str, str] = {}


DAMAGED, INVALID = {"RAG_DATA_DIR": "{damaged}"}, {"RAG_QUOTES": "99"}
NO_FOLDER = {"RAG_DATA_DIR": "{file}"}
AWAY = {"RAG_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:9/none"}

CASES = [
    # What everybody can get wrong.
    Case("", 2, "usage"),
    Case("nothing", 2, "usage"),
    Case("models nothing", 2, "usage"),
    Case("reader", 2, "usage"),
    Case("run", 2, "usage"),
    *(
        Case(f"{command} --no-such-option", 2, "usage")
        for command in ("ingest x", "read x", "ask x", "evaluate x", "backup x", "restore x", "move --to x", "doctor")
    ),
    *(Case(f"models {command} --no-such-option", 2, "usage") for command in ("list", "pull x", "import x", "verify x")),
    *(Case(command, 2, "usage") for command in ("ingest", "read", "ask", "evaluate", "backup", "restore", "move")),
    *(Case(f"models {command}", 2, "usage") for command in ("pull", "import", "verify", "remove")),
    Case("ask --json Why? --collection", 2, "usage"),
    Case("evaluate {data} --limit 0", 2, "usage"),
    Case("evaluate {data} --limit many", 2, "usage"),
    # A setting out of bounds.
    *(
        Case(command, 1, "settings_invalid", INVALID)
        for command in (
            "ingest {file}",
            "ask x",
            "evaluate {data}",
            "backup {new}",
            "restore {file}",
            "move --to {new}",
        )
    ),
    *(Case(command, 1, "settings_invalid", INVALID) for command in ("doctor", "doctor --offline", "models list")),
    *(
        Case(f"models {command} x", 1, "settings_invalid", INVALID)
        for command in ("pull", "import", "verify", "remove")
    ),
    Case("doctor", 1, "settings_invalid", {"RAG_LANGUAGE": "Klingon"}),
    # A library that does not open.
    *(
        Case(command, 1, "store_damaged", DAMAGED)
        for command in ("ingest {file}", "ask x", "backup {new}", "move --to {new}")
    ),
    *(Case(command, 1, "store_unreachable", AWAY) for command in ("ingest {file}", "ask x", "backup {new}")),
    *(Case(command, 1, "folder_unusable", NO_FOLDER) for command in ("ingest {file}", "ask x", "restore {backup}")),
    Case("doctor", 1, None, DAMAGED),
    # Each command: done, done in part, refused.
    Case("ingest {file}", 0, None),
    Case("read {file}", 0, None),
    Case("read {nowhere}", 1, "file_missing"),
    Case("read {empty}", 1, "empty_file"),
    Case("ingest {file} {nowhere} {empty}", 1, None),
    Case("ingest {file} --collection Toys", 1, None),
    Case("ask Why? --collection Nowhere", 1, "collection_unknown"),
    Case("ask Why? --collection Toys", 1, "embedder_mismatch"),
    Case("ask Why? --collection Toys", 1, "embedder_unreachable", {"RAG_EMBEDDER": "tei:nothing@http://127.0.0.1:9"}),
    Case("verify", 2, "usage"),
    Case("verify --no-such-option", 2, "usage"),
    Case("verify --text {file} --documents {file} --collection Toys", 2, "usage"),
    Case("verify --text {nowhere} --documents {file}", 1, "file_unusable"),
    Case("verify --text {file} --documents {nowhere}", 1, "file_missing"),
    Case("verify --text {file} --documents {empty}", 1, "empty_file"),
    Case("verify --text {file} --documents {file}", 0, None),
    Case("verify --text {file} --collection Nowhere", 1, "collection_unknown"),
    Case("verify --text {file} --collection Toys", 1, "embedder_mismatch"),
    Case("evaluate {nowhere}", 1, "unsupported_kind"),
    Case("evaluate {bad_set}", 1, "damaged_file"),
    Case("evaluate {good_set}", 0, None),
    Case("evaluate {good_set} --embedder bge-m3", 1, "model_not_on_disk"),
    Case("reembed --limit 3", 2, "usage"),
    Case("reembed --collection Nowhere", 1, "collection_unknown"),
    Case("reembed --collection Toys --embedder bge-m3", 1, "model_not_on_disk"),
    Case("reembed --collection Toys", 1, "embedder_unreachable", {"RAG_EMBEDDER": "tei:nothing@http://127.0.0.1:9"}),
    Case("backup {new}", 0, None),
    Case("backup {nowhere}/library.zip", 1, "file_missing"),
    Case("backup {data}", 1, "file_unusable"),
    Case("restore {nowhere}", 1, "file_missing"),
    Case("restore {file}", 1, "store_damaged"),
    Case("restore {backup}", 0, None, {"RAG_DATA_DIR": "{new}"}),
    Case("move --to {new}", 0, None),
    Case("move --to {data}", 1, "library_not_empty"),
    Case("move --to postgresql+psycopg://nobody@127.0.0.1:9/none", 1, "store_unreachable"),
    Case("doctor", 0, None),
    Case("models list", 0, None),
    Case("models pull nothing", 1, "model_unknown"),
    Case("models pull llama-2-7b-chat", 1, "licence_not_accepted"),
    Case("models pull llama-2-7b-chat --accept-licence", 1, "download_failed"),
    Case("models pull llama-2-7b-chat --accept-licence", 1, "model_not_at_source", {"RAG_MODEL_SOURCE": "none"}),
    Case("models import {nowhere}", 1, "model_not_on_disk"),
    Case("models import {file}", 1, "model_refused"),
    Case("models verify nothing", 1, "model_not_on_disk"),
    Case("models remove nothing", 1, "model_not_on_disk"),
]
CASES_OF_LINUX = [
    Case(f"ingest {UNREADABLE}", 1, None),
    Case(f"restore {UNREADABLE}", 1, "store_damaged"),
    Case("models import {linked}", 1, "file_unusable"),
    Case("evaluate {linked_set}", 1, "file_unusable"),
]


@pytest.fixture(scope="module")
def embedder() -> Iterator[str]:
    with tei() as server:
        yield f"tei:{server.at('')}"


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    """What a command line can name."""
    named = ("data", "damaged", "file", "empty", "backup", "new", "nowhere", "good_set", "bad_set")
    found = {name: tmp_path / name for name in (*named, "linked_set")} | {"linked": tmp_path / "linked.gguf"}
    store = Store.open(found["data"])
    collection = store.collections.create(OWNER, "Toys")
    add(store, collection, 1)
    store.close()
    for name in ("damaged", "good_set", "bad_set", "linked_set"):
        found[name].mkdir()
    (found["damaged"] / DATABASE).write_bytes(b"no database at all" * 100)
    found["file"] = found["file"].with_suffix(".txt")
    found["file"].write_text("The gate code is 4711.", encoding="utf-8")
    found["empty"].touch()
    question = {"question": "What is the gate code?", "file": "rules.txt", "answers": ["4711"]}
    for name, line in (("good_set", json.dumps(question)), ("bad_set", '{"question":'), ("linked_set", "")):
        shutil.copy(found["file"], found[name] / "rules.txt")
        (found[name] / "questions.jsonl").write_text(line, encoding="utf-8")
    if Path(UNREADABLE).exists():
        found["linked"].symlink_to(UNREADABLE)
        (found["linked_set"] / "questions.jsonl").unlink()
        (found["linked_set"] / "questions.jsonl").symlink_to(UNREADABLE)
    return {name: str(place) for name, place in found.items()}


def run(line: str, places: Mapping[str, str], settings: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> int:
    for name, value in settings.items():
        monkeypatch.setenv(name, value.format(**places))
    monkeypatch.setattr("sys.argv", ["rag", *line.format(**places).split()])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@pytest.fixture(autouse=True)
def settings(places: dict[str, str], embedder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("RAG_")]:
        monkeypatch.delenv(name)
    for name, value in {
        "RAG_DATA_DIR": places["data"],
        "RAG_EMBEDDER": embedder,
        "RAG_MODEL": NO_MODEL,
        "RAG_LANGUAGE": "en",
        "RAG_MODEL_SOURCE": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    "case", [*CASES, *(pytest.param(case, marks=LINUX) for case in CASES_OF_LINUX)], ids=lambda case: case.line
)
def test_every_command_prints_one_object(
    case: Case, places: dict[str, str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    if "{backup}" in case.line:
        assert run("backup {backup} --json", places, {}, monkeypatch) == 0
        capfd.readouterr()
    line = case.line if "--json" in case.line else f"{case.line} --json"
    status = run(line, places, case.settings, monkeypatch)
    out, err = capfd.readouterr()
    told = json.loads(out)
    assert isinstance(told, dict)
    error = told["error"]
    assert (status, error and error["code"]) == (case.status, case.code), (out, err)
    assert "Traceback" not in err
    if case.code:
        assert error["text"]
        assert error["text"].splitlines()[0] in err


def test_every_command_stands_in_the_table() -> None:
    def named(group: Any, before: str) -> Iterator[tuple[str, Any]]:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from named(command, f"{before}{name} ")
            else:
                yield f"{before}{name}", command

    for name, command in named(typer.main.get_command(cli.app), ""):
        codes = {case.code for case in CASES if f"{case.line} ".startswith(f"{name} ")}
        assert "usage" in codes, name
        if any("--json" in parameter.opts for parameter in command.params):
            assert codes - {"usage"}, name
        else:
            assert name in ("reader", "run")


def test_what_stops_the_writing_alone_stands_beside_the_quotes(
    places: dict[str, str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run("ingest {file} --json", places, {}, monkeypatch) == 0
    assert json.loads(capfd.readouterr().out)["documents"][0]["status"] == "ready"
    away = f"openai:writer@http://127.0.0.1:{free_port()}"
    status = run(f"ask gate --model {away} --json", places, {}, monkeypatch)
    told = json.loads(capfd.readouterr().out)
    assert (status, told["error"]["code"]) == (1, "model_unreachable")
    assert "4711" in told["quotes"][0]["text"]


def test_one_source_costs_the_others_nothing(
    places: dict[str, str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A name that is no text in any encoding is printed all the same."""
    odd = os.fsdecode(b"nowhere/\xff.txt")
    assert run(f"ingest {odd} {{file}} --json", places, {}, monkeypatch) == 1
    documents = json.loads(capfd.readouterr().out)["documents"]
    assert [(document["code"], document["status"]) for document in documents] == [
        ("file_missing", "refused"),
        (None, "ready"),
    ]
    assert documents[0]["name"] == odd
    assert run(f"ingest {odd}", places, {}, monkeypatch) == 1
    assert capfd.readouterr().out.startswith("nowhere/")


def test_without_json_the_sentence_goes_to_standard_error_alone(
    places: dict[str, str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run("ask Why? --collection Toys -- --json", places, {}, monkeypatch) == 2
    assert run("ask --collection Nowhere -- --json", places, {}, monkeypatch) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert "There is no collection called Nowhere here. These are: Toys." in err
