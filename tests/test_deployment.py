"""The image and the compose file, as far as they can be looked at without building them: linted, held against the
schema, read for what must not be in them, and started from the very files that the image gets."""

from __future__ import annotations

import fnmatch
import json
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml

from rag.core.settings import Settings
from tests.guarantees.apps import PROJECT
from tests.support.serving import free_port, wait_until_healthy
from tests.support.tei import tei
from tests.support.wheel import Installed, built

BIN = Path(sys.executable).parent
COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (PROJECT / "Dockerfile").read_text().replace("\\\n", " ")
FLOATING = ("latest", "server", "stable")


def instructions(name: str) -> list[str]:
    return re.findall(rf"^{name} (.+)$", DOCKERFILE, re.MULTILINE)


def test_the_linter_finds_nothing() -> None:
    done = subprocess.run([BIN / "hadolint", "Dockerfile"], cwd=PROJECT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_compose_file_keeps_to_the_schema() -> None:
    command: list[str | Path] = [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("image", [*instructions("FROM"), *(each["image"] for each in SERVICES.values())])
def test_every_image_is_pinned_by_its_tag(image: str) -> None:
    tag = image.split()[0].rpartition(":")[2]
    assert "/" not in tag
    assert tag not in FLOATING


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_can_do_more_than_it_must(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "healthcheck" in service
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    if "build" in service:
        assert instructions("USER")[-1] == "10001:10001"
    elif name == "proxy":
        assert "unprivileged" in service["image"]
    else:
        assert int(service["user"].split(":")[0]) > 0


@pytest.mark.parametrize("name", SERVICES)
def test_no_secret_stands_in_an_environment(name: str) -> None:
    given = SERVICES[name].get("environment", {})
    secret = [key for key in given if re.search("PASSWORD|SECRET|KEY", key) and not key.endswith("_FILE")]
    assert secret == []
    assert not re.search(r"//[^/@]*:[^/@]*@", " ".join(map(str, given.values())))


def test_every_setting_that_is_given_exists() -> None:
    given = {key for service in SERVICES.values() for key in service.get("environment", {})}
    given |= set(re.findall(r"\b(RAG_[A-Z_]+)=", DOCKERFILE))
    wanted = {key.removeprefix("RAG_").lower() for key in given if key.startswith("RAG_")}
    assert wanted
    assert wanted <= set(Settings.model_fields)


def test_the_proxy_knows_the_processes_that_there_are() -> None:
    named = re.findall(r"^server (\w+):8501", (PROJECT / "deploy/footnote-apps.compose.conf").read_text(), re.MULTILINE)
    assert named == [name for name in SERVICES if name.startswith("app")]
    for mount in SERVICES["proxy"]["volumes"]:
        assert (PROJECT / mount.split(":")[0]).is_file()


def test_secrets_reach_the_program_from_files_alone(tmp_path: Path) -> None:
    (tmp_path / "database_password").write_text("pass word's\n")
    (tmp_path / "model_key").write_text("sk-1")
    (tmp_path / "operations_token").write_text("a token of letters")
    printed = [sys.executable, "-c", "import os, json; print(json.dumps(dict(os.environ)))"]
    command: list[str | Path] = ["/bin/sh", PROJECT / "deploy/entrypoint.sh", *printed]
    done = subprocess.run(command, env={"SECRETS": str(tmp_path)}, capture_output=True, text=True, check=True)
    seen = json.loads(done.stdout)
    assert (seen["PGPASSWORD"], seen["OPENAI_API_KEY"]) == ("pass word's", "sk-1")
    assert seen["RAG_OPERATIONS_TOKEN"] == "a token of letters"
    assert "TEI_API_KEY" not in seen


@pytest.fixture
def image(tmp_path: Path) -> Installed:
    """The wheel, built from what is copied out of the project as far as `.dockerignore` lets it through."""
    allowed = [line[1:] for line in (PROJECT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    context = tmp_path / "context"
    for copied in instructions("COPY"):
        if copied.startswith("--from"):
            continue
        *sources, _ = copied.split()
        for source in sources:
            assert (PROJECT / source).exists(), source
            assert any(fnmatch.fnmatch(source, pattern) for pattern in allowed), f".dockerignore keeps {source} out"
            (context / source).parent.mkdir(parents=True, exist_ok=True)
            if (PROJECT / source).is_dir():
                shutil.copytree(PROJECT / source, context / source, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(PROJECT / source, context / source)
    return Installed(tmp_path, built(context, tmp_path / "dist"))


def test_the_files_of_the_image_are_all_that_the_app_and_the_reader_need(
    image: Installed, tmp_path_factory: pytest.TempPathFactory
) -> None:
    port, data = free_port(), tmp_path_factory.mktemp("data")
    program = json.loads(instructions("CMD")[-1])
    worker = SERVICES["worker"]["command"]
    assert (program, worker) == (["footnote", "run", "--team"], ["footnote", "reader", "--stay"])
    with tei() as embedder:
        environment = image.environment | {"RAG_DATA_DIR": str(data), "RAG_EMBEDDER": f"tei:{embedder.at('')}"}
        environment |= {"RAG_READER": "elsewhere", "PYTHONDONTWRITEBYTECODE": "1"}
        commands = [[*program, "--port", str(port)], worker]
        running = [
            subprocess.Popen([str(image.bin / name), *given], cwd=image.home, env=environment)
            for name, *given in commands
        ]
        try:
            wait_until_healthy(f"http://127.0.0.1:{port}")
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=60) as reply:
                assert json.load(reply) == {"library": True, "reader": True}
            assert [process.poll() for process in running] == [None, None]
        finally:
            for process in running:
                process.terminate()
            assert [process.wait(60) for process in running][1] == 0
