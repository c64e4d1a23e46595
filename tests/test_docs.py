"""The docs site: built strictly and without a network, and nothing of what the reference promises is missing."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.building import examples, measured, reference
from rag.core.errors import RagError
from rag.core.settings import Settings
from rag.models.catalogue.known_models import MODELS

PROJECT = Path(__file__).resolve().parents[1]
_ELSEWHERE = re.compile(r"""<(?:script|img|link rel="stylesheet")[^>]+(?:src|href)=["']?https?:""")
_CODE = re.compile(r"<code>([^<]++)</code>")
_HEADING = re.compile(r'<h2 id="[^"]*+">([^<]++)')


def build(config: Path, site: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(config), "-d", str(site)]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = build(PROJECT / "mkdocs.yml", folder)
    assert done.returncode == 0, done.stderr[-4000:]
    return folder


def shown(site: Path, page: str) -> str:
    return (site / "reference" / f"{page}.html").read_text(encoding="utf-8")


def test_every_command_setting_model_and_error_stands_in_the_reference(site: Path) -> None:
    commands = dict(reference.commands())
    assert set(_HEADING.findall(shown(site, "commands"))) == {"footnote", *commands}
    options = {name for command in commands.values() for each in command.params for name in each.opts if name[0] == "-"}
    assert options <= set(_CODE.findall(shown(site, "commands")))
    assert {f"RAG_{name.upper()}" for name in Settings.model_fields} <= set(_CODE.findall(shown(site, "settings")))
    assert {model.name for model in MODELS} <= set(_CODE.findall(shown(site, "catalogue")))
    assert {leaf.key() for leaf in RagError.leaves()} <= set(_CODE.findall(shown(site, "errors")))


def test_what_each_command_prints_under_json_is_shown(site: Path) -> None:
    lines = {f"{line} " for line in examples.LINES}
    for name, command in reference.commands():
        if any("--json" in parameter.opts for parameter in command.params):
            assert any(line.startswith(f"{name} ") for line in lines), name
    page = html.unescape(re.sub(r"<[^>]++>", "", shown(site, "json")))
    assert '"error": null' in page
    assert '"code": "collection_unknown"' in page
    assert "Traceback" not in page


def test_the_figures_are_those_of_the_last_measurement(site: Path) -> None:
    page = (site / "explanation" / "verdicts.html").read_text(encoding="utf-8")
    judged = list(measured.rows("verdicts.md", "judge", "right", "true supported"))
    planted = [
        row for row in measured.rows("verdicts.md", "half", "true accused", "planted found") if "now" in row["code"]
    ]
    assert len(judged) > 3
    assert len(planted) > 1
    assert all(f"<td>{row['right']}</td>" in page for row in judged if row["true supported"] != "–")
    assert all(f"<td>{row['planted found']}</td>" in page for row in planted)
    assert "{{" not in page


def test_no_page_fetches_anything(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 25
    assert {str(page) for page in pages if _ELSEWHERE.search(page.read_text(encoding="utf-8"))} == set()


def test_control_a_link_that_leads_nowhere_fails(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    config = tmp_path / "mkdocs.yml"
    config.write_text(
        f"INHERIT: {PROJECT / 'mkdocs.yml'}\ndocs_dir: docs\nhooks: []\nnav: [index.md]\n", encoding="utf-8"
    )
    for text, expected in (("[itself](index.md)", 0), ("[gone](gone.md)", 1), ("[gone](index.md#gone)", 1)):
        (tmp_path / "docs" / "index.md").write_text(f"# Page\n\n{text}\n", encoding="utf-8")
        assert build(config, tmp_path / "site").returncode == expected, text


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "SECURITY.md"])
def test_the_projects_own_pages_link_to_what_is_there(name: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#\s]++)", (PROJECT / name).read_text(encoding="utf-8"))
    assert [link for link in links if not (PROJECT / link).exists()] == []
