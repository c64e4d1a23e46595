"""How settings become objects: each part once, and nobody waits for a part that they did not ask for."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from rag.core.errors import ModelPackageMissing
from rag.core.settings import Settings
from rag.services import NO_MODEL, open_services


def test_a_page_does_not_wait_for_an_embedder_that_is_being_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = open_services(Settings(data_dir=tmp_path, model=NO_MODEL))
    loading, loaded, made = threading.Event(), threading.Event(), list[object]()

    def load(*_: object, **__: object) -> object:
        loading.set()
        assert loaded.wait(60)
        made.append(object())
        return made[-1]

    monkeypatch.setattr("rag.models.embedding.open_embedder", load)
    both = [threading.Thread(target=lambda: services.embedder) for _ in range(2)]
    for thread in both:
        thread.start()
    assert loading.wait(60)
    other = threading.Thread(target=lambda: (services.choice, services.store))
    other.start()
    other.join(60)
    waited = other.is_alive()
    loaded.set()
    for thread in both:
        thread.join()
    assert not waited
    # And what two ask for at once is made once.
    assert len(made) == 1


def test_without_the_compiled_runner_its_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.services.chat_models.find_spec", lambda name: None)
    services = open_services(Settings(data_dir=tmp_path))
    with pytest.raises(ModelPackageMissing) as missing:
        services.choice  # noqa: B018 - looking is what raises
    assert missing.value.fields == {"model": services.settings.model, "package": "llama-cpp-python"}
    assert open_services(Settings(data_dir=tmp_path, model="hf:some/model")).choice is None
