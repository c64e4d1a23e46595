"""`custom:<module>:<class>`: the administrator's own model class, or a function from text to text."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module

from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.llms import BaseLLM
from langchain_core.messages import BaseMessage

from rag.core.call_context import CallContext
from rag.core.errors import ModelUnknown
from rag.models.llms.streaming import ChatStreamed


def own_model(name: str, module: str, attribute: str) -> BaseChatModel:
    """The chat model for `module.attribute`: a LangChain chat model or LLM (class or instance), or a function
    `str -> str`. The module is imported from Python's path, which includes the folder the app is started in.

    Raises:
        ModelUnknown: there is no such module or attribute, or it is none of these.
    """
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ModelUnknown(model=name) from error
    model = found() if inspect.isclass(found) else found
    if isinstance(model, BaseChatModel):
        return model
    if isinstance(model, BaseLLM):
        return ChatStreamed.of(name, lambda messages, stops, _: model.stream(_text(messages), stop=stops or None))
    if callable(model):

        def write(messages: list[BaseMessage], stops: list[str], context: CallContext) -> Iterator[str]:
            yield str(model(_text(messages)))

        return ChatStreamed.of(name, write)
    raise ModelUnknown(model=name)


def _text(messages: list[BaseMessage]) -> str:
    """The conversation as one text, for models without roles."""
    return "\n\n".join(message.text for message in messages)
