"""What the first question needs is loaded when the app starts, by nobody's visit, unless the owner set it off."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from rag.core.settings import Settings
from rag.services import open_services
from rag.ui import warm_start
from tests.guarantees.apps import running
from tests.support.waiting import until

MODEL = "smollm2-135m-instruct"


def works(pid: int, module: str) -> bool:
    """Whether a process below this one runs the module."""
    for child in psutil.Process(pid).children(recursive=True):
        # Some end meanwhile.
        with suppress(psutil.Error):
            if module in " ".join(child.cmdline()):
                return True
    return False


def test_the_model_and_the_reader_are_there_before_the_first_visitor(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python could not be built here")
    with running(tmp_path, {**os.environ, "RAG_MODEL": MODEL, "RAG_SAMPLES": "false"}) as app:
        assert until(lambda: works(app.pid, "rag.models.llms.worker"), 120)
        assert works(app.pid, "rag reader")


def test_nothing_is_loaded_where_the_owner_set_it_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = list[Settings]()
    monkeypatch.setattr(warm_start, "_UNDISTURBED_SECONDS", 0.0)
    monkeypatch.setattr(warm_start, "services_for", opened.append)
    for told, count in (("false", 0), ("true", 1)):
        monkeypatch.setenv("RAG_WARM_UP", told)
        # In a thread of its own: the browser of other tests keeps a running loop in this one.
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, warm_start._open()).result()
        assert len(opened) == count
    services = open_services(Settings(data_dir=tmp_path, model="none", reader="elsewhere", warm_up=False))
    before = set(threading.enumerate())
    services.start()
    assert "warm-up" not in {thread.name for thread in set(threading.enumerate()) - before}
