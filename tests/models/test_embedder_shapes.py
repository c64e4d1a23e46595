"""An embedder of MPNet's shape comes from a hub, is found by its name, and embeds; a changed one is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag.core.errors import ModelRefused
from rag.models.catalogue import known
from rag.models.catalogue.downloads import pull
from rag.models.embedding import open_embedder
from rag.models.encoder import Encoder
from tests.models.test_transformers_models import WORDS, write_tokenizer
from tests.support.hub import hub_serving

torch = pytest.importorskip("torch")
NAME = "all-mpnet-base-v2"


@pytest.fixture
def mpnet(tmp_path: Path) -> Path:
    """A small random network of MPNet's shape, with mean pooling, as sentence-transformers saves it."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import MPNetConfig, MPNetModel

    inner, folder = tmp_path / "inner", tmp_path / "mpnet"
    torch.manual_seed(0)
    config = MPNetConfig(
        vocab_size=4 + len(WORDS),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=66,
        pad_token_id=0,
    )
    MPNetModel(config).save_pretrained(inner)
    write_tokenizer(inner)
    body = Transformer(str(inner), max_seq_length=64)
    SentenceTransformer(modules=[body, Pooling(32)], device="cpu").save(str(folder))
    return folder


def test_an_mpnet_comes_by_name_embeds_and_is_held_to_its_first_bytes(mpnet: Path, tmp_path: Path) -> None:
    model, folder = known(NAME), tmp_path / "models"
    assert model is not None
    with hub_serving() as hub:
        for file in mpnet.rglob("*"):
            if file.is_file():
                hub.files[model.repo, file.relative_to(mpnet).as_posix()] = file.read_bytes()
        place = pull(model, folder, hub.source())
    embedder = open_embedder(model.repo, folders=[folder], device="cpu")
    assert (embedder.name, embedder.dimension, embedder.fallback_for) == (NAME, 32, None)
    vectors = embedder.embed_passages(["the sea is wide .", "paris", "the sea is wide ."])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert (vectors[0] == vectors[2]).all()
    assert not np.allclose(vectors[0], vectors[1], atol=1e-3)
    weights = place / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(ModelRefused) as refused:
        open_embedder(NAME, folders=[folder], device="cpu")
    assert refused.value.fields["reason"] == "hash"


def test_its_states_are_those_of_transformers_whatever_stands_beside_a_text(mpnet: Path) -> None:
    from transformers import MPNetModel

    ours, theirs = Encoder(mpnet, "float32"), MPNetModel.from_pretrained(mpnet).eval()
    texts = [[3], [5, 4, 6], [3 + number % 9 for number in range(60)]]
    for ids, (_, states) in zip(texts, ours.states(texts), strict=True):
        with torch.inference_mode():
            expected = theirs(torch.tensor([ids])).last_hidden_state[0]
        assert np.allclose(states.numpy(), expected.numpy(), atol=1e-5)
