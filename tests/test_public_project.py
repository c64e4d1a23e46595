"""What a public project has around its code: workflows, forms and notices keep to their schemas and say what is so."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import rag

PROJECT = Path(__file__).resolve().parents[1]
GITHUB = PROJECT / ".github"
SCHEMAS = {
    "vendor.github-workflows": [*(GITHUB / "workflows").glob("*.yml")],
    "custom.github-workflows-require-timeout": [*(GITHUB / "workflows").glob("*.yml")],
    "vendor.dependabot": [GITHUB / "dependabot.yml"],
    "vendor.github-issue-config": [GITHUB / "ISSUE_TEMPLATE" / "config.yml"],
    "vendor.github-issue-forms": [
        file for file in (GITHUB / "ISSUE_TEMPLATE").glob("*.yml") if file.name != "config.yml"
    ],
    "vendor.citation-file-format": [PROJECT / "CITATION.cff"],
}
_TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
_MAKE = re.compile(r"\bmake ([a-z]+)")


@pytest.mark.parametrize("schema", SCHEMAS)
def test_each_file_keeps_to_its_schema(schema: str) -> None:
    tool = Path(sys.executable).parent / "check-jsonschema"
    command = [str(tool), "--builtin-schema", schema, *map(str, SCHEMAS[schema])]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (len(SCHEMAS[schema]) > 0, done.returncode) == (True, 0), done.stdout


def test_workflows_run_what_the_makefile_has() -> None:
    targets = set(_TARGET.findall((PROJECT / "Makefile").read_text(encoding="utf-8")))
    asked = {
        target
        for file in (GITHUB / "workflows").glob("*.yml")
        for target in _MAKE.findall(file.read_text(encoding="utf-8"))
    }
    assert asked == {"check", "docs", "dist", "guarantees", "scale", "audit"}
    assert asked <= targets


def test_hooks_download_nothing() -> None:
    hooks: dict[str, Any] = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert [repository["repo"] for repository in hooks["repos"]] == ["local"]
    assert {hook["language"] for hook in hooks["repos"][0]["hooks"]} == {"system"}


def test_the_version_is_one_everywhere() -> None:
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == rag.__version__
    assert f"## {rag.__version__}" in (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_classifiers_name_only_the_python_that_runs_the_tests() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [line.rsplit(" ", 1)[1] for line in project["classifiers"] if "Python :: 3." in line]
    assert named == ["3.11"]


@pytest.mark.parametrize(("ready", "compiles"), [(True, True), (False, True), (False, False)])
def test_the_model_runner_comes_ready_or_compiled_or_not_at_all(tmp_path: Path, ready: bool, compiles: bool) -> None:
    """The set-up asks its own index for a ready build, then the compiler, and goes on without either."""
    environment = tmp_path / "venv"
    (environment / "bin").mkdir(parents=True)
    (environment / ".app").touch()
    pip = environment / "bin" / "pip"
    pip.write_text(
        '#!/bin/sh\necho "$@" >> "$0.log"\ncase "$*" in\n'
        f"*--only-binary*) exit {int(not ready)};;\n*) exit {int(not compiles)};;\nesac\n"
    )
    pip.chmod(0o755)
    made = [
        "make",
        "--silent",
        f"VENV={environment}",
        "LLAMA_INDEX=https://wheels.example.com/cpu",
        f"{environment}/.llama",
    ]
    # What is older than the list of packages is made anew.
    done = subprocess.run([*made, "--old-file", f"{environment}/.app"], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    first, second = (environment / "bin" / "pip.log").read_text().splitlines()
    assert "--only-binary :all:" in first
    assert "--index-url https://wheels.example.com/cpu llama-cpp-python==" in first
    assert second == "install --quiet -r requirements.txt"
    assert ("could not be built" in done.stdout) == (not compiles)
    assert ("compiling" in done.stdout) == (not ready)
    assert (environment / ".llama").exists()
