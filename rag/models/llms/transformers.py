"""Models in Hugging Face layout in the worker: 4, 8 or 16 bits, decoder-only or encoder-decoder.

transformers 5 has no text2text pipeline; `generate` runs T5, Blenderbot etc. as well as chat models.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer, BitsAndBytesConfig
from transformers.generation.streamers import BaseStreamer

from rag.models.catalogue.files import folder_problem
from rag.models.llms.chat_format import formatter
from rag.models.llms.generator import CannotLoad, Stopped, fitted
from rag.models.llms.idle_cores import IdleCores

# bitsandbytes logs a cast per layer and token.
logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
transformers.utils.logging.set_verbosity_error()
_UNBOUNDED = 1 << 20


class TransformersGenerator:
    """A TextGenerator on transformers. `bits` is 4 (NF4 with double quantization), 8 or 16."""

    def __init__(self, folder: Path, *, context: int, threads: int, bits: int) -> None:
        _check(folder, bits)
        self._cores = IdleCores(threads)
        self.stop = threading.Event()
        try:
            config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
            self._tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
            self._pairs = bool(config.is_encoder_decoder)
            self._model = _load(folder, self._pairs, bits)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            logging.getLogger(__name__).error("%s", error)
            raise CannotLoad("damaged") from error
        self.context = min(context, _context(config))
        self._format = None if self._pairs else formatter(_Tokens(self._tokenizer, str(folder.name)))
        for layer in _layers(self._model):
            layer.register_forward_pre_hook(self._check_stop)

    def count(self, texts: Sequence[str]) -> list[int]:
        return [len(self._tokenizer(text, add_special_tokens=False).input_ids) for text in texts]

    def answer(self, order: dict[str, Any], progress: Callable[[int, int], None]) -> Iterator[str]:
        prompt = self._prompt(order)
        progress(0, len(prompt))
        # `generate` streams the prompt first, or the decoder's start token.
        pieces = _Pieces(self._tokenizer, skip=1 if self._pairs else len(prompt))
        writing = threading.Thread(target=self._generate, args=(prompt, order, pieces), daemon=True)
        writing.start()
        if self._format and self._format.opening:
            yield self._format.opening
        yield from pieces
        writing.join()
        if pieces.error:
            raise pieces.error

    def score(self, order: dict[str, Any], progress: Callable[[int, int], None]) -> list[float]:
        prompt = self._prompt({**order, "max_tokens": 1})
        progress(0, len(prompt))
        torch.set_num_threads(self._cores.at_start())
        tokens = torch.tensor([prompt], device=self._model.device)
        begun = {}
        if self._pairs:
            begun["decoder_input_ids"] = torch.full_like(tokens[:, :1], self._model.config.decoder_start_token_id)
        with torch.inference_mode():
            logits = self._model(tokens, attention_mask=torch.ones_like(tokens), **begun).logits[0, -1]
        found = logits.float().log_softmax(0)
        first = [self._tokenizer(option, add_special_tokens=False).input_ids[0] for option in order["options"]]
        return [float(each) for each in found[first]]

    def _prompt(self, order: dict[str, Any]) -> list[int]:
        if self._format:
            return fitted(self._format.prompt(order["messages"]), self.context, order["max_tokens"])
        # Encoder-decoder models have no roles: one text in, with the tokenizer's special tokens.
        text = "\n\n".join(message["content"] for message in order["messages"])
        return fitted(self._tokenizer(text).input_ids, self.context, 0)

    def _generate(self, prompt: list[int], order: dict[str, Any], pieces: _Pieces) -> None:
        torch.set_num_threads(self._cores.at_start())
        sampling = {"do_sample": True, "temperature": order["temperature"]} if order["temperature"] > 0 else {}
        if sampling:
            torch.manual_seed(order["seed"])
        tokens = torch.tensor([prompt], device=self._model.device)
        try:
            with torch.inference_mode():
                self._model.generate(
                    tokens,
                    attention_mask=torch.ones_like(tokens),
                    max_new_tokens=order["max_tokens"],
                    repetition_penalty=order["repeat_penalty"],
                    pad_token_id=_first(self._tokenizer.pad_token_id, self._tokenizer.eos_token_id),
                    streamer=pieces,
                    **({"do_sample": False} | sampling),
                )
        except Stopped as stopped:
            pieces.error = stopped
        finally:
            pieces.end()

    def _check_stop(self, *_: object) -> None:
        """Forward pre-hook of every layer, so that prompt evaluation can be cancelled."""
        if self.stop.is_set():
            raise Stopped


class _Pieces(BaseStreamer):  # type: ignore[misc]
    """Passes tokens from `generate` to another thread, as text. The first `skip` tokens are the prompt."""

    def __init__(self, tokenizer: Any, *, skip: int) -> None:
        self._tokenizer, self._skip = tokenizer, skip
        self._tokens: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self.error: Stopped | None = None

    def put(self, value: torch.Tensor) -> None:
        for token in value.flatten().tolist():
            if self._skip > 0:
                self._skip -= 1
            else:
                self._tokens.put(token)

    def end(self) -> None:
        self._tokens.put(None)

    def __iter__(self) -> Iterator[str]:
        # A single token does not tell its spaces: all tokens are decoded, and the new suffix is yielded.
        tokens: list[int] = []
        sent = ""
        while (token := self._tokens.get()) is not None:
            tokens.append(token)
            text = self._tokenizer.decode(tokens, skip_special_tokens=True)
            whole = not text.endswith("\N{REPLACEMENT CHARACTER}")
            yield text[len(sent) :] if whole else ""
            sent = text if whole else sent


class _Tokens:
    """A transformers tokenizer as chat_format.Tokenizer."""

    def __init__(self, tokenizer: Any, name: str) -> None:
        self._tokenizer, self._name = tokenizer, name
        self.bos, self.eos = _first(tokenizer.bos_token_id, -1), _first(tokenizer.eos_token_id, -1)
        self.adds_bos = self.bos >= 0 and tokenizer("a").input_ids[:1] == [self.bos]
        self.control_texts = [text for text in tokenizer.all_special_tokens if len(text) > 2]

    def tokens(self, text: str, *, special: bool = False) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False).input_ids)

    def text_of(self, token: int) -> str:
        return str(self._tokenizer.convert_ids_to_tokens(token)) if token >= 0 else ""

    def meta(self, key: str) -> str:
        template = self._tokenizer.chat_template
        values = {"general.name": self._name, "tokenizer.chat_template": template if isinstance(template, str) else ""}
        return values.get(key, "")


def _check(folder: Path, bits: int) -> None:
    problem = folder_problem(folder)
    if problem in ("gptq", "awq") and torch.cuda.is_available() and find_spec("gptqmodel"):
        problem = None
    if not problem and bits < 16 and find_spec("bitsandbytes") is None:
        problem = "bitsandbytes"
    if problem:
        raise CannotLoad(problem)


def _load(folder: Path, pairs: bool, bits: int) -> Any:
    kind = AutoModelForSeq2SeqLM if pairs else AutoModelForCausalLM
    # bitsandbytes' 8-bit layers compute in float16; bfloat16 would be cast at every call.
    dtype = torch.float16 if bits == 8 else torch.bfloat16
    model = kind.from_pretrained(
        folder,
        dtype=dtype,
        quantization_config=_quantization(bits),
        device_map="auto" if torch.cuda.is_available() else "cpu",
        use_safetensors=True,
        local_files_only=True,
        trust_remote_code=False,
    )
    # The folder's sampling defaults would override the call's options.
    model.generation_config.do_sample, model.generation_config.temperature = False, None
    model.generation_config.top_p = model.generation_config.top_k = None
    return model.eval()


def _quantization(bits: int) -> Any:
    if bits == 4:
        return BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=torch.bfloat16,
        )
    return BitsAndBytesConfig(load_in_8bit=True) if bits == 8 else None


def _layers(model: Any) -> Iterator[Any]:
    for module in model.modules():
        if isinstance(module, torch.nn.ModuleList):
            yield from module


def _context(config: Any) -> int:
    """The maximum length; T5 has none, since its positions are relative."""
    return int(getattr(config, "max_position_embeddings", None) or _UNBOUNDED)


def _first(*values: int | None) -> int:
    return next(value for value in values if value is not None)
