"""Chat templates: messages to prompt tokens, without prompt injection through control tokens."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypedDict

from jinja2.exceptions import TemplateError
from jinja2.ext import Extension
from jinja2.nodes import Node
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Message(TypedDict):
    """`role` is system, user or assistant."""

    role: str
    content: str


class BadTemplate(Exception):
    """The chat template in the model file is unusable."""


class Tokenizer(Protocol):
    """The tokenizer of a loaded model."""

    @property
    def bos(self) -> int: ...
    @property
    def eos(self) -> int: ...
    @property
    def adds_bos(self) -> bool: ...
    @property
    def control_texts(self) -> list[str]: ...

    def tokens(self, text: str, *, special: bool = False) -> list[int]: ...
    def text_of(self, token: int) -> str: ...
    def meta(self, key: str) -> str: ...


_LLAMA_2 = re.compile(r"llama[\s_-]*+(?:(?:v|version )[\s_-]*+)?2(?![\d.])", re.IGNORECASE)
_LLAMA_2_MARKS = ("[INST]", "[/INST]", "<<SYS>>", "<</SYS>>")
COMMON_CONTROL_TOKENS = re.compile(
    r"<[|｜][^<>|｜\s]{1,40}[|｜]>|</?s>|<(?:bos|eos|unk|pad|(?:start|end)_of_(?:turn|utterance))>|<</?SYS>>"
    r"|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\]"
)
_OPENS_REASONING = re.compile(r"<think(?:ing)?>\s*+\Z")
_MAX_TEMPLATE = 64_000


def formatter(engine: Tokenizer, family: str = "") -> Formatter:
    """The formatter for a model: Llama 2's format, else the file's chat template, else plain roles; the family `raw`
    takes prompts as they are."""
    if family == "raw":
        return RawFormat(engine)
    if family == "llama-2" or (not family and _LLAMA_2.search(engine.meta("general.name"))):
        return Llama2Format(engine)
    template = engine.meta("tokenizer.chat_template")
    return TemplateFormat(engine, template) if template else PlainFormat(engine)


def harmless(text: str) -> str:
    """The text with the control tokens of common model families broken up, for servers, which do not list theirs."""
    return COMMON_CONTROL_TOKENS.sub(_broken, text)


def _broken(match: re.Match[str]) -> str:
    return f"{match.group()[0]} {match.group()[1:]}"


class Formatter:
    """Base class: breaks up control tokens in the text of documents and users."""

    # Between the head of the model's turn and what it says.
    _gap = ""
    # What the last prompt has begun of the reply: some templates open the model's reasoning.
    opening = ""

    def __init__(self, engine: Tokenizer, marks: Sequence[str] = ()) -> None:
        self.engine = engine
        texts = sorted({*engine.control_texts, *marks}, key=len, reverse=True)
        self._control = re.compile("|".join(map(re.escape, texts))) if texts else None

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """The prompt tokens of a conversation, up to the start of the model's turn; where the last message is the
        model's own, up to its end, for the model to go on with it.

        Raises:
            BadTemplate: the template fails on these messages.
        """
        safe = [Message(role=m["role"], content=self._harmless(m["content"])) for m in messages]
        begun = safe.pop()["content"] if safe and safe[-1]["role"] == "assistant" else ""
        tokens = self._prompt(safe)
        if begun:
            gap, self.opening = "\n</think>\n\n" if self.opening else self._gap, ""
            tokens += self.engine.tokens(gap + begun, special=True)
        return tokens

    def _prompt(self, messages: list[Message]) -> list[int]:
        raise NotImplementedError

    def _harmless(self, text: str) -> str:
        """The text with every control token broken up, so that a document cannot end the system's turn."""
        if self._control is None:
            return text
        return self._control.sub(_broken, text)


class Llama2Format(Formatter):
    """`[INST] <<SYS>> … <</SYS>> question [/INST] answer`, each turn a sequence with BOS and EOS."""

    def __init__(self, engine: Tokenizer) -> None:
        super().__init__(engine, _LLAMA_2_MARKS)

    def _prompt(self, messages: list[Message]) -> list[int]:
        engine, tokens = self.engine, list[int]()
        for message in _with_system(messages, "<<SYS>>\n{system}\n<</SYS>>\n\n{user}"):
            if message["role"] == "user":
                tokens += [engine.bos, *engine.tokens(f"[INST] {message['content'].strip()} [/INST]")]
            else:
                tokens += [*engine.tokens(f" {message['content'].strip()} "), engine.eos]
        return tokens


class PlainFormat(Formatter):
    """For models without a chat template: `User: …`, `Assistant: …`."""

    _gap = " "

    def _prompt(self, messages: list[Message]) -> list[int]:
        heads = {"system": "", "user": "User: ", "assistant": "Assistant: "}
        text = "\n\n".join(heads.get(m["role"], "User: ") + m["content"].strip() for m in messages)
        start = [self.engine.bos] if self.engine.adds_bos else []
        return start + self.engine.tokens(f"{text}\n\nAssistant:")


class RawFormat(Formatter):
    """The text as it is, control tokens included."""

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        start = [self.engine.bos] if self.engine.adds_bos else []
        return start + self.engine.tokens("".join(m["content"] for m in messages), special=True)


class TemplateFormat(Formatter):
    """The chat template from the model file, rendered in a sandbox, since a template is a program."""

    def __init__(self, engine: Tokenizer, template: str) -> None:
        super().__init__(engine)
        if len(template) > _MAX_TEMPLATE:
            raise BadTemplate("too long")
        try:
            self._template = _sandbox().from_string(template)
        except (TemplateError, RecursionError) as error:
            raise BadTemplate(str(error)) from error

    def _prompt(self, messages: list[Message]) -> list[int]:
        try:
            text = self._rendered(messages)
        except BadTemplate:
            # Some templates, such as Gemma's, have no system role.
            text = self._rendered(_with_system(messages, "{system}\n\n{user}"))
        self.opening = match.group() if (match := _OPENS_REASONING.search(text)) else ""
        tokens = self.engine.tokens(text, special=True)
        if self.engine.adds_bos and tokens[:1] != [self.engine.bos]:
            tokens.insert(0, self.engine.bos)
        return tokens

    def _rendered(self, messages: list[Message]) -> str:
        # Models that reason only where they are let: an answer's tokens are few, and the quotes are the reasons.
        names: dict[str, object] = {"enable_thinking": False}
        names |= {"bos_token": self.engine.text_of(self.engine.bos), "eos_token": self.engine.text_of(self.engine.eos)}
        try:
            return self._template.render(messages=messages, add_generation_prompt=True, **names)
        except (TemplateError, ValueError, TypeError, ArithmeticError, LookupError, RecursionError) as error:
            raise BadTemplate(str(error)) from error


class _GenerationMarks(Extension):
    """`{% generation %}` marks the training target; it has no effect on inference."""

    tags = {"generation"}  # noqa: RUF012  jinja reads it from the class

    def parse(self, parser: Parser) -> list[Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _sandbox() -> ImmutableSandboxedEnvironment:
    """The environment of transformers' chat templates: no private attributes, immutable arguments, bounded ranges."""
    extensions = [_GenerationMarks, "jinja2.ext.loopcontrols"]
    sandbox = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=extensions)
    sandbox.filters["tojson"] = lambda value, **options: json.dumps(value, ensure_ascii=False, **options)
    sandbox.globals["raise_exception"] = _raise
    sandbox.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
    return sandbox


def _raise(message: str) -> None:
    raise BadTemplate(message)


def _with_system(messages: list[Message], form: str) -> list[Message]:
    """The messages with the system prompt merged into the first user message by `form`."""
    system = "\n\n".join(m["content"].strip() for m in messages if m["role"] == "system")
    rest = [m for m in messages if m["role"] != "system"]
    if system and rest and rest[0]["role"] == "user":
        # Not str.format: the texts may contain braces.
        merged = form.replace("{user}", "\0").replace("{system}", system).replace("\0", rest[0]["content"].strip())
        return [Message(role="user", content=merged), *rest[1:]]
    return [Message(role="user", content=system), *rest] if system else rest
