"""Hosted models: Hugging Face inference providers, and every provider that LangChain supports.

Their exceptions become ModelErrors, which never contain API tokens.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from huggingface_hub import get_token
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from openai import OpenAIError
from pydantic import ValidationError

from rag.core.call_context import CallContext
from rag.core.errors import (
    ModelBusy,
    ModelDenied,
    ModelError,
    ModelPackageMissing,
    ModelRefused,
    ModelUnknown,
    ModelUnreachable,
)
from rag.models.llms.streaming import ChatStreamed, end_reason

_SECONDS = 120.0


def hosted(name: str, repo: str, *, url: str = "", answer_tokens: int, temperature: float) -> ChatStreamed:
    """`hub:<repo>`: a Hugging Face inference provider, or a dedicated endpoint at `url`.

    The token is from HF_TOKEN, HUGGINGFACEHUB_API_TOKEN or the login file.
    """
    from langchain_huggingface import ChatHuggingFace, HuggingFaceEndpoint

    token = os.environ.get("HUGGINGFACEHUB_API_TOKEN") or get_token()
    if not token and not url:
        raise ModelDenied(model=name)
    endpoint = HuggingFaceEndpoint(
        **({"endpoint_url": url} if url else {"repo_id": repo}),
        task="conversational",
        huggingfacehub_api_token=token,
        max_new_tokens=answer_tokens,
        # The API rejects 0 and samples by default.
        temperature=max(temperature, 0.01),
        timeout=int(_SECONDS),
    )
    return _guarded(name, ChatHuggingFace(llm=endpoint, model_id=repo))


def provider(name: str, *, answer_tokens: int, temperature: float) -> ChatStreamed:
    """Any model of `langchain.chat_models.init_chat_model`.

    Raises:
        ModelPackageMissing: naming the provider's package.
        ModelUnknown: no provider of that name.
    """
    from langchain.chat_models import init_chat_model

    try:
        inner = init_chat_model(name, max_tokens=answer_tokens, temperature=temperature)
    except ImportError as error:
        raise ModelPackageMissing(model=name, package=_package(str(error))) from error
    except (OpenAIError, ValidationError) as error:
        # The provider's package is installed and has no API key.
        raise ModelDenied(model=name) from error
    except ValueError as error:
        raise ModelUnknown(model=name) from error
    return _guarded(name, inner)


def _package(message: str) -> str:
    """The package named in LangChain's message, such as `langchain-anthropic`."""
    words = (word.strip("`'\".,)") for word in message.replace("_", "-").split())
    return next((word for word in words if word.startswith("langchain-")), "langchain")


def _guarded(name: str, inner: BaseChatModel) -> ChatStreamed:
    # `inner.stream` would report the run to the callbacks a second time.
    streams = type(inner)._stream is not BaseChatModel._stream

    def write(messages: list[BaseMessage], stops: list[str], context: CallContext) -> Iterator[str]:
        with _our_errors(name):
            whole = () if streams else inner._generate(messages, stop=stops or None).generations
            for part in inner._stream(messages, stop=stops or None) if streams else whole:
                if part.text:
                    yield part.text
                if reason := end_reason((part.generation_info or {}) | part.message.response_metadata):
                    context.on_end(reason)

    return ChatStreamed.of(name, write)


@contextmanager
def _our_errors(name: str) -> Iterator[None]:
    try:
        yield
    except (OpenAIError, HfHubHTTPError, httpx.HTTPError, OfflineModeIsEnabled, OSError) as error:
        raise _translated(name, error) from error


def _translated(name: str, error: Exception) -> ModelError:
    status = getattr(error, "status_code", None) or getattr(getattr(error, "response", None), "status_code", None)
    match status:
        case None:
            return ModelUnreachable(model=name)
        case 401 | 403:
            return ModelDenied(model=name)
        case 404:
            return ModelUnknown(model=name)
        case 429:
            return ModelBusy(waiting=0)
        case _:
            return ModelRefused(model=name, reason="server")
