"""GGUF models with LangChain's class names, each in a child process of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from langchain_core.language_models.llms import LLM
from langchain_core.outputs import GenerationChunk
from pydantic import PrivateAttr

from rag.langchain.options import reject_unknown
from rag.models.llms.chat_format import Message
from rag.models.llms.llama_cpp import ChatLlamaCpp as ProcessChatModel
from rag.models.llms.process import ModelProcess


class ChatLlamaCpp(ProcessChatModel):
    """A GGUF chat model, run by llama.cpp in a child process.

    Options: n_ctx, n_threads, n_gpu_layers, max_tokens, temperature, repeat_penalty, seed and stop. `streaming`,
    `verbose` and `n_batch` are accepted and ignored: it always streams, and the worker sets the batch size.
    """

    def __init__(self, model_path: str | os.PathLike[str], **options: Any) -> None:
        file = Path(model_path)
        process = ModelProcess(
            file,
            file.stem,
            context_tokens=options.pop("n_ctx", 4096),
            threads=options.pop("n_threads", None) or 0,
            gpu_layers=options.pop("n_gpu_layers", 0),
            family=options.pop("family", ""),
        )
        options = {name: value for name, value in options.items() if name not in ("streaming", "verbose", "n_batch")}
        reject_unknown(set(ProcessChatModel.model_fields) | {"stop"}, options)
        super().__init__(model=file.stem, stop_texts=tuple(options.pop("stop", None) or ()), **options)
        self._process = process


class LlamaCpp(LLM):
    """Text completion with a GGUF model, without a chat template. Options as for ChatLlamaCpp."""

    _chat: ChatLlamaCpp = PrivateAttr()

    def __init__(self, model_path: str | os.PathLike[str], **options: Any) -> None:
        super().__init__()
        self._chat = ChatLlamaCpp(model_path, family="raw", **options)

    @property
    def _llm_type(self) -> str:
        return "llama.cpp"

    def _call(self, prompt: str, stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any) -> str:
        return "".join(chunk.text for chunk in self._stream(prompt, stop, **kwargs))

    def _stream(
        self, prompt: str, stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[GenerationChunk]:
        chat = self._chat
        pieces = chat.process.write(
            [Message(role="user", content=prompt)],
            max_tokens=kwargs.get("max_tokens", chat.max_tokens),
            temperature=kwargs.get("temperature", chat.temperature),
            repeat_penalty=chat.repeat_penalty,
            seed=chat.seed,
            stop=[*chat.stop_texts, *(stop or ())],
        )
        for piece in pieces:
            if run_manager:
                run_manager.on_llm_new_token(piece)
            yield GenerationChunk(text=piece)

    def get_num_tokens(self, text: str) -> int:
        return self._chat.get_num_tokens(text)

    def close(self) -> None:
        self._chat.close()
