"""The table of formats: complete, without doubt about whose an ending is, and the only place that names kinds."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from rag.core.formats import ENDINGS, FORMATS, Format, format_of, promised

RAG = Path(__file__).resolve().parents[2] / "rag"
# What loads and draws a format knows it, and nothing else does.
LOADING, VIEWING = RAG / "ingestion" / "loading", RAG / "viewing"


@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.kind)
def test_each_format_has_its_loader(format: Format) -> None:
    assert callable(import_module(f"rag.ingestion.loading.{format.loader}").read)
    assert format_of(format.kind) is format
    assert all(promised(f"A FILE{ending.upper()}") is format for ending in format.endings)


def test_no_two_formats_share_a_kind_or_an_ending() -> None:
    kinds = [format.kind for format in FORMATS]
    endings = [ending for format in FORMATS for ending in format.endings]
    assert len(kinds) == len(set(kinds))
    assert sorted(endings) == sorted(ENDINGS)


def test_the_kinds_of_documents_in_old_libraries_are_known() -> None:
    kinds = {"pdf", "web", "html", "text", "markdown", "word"}
    assert kinds <= {format.kind for format in FORMATS}
    assert {kind for kind in kinds if format_of(kind).paged} == {"pdf"}


def test_nothing_outside_loading_and_viewing_asks_what_kind_a_document_is() -> None:
    kinds = "|".join(re.escape(format.kind) for format in FORMATS)
    asked = re.compile(rf"kind\s*(?:[=!]=|(?:not )?in)\s*[\[({{]?\s*[\"'](?:{kinds})[\"']")
    found = [
        f"{file.name}: {line.strip()}"
        for file in sorted(RAG.rglob("*.py"))
        if LOADING not in file.parents and VIEWING not in file.parents
        for line in file.read_text(encoding="utf-8").splitlines()
        if asked.search(line)
    ]
    assert found == []
