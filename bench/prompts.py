"""How much a model has to read and write before the first word of an answer: ours beside the baseline, in tokens.

    python bench/prompts.py [FOLDER] [--questions 10] [--model FILE.gguf] [--alone]

Tokens depend on no machine. A large model on two cores reads about 32 of them in a second and writes 4.7 (of the shape
of Llama-2-7B, on an idle machine), so that they are nearly all of the time that a first word takes. What both sides'
caches know already is not counted: of the baseline all that the prompt begins alike with the one before, of ours whole
batches of it, which end with a line. A question is the first of a new chat, asked after a follow-up of another one.
The baseline rewrites a follow-up first: 12 tokens are counted for what it writes. Medians over the questions, and the
tokens of each part of our prompts; `--alone` does without the baseline. Prints one JSON object and renews its section
in bench/results.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH.parent))

import llama_cpp as lib  # noqa: E402
from langchain_core.language_models.fake_chat_models import FakeListChatModel  # noqa: E402
from langchain_core.messages import BaseMessage  # noqa: E402
from pydantic import Field  # noqa: E402

from bench.folder import SAMPLES, pdfs, questions_of  # noqa: E402
from bench.report import renew  # noqa: E402
from bench.run import BASELINE_PYTHON, FOLLOW_UP, OWNER  # noqa: E402
from rag.answering.generation import AnswerWriter  # noqa: E402
from rag.core.call_context import CallContext  # noqa: E402
from rag.core.settings import Settings  # noqa: E402
from rag.core.types import Turn  # noqa: E402
from rag.ingestion.pipeline import read_file  # noqa: E402
from rag.models.catalogue import choose  # noqa: E402
from rag.models.llms.chat_format import formatter  # noqa: E402
from rag.models.llms.engine import Engine  # noqa: E402
from rag.models.llms.queued import as_message  # noqa: E402
from rag.models.llms.read_tokens import batch_end  # noqa: E402
from rag.services import open_services  # noqa: E402

WRITTEN = "It is told in the documents, and holds for everybody who works here."
READ, WRITE = 32.0, 4.7  # tokens a second
REWRITTEN = 12
NAMES = {"question": "a question", "again": "the same question again", "follow_up": "a follow-up"}
# Which of the baseline's questions ours are set against.
BASELINE = {"question": "question", "again": "question", "follow_up": "follow_up"}
Tokens = Callable[[str], list[int]]


class Hearing(FakeListChatModel):
    """A model that writes down what it is given."""

    heard: list[list[BaseMessage]] = Field(default_factory=list)

    def _stream(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
        self.heard.append(messages)
        yield from super()._stream(messages, *args, **kwargs)


class Words(Engine):
    """The words of a model and its chat format, nothing else of it."""

    def __init__(self, file: Path) -> None:
        params = lib.llama_model_default_params()
        params.vocab_only = True
        self._model = lib.llama_model_load_from_file(str(file).encode(), params)
        self._vocab = lib.llama_model_get_vocab(self._model)
        self._format = formatter(self)

    def prompt(self, messages: Sequence[BaseMessage]) -> list[int]:
        return self._format.prompt([as_message(message) for message in messages])


class Cache:
    """What an engine has read: the tokens of its last prompt, in batches."""

    def __init__(self, words: Words) -> None:
        self._words, self._known = words, list[int]()

    def read(self, prompt: list[int]) -> int:
        """How many tokens of it are read anew."""
        alike, start = min(_alike(self._known, prompt), len(prompt) - 1), 0
        while True:
            end, whole = batch_end(prompt, start, self._words.ends_line)
            if not whole or end > alike:
                self._known = prompt
                return len(prompt) - start
            start = end


def parts(messages: Sequence[BaseMessage], words: Words) -> dict[str, int]:
    """The tokens of each part of a prompt."""
    text, *between, question = messages[1].text.split("\n\n")
    each = {"rules": messages[0].text, "text": text, "between": "\n\n".join(between), "question": question}
    counts = {name: len(words.tokens(part)) for name, part in each.items()}
    return {**counts, "format": len(words.prompt(messages)) - sum(counts.values())}


def ours(folder: Path, questions: Sequence[str], words: Words) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Tokens read for each question, the same again, and its follow-up; those of each part, medians."""
    with tempfile.TemporaryDirectory() as data:
        services = open_services(Settings(data_dir=Path(data), samples=False, model="none"))
        model = Hearing(responses=[WRITTEN])
        services.__dict__["writer"] = AnswerWriter("hearing", model)
        collection = services.store.collections.create(OWNER, "bench").id
        for file in pdfs(folder):
            read_file(services.ingest, OWNER, collection, file.read_bytes(), file.name)
        found: dict[str, list[float]] = {"question": [], "again": [], "follow_up": []}
        cache = Cache(words)
        for question in questions:
            history: list[Turn] = []
            for kind, text in (("question", question), ("again", question), ("follow_up", FOLLOW_UP)):
                asked = services.conversation.ask(text, CallContext(OWNER, collection), history=history, anyway=True)
                *_, answer = asked
                found[kind].append(cache.read(words.prompt(model.heard[-1])))
                history = [Turn("t", text, answer, "")] if kind == "again" else []
    each = [parts(messages, words) for messages in model.heard]
    return found, {name: statistics.median(one[name] for one in each) for name in each[0]}


def baseline(folder: Path, count: int, tokens: Tokens) -> dict[str, list[float]]:
    """Tokens read, and written as so many read ones, before the first word of each answer."""
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    command = [str(BASELINE_PYTHON), str(BENCH / "baseline.py"), str(folder), "--prompts", str(count)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=env, cwd=BENCH.parent)
    found: dict[str, list[float]] = {"question": [], "follow_up": []}
    known: list[int] = []
    for asked in json.loads(done.stdout)["prompts"]:
        cost = 0.0
        for prompt in map(tokens, asked["prompts"]):
            cost += len(prompt) - min(_alike(known, prompt), len(prompt) - 1)
            known = prompt
        cost += REWRITTEN * READ / WRITE * (len(asked["prompts"]) - 1)
        found["follow_up" if asked["follow_up"] else "question"].append(cost)
    return found


def _alike(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two prompts begin alike with."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=SAMPLES)
    parser.add_argument("--questions", type=int, default=10)
    parser.add_argument("--model", type=Path, help="a GGUF file whose tokens are counted; default: the bundled one")
    parser.add_argument("--alone", action="store_true", help="ours without the baseline")
    given = parser.parse_args()
    questions = [record["question"] for record in questions_of(given.folder, given.questions)]
    words = Words(given.model or choose("smollm2-135m-instruct", []).path)
    read, each = ours(given.folder, questions, words)
    theirs = {} if given.alone else baseline(given.folder, len(questions), words.tokens)
    beside = {kind: statistics.median(theirs[of]) for kind, of in BASELINE.items() if theirs}
    result = {
        kind: {
            "ours": round(statistics.median(read[kind])),
            "baseline": round(beside[kind]) if beside else None,
            "ratio": round(statistics.median(read[kind]) / beside[kind], 3) if beside else None,
        }
        for kind in NAMES
    }
    rows = [
        f"| {name} | {r['ours']} | {r['baseline'] or '–'} | {r['ratio'] or '–'} |"
        for kind, name in NAMES.items()
        if (r := result[kind])
    ]
    body = "| tokens before the first word of | ours | baseline | ratio |\n|---|---|---|---|\n" + "\n".join(rows)
    body += "\n\nFor the question asked again, the baseline's first time it is asked. Our prompts, medians: "
    body += ", ".join(f"{name} {count:g}" for name, count in each.items()) + " tokens."
    command = f"python bench/prompts.py --questions {len(questions)}"
    command += f" --model {given.model.name}" if given.model else ""
    command += " --alone" if given.alone else ""
    alone = "ours alone" if given.alone else ""
    title = ", ".join(filter(None, ["What the model reads", given.model and given.model.stem, alone]))
    renew(title, command, body, {"read": result, "parts": each})
    print(json.dumps({"read": result, "parts": each}, indent=1))


if __name__ == "__main__":
    main()
