"""The page on `--json`: every command is run on a small library, and what it printed is shown.

`python -m docs.building.examples` prints the outputs as one object; the page is made from that, so that neither the
settings nor the folder of the process that builds the site matter.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, Final

PROJECT: Final = Path(__file__).resolve().parents[2]
_NOTE: Final = """# The garden

The garden gate is painted green every May. The gardener keeps the key.

| tool | shed |
|---|---|
| spade | north |
| rake | south |
"""
# Command lines in their order: a later one finds what an earlier one left.
LINES: Final = (
    "ingest garden.md missing.pdf",
    "read garden.md",
    "ask Which.colour.is.the.garden.gate.painted?",
    "ask When? --collection Nowhere",
    "verify --text answer.txt --documents garden.md",
    "evaluate questions",
    "reembed",
    "backup library.zip",
    "restore library.zip",
    "move --to elsewhere",
    "doctor",
    "models list",
    "models pull garden/tiny",
    "models import tiny.gguf",
    "models verify tiny",
    "models remove tiny",
)
_LONGEST: Final = 160
_FIRST: Final = 2


def pages() -> dict[str, str]:
    """Path on the site → Markdown."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("RAG_", "FORCE_COLOR"))}
    command = [sys.executable, "-m", "docs.building.examples"]
    printed = subprocess.run(command, cwd=PROJECT, env=own, check=True, capture_output=True)
    lines = [
        "# Output of --json",
        "",
        "*This page is made when the site is built: each command was run, and this is what it printed.*",
        "",
        "Each command prints one object on standard output, whatever becomes of it; logs and sentences go to standard",
        "error. Its `error` is null, or has a `code` ([Errors](errors.md)) and a `text` where the command itself was",
        "refused. Errors of single documents, files or checks stand with them. A key is never dropped or renamed",
        "within a major version; new ones may come. Long texts and lists are cut short here (`…`).",
    ]
    for line, output in json.loads(printed.stdout).items():
        shown = json.dumps(_short(output), ensure_ascii=False, indent=2)
        lines += [
            "",
            f"## {_title(line)}",
            "",
            "```",
            f"footnote {_typed(line)} --json",
            "```",
            "",
            "```json",
            shown,
            "```",
        ]
    return {"reference/json.md": "\n".join(lines) + "\n"}


def _title(line: str) -> str:
    words = line.split()
    return " ".join(words[:2]) if words[0] == "models" else words[0]


def _typed(line: str) -> str:
    return " ".join(f'"{_spoken(word)}"' if word.endswith("?") else word for word in line.split())


def _spoken(word: str) -> str:
    """A question is one word in LINES."""
    return word.replace(".", " ") if word.endswith("?") else word


def _short(value: Any) -> Any:
    match value:
        case dict():
            return {key: _short(each) for key, each in value.items()}
        case list():
            return [*map(_short, value[:_FIRST]), *(["…"] if len(value) > _FIRST else [])]
        case str() if len(value) > _LONGEST:
            return f"{value[:_LONGEST]}…"
        case float():
            return round(value, 4)
    return value


def _run_all() -> dict[str, Any]:
    from rag.commands import cli

    outputs = {}
    for line in LINES:
        sys.argv = ["footnote", *map(_spoken, line.split()), "--json"]
        os.environ["RAG_DATA_DIR"] = "restored" if line.startswith("restore") else "data"
        printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        try:
            with redirect_stdout(printed):
                cli.main()
        except SystemExit:
            printed.seek(0)
            outputs[line] = json.load(printed)
    return outputs


def _lay_out() -> None:
    """What the command lines name."""
    Path("garden.md").write_text(_NOTE, encoding="utf-8")
    Path("answer.txt").write_text(
        "The garden gate is painted red every May. The gardener keeps the key.", encoding="utf-8"
    )
    Path("questions").mkdir()
    Path("questions/garden.md").write_text(_NOTE, encoding="utf-8")
    asked = {"question": "Which colour is the garden gate painted?", "file": "garden.md", "answers": ["green"]}
    Path("questions/questions.jsonl").write_text(json.dumps(asked), encoding="utf-8")
    tiny = Path("source/garden--tiny")
    tiny.mkdir(parents=True)
    (tiny / "config.json").write_text('{"model_type": "bert", "architectures": ["BertModel"]}', encoding="utf-8")
    (tiny / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")
    Path("tiny.gguf").write_bytes(b"GGUF" + bytes(64))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        _lay_out()
        os.environ |= {"RAG_MODEL": "none", "RAG_LANGUAGE": "en", "RAG_MODEL_SOURCE": str(Path("source").absolute())}
        json.dump(_run_all(), sys.stdout)
