"""One GGUF model in this process, driven through llama-cpp-python's C bindings.

Runs only in the model worker, because llama.cpp aborts the process when threads share a context. Prompt evaluation
can be cancelled within one matrix product, generation after any token, and the model stays loaded. The lines that two
prompts begin alike with are evaluated once (KV cache reuse).
"""

from __future__ import annotations

import codecs
import ctypes
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event

import llama_cpp as lib
import numpy as np

from rag.core.processors import multiplies_tiles
from rag.models.llms.generator import CannotLoad, Stopped
from rag.models.llms.idle_cores import IdleCores
from rag.models.llms.read_tokens import BATCH, ReadTokens, batch_end

# llama.cpp logs every tensor it loads.
logging.getLogger("llama-cpp-python").setLevel(logging.ERROR)

_GPU_BATCH = 512
_ABORTED = 2
# The sequences of the KV cache: that of answers, and one for what is read beside them.
_ANSWERS, _ASIDE = 0, 1

Progress = Callable[[int, int], None]


class Engine:
    """A loaded model and its llama.cpp context.

    `context` is the maximum of prompt and answer tokens together; `threads` 0 takes idle cores, as many as there are at
    the time. Set `stop` from any thread to cancel.
    """

    def __init__(self, file: Path, *, context: int, threads: int, gpu_layers: int, plain: bool) -> None:
        self.stop = Event()
        self._cores = IdleCores(threads)
        self._read = [ReadTokens(), ReadTokens()]
        model_params = lib.llama_model_default_params()
        model_params.n_gpu_layers = gpu_layers if gpu_layers >= 0 else 0x7FFFFFFF
        # Weights repacked for matrix extensions (AMX …): faster, but some virtual machines advertise extensions that
        # then fault. `plain` avoids them. Without such extensions mapped weights read prompts faster: Q4_K_M of 1.5
        # billion parameters, one thread of a Zen 4, batches of 128: 75 tokens a second in place of 49; written are 16
        # in place of 19. Prompts are long and answers short.
        model_params.use_extra_bufts = multiplies_tiles() and not plain
        self._model = lib.llama_model_load_from_file(str(file).encode(), model_params)
        if not self._model:
            raise CannotLoad("damaged")
        self._vocab = lib.llama_model_get_vocab(self._model)
        self._context = self._new_context(context, _GPU_BATCH if gpu_layers else BATCH)
        self._memory = lib.llama_get_memory(self._context)
        self._abort = lib.ggml_abort_callback(lambda _: self.stop.is_set())
        # Warm-up, so that such a fault happens before the first question.
        self.read([self._first_token()] * BATCH)

    def _new_context(self, context: int, batch: int) -> object:
        params = lib.llama_context_default_params()
        self.context = min(context, lib.llama_model_n_ctx_train(self._model) or context)
        self._batch = batch
        params.n_ctx, params.n_batch, params.n_ubatch = self.context, batch, batch
        # Both sequences share the cells of the cache, and those that hold the same tokens.
        params.n_seq_max, params.kv_unified = 2, True
        self._threads = params.n_threads = params.n_threads_batch = self._cores.meanwhile()
        context_pointer: object = lib.llama_init_from_model(self._model, params)
        if not context_pointer:
            raise CannotLoad("memory")
        return context_pointer

    def meta(self, key: str) -> str:
        """A value of the GGUF metadata, or ""."""
        size = 1 << 20
        buffer = ctypes.create_string_buffer(size)
        length = lib.llama_model_meta_val_str(self._model, key.encode(), buffer, size)
        return buffer.value.decode("utf-8", "replace") if length > 0 else ""

    @property
    def control_texts(self) -> list[str]:
        """The texts that the tokenizer parses as control tokens, such as `<|im_end|>`."""
        tokens = range(lib.llama_vocab_n_tokens(self._vocab))
        texts = (self.text_of(token) for token in tokens if lib.llama_vocab_is_control(self._vocab, token))
        return [text for text in texts if len(text) > 2]

    def text_of(self, token: int) -> str:
        """The vocabulary's text of a token; "" for none."""
        if token < 0:
            return ""
        text: bytes = lib.llama_vocab_get_text(self._vocab, token)
        return text.decode("utf-8", "replace")

    @property
    def bos(self) -> int:
        return int(lib.llama_vocab_bos(self._vocab))

    @property
    def eos(self) -> int:
        return int(lib.llama_vocab_eos(self._vocab))

    @property
    def adds_bos(self) -> bool:
        return bool(lib.llama_vocab_get_add_bos(self._vocab))

    def tokens(self, text: str, *, special: bool = False) -> list[int]:
        """The tokens of a text, without BOS; `special` parses control tokens in it."""
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        buffer = (lib.llama_token * room)()
        count = lib.llama_tokenize(self._vocab, data, len(data), buffer, room, False, special)
        return list(buffer[:count])

    def ends_line(self, token: int) -> bool:
        return self._piece(token).endswith(b"\n")

    def read(self, prompt: Sequence[int], progress: Progress | None = None, *, aside: bool = False) -> None:
        """Evaluate a prompt from the first token that is not in the KV cache.

        Args:
            progress: called with (tokens evaluated, tokens in all) before each batch and at the end.
            aside: beside the prompt of the last answer, which stays in the cache where there is room for both.

        Raises:
            Stopped: cancelled; the batches evaluated until then stay in the cache.
        """
        sequence = _ASIDE if aside else _ANSWERS
        if not aside or len(prompt) + len(self._read[_ANSWERS].tokens) > self.context:
            self._forget(_ANSWERS if aside else _ASIDE)
        read = self._rewind(prompt, sequence)
        self._take(self._cores.at_start())
        lib.llama_set_abort_callback(self._context, self._abort, None)
        try:
            while (start := len(read.tokens)) < len(prompt):
                if progress:
                    progress(start, len(prompt))
                end, whole = batch_end(prompt, start, self.ends_line, self._batch)
                self._decode(prompt[start:end], sequence)
                read.ends += [end] if whole else []
        finally:
            # The abort callback costs a fast model a sixth of its speed; generation checks `stop` between tokens.
            lib.llama_set_abort_callback(self._context, lib.ggml_abort_callback(0), None)
        if progress:
            progress(len(prompt), len(prompt))

    def log_probabilities(self, tokens: Sequence[int]) -> list[float]:
        """The log-probability of each token as the next one behind the prompt that was read last."""
        logits = lib.llama_get_logits_ith(self._context, -1)
        found = np.ctypeslib.as_array(logits, shape=(lib.llama_vocab_n_tokens(self._vocab),)).astype(np.float64)
        return [float(each) for each in found[list(tokens)] - np.logaddexp.reduce(found)]

    def write(self, count: int, *, temperature: float, repeat_penalty: float, seed: int) -> Iterator[str]:
        """Generate up to `count` tokens as pieces of text; ends at an end-of-generation token. Raises Stopped."""
        sampler = _sampler(lib.llama_vocab_n_tokens(self._vocab), temperature, repeat_penalty, seed)
        # A character may span several tokens: incomplete UTF-8 is buffered.
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        try:
            for _ in range(min(count, self.context - len(self._read[_ANSWERS].tokens))):
                token = lib.llama_sampler_sample(sampler, self._context, -1)
                if lib.llama_vocab_is_eog(self._vocab, token):
                    break
                yield decoder.decode(self._piece(token))
                if self.stop.is_set():
                    raise Stopped
                self._decode([token])
        finally:
            lib.llama_sampler_free(sampler)
        if rest := decoder.decode(b"", final=True):
            yield rest

    def _rewind(self, prompt: Sequence[int], sequence: int) -> ReadTokens:
        """Drop what does not match the prompt's prefix from the KV cache of a sequence; what is left of it.

        What is read aside begins with what answers have in the cache, if that is more.
        """
        read, answers = self._read[sequence], self._read[_ANSWERS]
        if sequence == _ASIDE and (shared := answers.shared(prompt)) > read.shared(prompt):
            lib.llama_memory_seq_rm(self._memory, _ASIDE, -1, -1)
            lib.llama_memory_seq_cp(self._memory, _ANSWERS, _ASIDE, 0, shared)
            read.copy_from(answers, shared)
        shared = read.shared(prompt)
        # Recurrent models, such as Mamba, cannot drop a part of their state.
        if not lib.llama_memory_seq_rm(self._memory, sequence, shared, -1):
            self._forget(sequence)
        read.cut(min(shared, len(read.tokens)))
        return read

    def _forget(self, sequence: int) -> None:
        lib.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        self._read[sequence].cut(0)

    def _decode(self, tokens: Sequence[int], sequence: int = _ANSWERS) -> None:
        if self.stop.is_set():
            raise Stopped
        read = self._read[sequence]
        batch = lib.llama_batch_init(len(tokens), 0, 1)
        try:
            batch.n_tokens = len(tokens)
            for at, token in enumerate(tokens):
                batch.token[at], batch.pos[at], batch.logits[at] = token, len(read.tokens) + at, at == len(tokens) - 1
                batch.n_seq_id[at], batch.seq_id[at][0] = 1, sequence
            code = lib.llama_decode(self._context, batch)
        finally:
            lib.llama_batch_free(batch)
        if code == 0:
            read.tokens.extend(tokens)
            self._take(self._cores.meanwhile())
            return
        # An interrupted batch may be in the cache in part.
        lib.llama_memory_seq_rm(self._memory, sequence, len(read.tokens), -1)
        if code == _ABORTED:
            raise Stopped
        raise RuntimeError(f"llama_decode returned {code}")

    def _take(self, threads: int) -> None:
        if threads != self._threads:
            lib.llama_set_n_threads(self._context, threads, threads)
            self._threads = threads

    def _piece(self, token: int) -> bytes:
        buffer = ctypes.create_string_buffer(512)
        count = lib.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, False)
        return buffer.raw[: max(count, 0)]

    def _first_token(self) -> int:
        return self.bos if self.bos >= 0 else max(self.eos, 0)


def _sampler(vocabulary: int, temperature: float, repeat_penalty: float, seed: int) -> object:
    chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
    parts = [lib.llama_sampler_init_penalties(vocabulary, 64, repeat_penalty, 0.0, 0.0)]
    if temperature > 0:
        parts += [
            lib.llama_sampler_init_top_k(40),
            lib.llama_sampler_init_top_p(0.95, 1),
            lib.llama_sampler_init_min_p(0.05, 1),
            lib.llama_sampler_init_temp(temperature),
            lib.llama_sampler_init_dist(seed),
        ]
    else:
        parts.append(lib.llama_sampler_init_greedy())
    for part in parts:
        lib.llama_sampler_chain_add(chain, part)
    return chain
