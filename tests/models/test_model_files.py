"""What is no model to run is refused before it is loaded, by its content and with the name of what to take."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.core.errors import ModelNeedsGguf, ModelNotOnDisk, ModelRefused
from rag.models.catalogue import locate
from rag.models.catalogue.files import folder_problem
from rag.models.llms.process import ModelProcess
from tests.models.test_llms import PARIS


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04rest", "pickle"),
        (b"\x80\x02}q\x00.", "pickle"),
        (b"hello", "not_a_model"),
        (b"", "not_a_model"),
        (b"GGUF\x03\x00\x00\x00 and nothing more", "damaged"),
    ],
)
def test_what_is_no_gguf_file_is_refused_by_its_content(tmp_path: Path, content: bytes, reason: str | None) -> None:
    file = tmp_path / "llama-2-7b-chat.Q4_K_M.gguf"
    file.write_bytes(content)
    with pytest.raises(ModelRefused) as refused:
        list(ModelProcess(file, "llama", threads=1).write(PARIS))
    assert refused.value.fields == {"model": "llama", "reason": reason}


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("llama-2-7b-chat.ggmlv3.q4_K_S.bin", "llama-2-7b-chat:Q4_K_S"),
        ("llama-2-13b-chat.ggmlv3.q4_K_M.bin", "llama-2-13b-chat"),
        ("Llama-2-13B-chat.bin", "llama-2-13b-chat"),
        ("something-else.bin", "llama-2-7b-chat"),
    ],
)
@pytest.mark.parametrize("head", [b"tjgg\x03\x00\x00\x00", b"lmgg\x00\x00", b"fmgg", b"algg"])
def test_a_ggml_file_is_refused_with_the_name_of_the_gguf_to_take(
    tmp_path: Path, name: str, instead: str, head: bytes
) -> None:
    file = tmp_path / name
    file.write_bytes(head)
    with pytest.raises(ModelNeedsGguf) as refused:
        list(ModelProcess(file, "llama", threads=1).write(PARIS))
    assert refused.value.fields == {"model": "llama", "reason": "ggml", "instead": instead}


@pytest.mark.parametrize("method", ["gptq", "awq"])
def test_gptq_and_awq_without_their_package_name_the_gguf_to_take(tmp_path: Path, method: str) -> None:
    folder = tmp_path / f"Llama-2-7B-Chat-{method.upper()}"
    folder.mkdir()
    (folder / "config.json").write_text(f'{{"quantization_config": {{"quant_method": "{method}"}}}}')
    (folder / "model.safetensors").write_bytes(b"{}")
    with pytest.raises(ModelNeedsGguf) as refused:
        list(ModelProcess(folder, "mine", threads=1).write(PARIS))
    assert refused.value.fields == {"model": "mine", "reason": method, "instead": "llama-2-7b-chat"}


@pytest.mark.parametrize(
    ("config", "files", "reason"),
    [
        ('{"quantization_config": {"quant_method": "gptq"}}', ["model.safetensors"], "gptq"),
        ('{"quantization_config": {"quant_method": "AWQ"}}', ["model.safetensors"], "awq"),
        ("{}", ["quantize_config.json", "gptq_model-4bit-128g.safetensors"], "gptq"),
        ("{}", ["pytorch_model.bin"], "pickle"),
        ("{}", [], "not_a_model"),
        ("{}", ["model.safetensors", "pytorch_model.bin"], None),
    ],
)
def test_folders_are_known_by_what_they_hold(tmp_path: Path, config: str, files: list[str], reason: str | None) -> None:
    (tmp_path / "config.json").write_text(config)
    for file in files:
        (tmp_path / file).write_bytes(b"{}")
    assert folder_problem(tmp_path) == reason
    if reason in ("pickle", "not_a_model"):
        with pytest.raises(ModelRefused) as refused:
            ModelProcess(tmp_path, "folder", threads=1).context_tokens()
        assert refused.value.fields["reason"] == reason


def test_a_missing_file_is_not_on_disk(tmp_path: Path) -> None:
    with pytest.raises(ModelNotOnDisk):
        ModelProcess(tmp_path / "none.gguf", "none", threads=1).context_tokens()


def test_a_file_that_does_not_have_the_recorded_hash_is_refused() -> None:
    file = locate("smollm2-135m-instruct")
    assert file is not None
    process = ModelProcess(file, "small", threads=1, sha256="0" * 64)
    with pytest.raises(ModelRefused) as refused:
        process.context_tokens()
    assert refused.value.fields["reason"] == "changed"
