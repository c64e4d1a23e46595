"""From a model's name to a LangChain chat model. Backends are imported on use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.core.errors import ModelNotOnDisk, ModelUnknown

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


@dataclass(frozen=True, slots=True)
class ServerRow:
    """Settings of a model server: concurrent requests, and the read timeout in seconds."""

    at_once: int = 4
    seconds: int = 120


@dataclass(frozen=True, slots=True)
class TransformersRow:
    """Generation settings of an `hf:` model; the defaults are those of common tutorials.

    `stops` are stop sequences; `return_prompt` puts the prompt in front of the answer.
    """

    answer_tokens: int = 512
    temperature: float = 0.1
    repeat_penalty: float = 1.1
    stops: tuple[str, ...] = ("\nHuman:", "\n```\n")
    return_prompt: bool = False


def open_model(
    name: str,
    *,
    file: Path | None = None,
    family: str = "",
    sha256: str | None = None,
    context_tokens: int = 4096,
    answer_tokens: int = 256,
    temperature: float = 0.0,
    threads: int = 0,
    gpu_layers: int = 0,
    queue_limit: int = 8,
    turn_file: Path | None = None,
    row: TransformersRow | None = None,
    server: ServerRow | None = None,
) -> BaseChatModel:
    """The chat model of that name, loaded with the first question.

    Args:
        name: A name of the catalogue, the path of a `.gguf` file, `hf:<repo or folder>[:4bit|:8bit]`,
            `openai:<model>@<url>`, `hub:<repo>`, `custom:<module>:<class>`, or `<provider>:<model>`
            as init_chat_model knows it.
        file: The model's path, as the catalogue found it.
        family: The catalogue's model family; selects the prompt format where the file does not.
        sha256: Expected hash, checked before loading.
        context_tokens: Tokens of prompt and answer together.
        answer_tokens: Tokens of the answer at most.
        threads: 0 uses idle cores.
        gpu_layers: -1 offloads all layers.
        queue_limit: Calls that may wait.
        turn_file: Lock file shared by several apps on one machine.
        row: Settings of an `hf:` model, instead of `answer_tokens` and `temperature`.
        server: Settings of an `openai:<model>@<url>`.

    Raises:
        ModelUnknown: no backend for a model of that name.
        ModelNotOnDisk: an `hf:` model that is not installed.
    """
    kind, _, rest = name.partition(":")
    process_options: dict[str, Any] = {
        "context_tokens": context_tokens,
        "threads": threads,
        "queue_limit": queue_limit,
        "turn_file": turn_file,
    }
    if kind == "hf" and rest:
        return _from_folder(name, rest, file, row or TransformersRow(), process_options)
    if kind == "openai" and "@" in rest:
        fields = {"max_tokens": answer_tokens, "temperature": temperature, "context": context_tokens}
        return _on_server(name, rest, server or ServerRow(), queue_limit, fields)
    if file is None and rest and not name.endswith(".gguf"):
        return _elsewhere(name, kind, rest, answer_tokens, temperature)
    place = file or (Path(name) if name.endswith(".gguf") else None)
    if place is None:
        raise ModelUnknown(model=name)
    from rag.models.llms.llama_cpp import ChatLlamaCpp
    from rag.models.llms.process import ModelProcess

    process = ModelProcess(place, name, gpu_layers=gpu_layers, family=family, sha256=sha256, **process_options)
    return ChatLlamaCpp.over(process, max_tokens=answer_tokens, temperature=temperature)


def _from_folder(
    name: str, place: str, file: Path | None, row: TransformersRow, process_options: dict[str, Any]
) -> BaseChatModel:
    from rag.models.llms.llama_cpp import ChatTransformers
    from rag.models.llms.process import ModelProcess

    plain = place.removesuffix(":4bit").removesuffix(":8bit")
    bits = {"4bit": 4, "8bit": 8}.get(place.removeprefix(f"{plain}:"), 16)
    process = ModelProcess(file or _folder(name, plain), name, bits=bits, **process_options)
    return ChatTransformers.over(
        process,
        max_tokens=row.answer_tokens,
        temperature=row.temperature,
        repeat_penalty=row.repeat_penalty,
        stop_texts=row.stops,
        return_prompt=row.return_prompt,
    )


def _folder(name: str, place: str) -> Path:
    """A local folder, or a repository's snapshot in the Hugging Face cache."""
    folder = Path(place).expanduser()
    if folder.is_dir():
        return folder
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(place, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError) as error:
        raise ModelNotOnDisk(model=name) from error


def _on_server(name: str, rest: str, row: ServerRow, queue_limit: int, fields: dict[str, Any]) -> BaseChatModel:
    """`openai:<model>@<url>`; `/v1` may be omitted. The API key is in OPENAI_API_KEY; most servers need none."""
    from rag.models.llms.openai_server import ChatServed, ModelServer
    from rag.models.servers import Server

    model, _, url = rest.rpartition("@")
    server = Server.at(url, "OPENAI_API_KEY", row.seconds, path="/v1")
    if server is None or not model:
        raise ModelUnknown(model=name)
    return ChatServed.over(ModelServer(name, model, server, at_once=row.at_once, queue_limit=queue_limit), **fields)


def _elsewhere(name: str, kind: str, rest: str, answer_tokens: int, temperature: float) -> BaseChatModel:
    """Models that do not run in the worker: hosted ones and custom code."""
    if kind == "custom":
        from rag.models.llms.custom import own_model

        module, _, attribute = rest.partition(":")
        return own_model(name, module, attribute)
    from rag.models.llms import remote

    model, at, url = rest.rpartition("@")
    if kind == "hub":
        repo = model if at else rest
        return remote.hosted(name, repo, url=url if at else "", answer_tokens=answer_tokens, temperature=temperature)
    return remote.provider(name, answer_tokens=answer_tokens, temperature=temperature)
