"""How much a model has to read and write before the first word of an answer: ours beside the baseline, in tokens.

    python bench/prompts.py [FOLDER] [--questions 10]

Tokens depend on no machine. A large model on two cores reads about 32 of them in a second and writes 4.7 (of the shape
of Llama-2-7B, on an idle machine), so that they are nearly all of the time that a first word takes. What both sides'
caches know already is not counted: of the baseline all that the prompt begins alike with the one before, of ours whole
batches of 64 of it. The baseline rewrites a follow-up first: 12 tokens are counted for what it writes.
Medians over the questions. Prints one JSON object and renews its section in bench/results.md.
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

from langchain_core.language_models.fake_chat_models import FakeListChatModel  # noqa: E402
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
from rag.services import open_services  # noqa: E402

WRITTEN = "It is told in the documents, and holds for everybody who works here."
READ, WRITE = 32.0, 4.7  # tokens a second
REWRITTEN = 12
BATCH = 64
Tokens = Callable[[str], list[int]]


class Hearing(FakeListChatModel):
    """A model that writes down what it is given."""

    heard: list[str] = Field(default_factory=list)

    def _stream(self, messages: Any, *args: Any, **kwargs: Any) -> Any:
        self.heard.append("\n".join(message.text for message in messages))
        yield from super()._stream(messages, *args, **kwargs)


def ours(folder: Path, questions: Sequence[str], tokens: Tokens) -> dict[str, list[float]]:
    """Tokens read for each question, the same again, and its follow-up."""
    with tempfile.TemporaryDirectory() as data:
        services = open_services(Settings(data_dir=Path(data), samples=False, model="none"))
        model = Hearing(responses=[WRITTEN])
        services.__dict__["writer"] = AnswerWriter("hearing", model)
        collection = services.store.collections.create(OWNER, "bench").id
        for file in pdfs(folder):
            read_file(services.ingest, OWNER, collection, file.read_bytes(), file.name)
        found: dict[str, list[float]] = {"question": [], "again": [], "follow_up": []}
        known: list[int] = []
        for question in questions:
            history: list[Turn] = []
            for kind, text in (("question", question), ("again", question), ("follow_up", FOLLOW_UP)):
                asked = services.conversation.ask(text, CallContext(OWNER, collection), history=history, anyway=True)
                *_, answer = asked
                prompt = tokens(model.heard[-1])
                found[kind].append(len(prompt) - min(_alike(known, prompt), len(prompt) - 1) // BATCH * BATCH)
                known = prompt
                history = [Turn("t", text, answer, "")] if kind == "again" else []
    return found


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


def tokenizer() -> Tokens:
    """The tokens of the bundled model, of which only the words are loaded."""
    import llama_cpp

    model = llama_cpp.Llama(str(choose("smollm2-135m-instruct", []).path), vocab_only=True, verbose=False)
    return lambda text: model.tokenize(text.encode(), add_bos=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=SAMPLES)
    parser.add_argument("--questions", type=int, default=10)
    given = parser.parse_args()
    questions = [record["question"] for record in questions_of(given.folder, given.questions)]
    tokens = tokenizer()
    theirs = {kind: statistics.median(v) for kind, v in baseline(given.folder, len(questions), tokens).items()}
    mine = {kind: statistics.median(v) for kind, v in ours(given.folder, questions, tokens).items()}
    beside = {"question": theirs["question"], "again": theirs["question"], "follow_up": theirs["follow_up"]}
    names = {"question": "a question", "again": "the same question again", "follow_up": "a follow-up"}
    result = {
        kind: {"ours": round(mine[kind]), "baseline": round(beside[kind]), "ratio": round(mine[kind] / beside[kind], 3)}
        for kind in names
    }
    rows = [
        f"| {name} | {r['ours']} | {r['baseline']} | {r['ratio']} |" for k, name in names.items() if (r := result[k])
    ]
    body = "| tokens before the first word of | ours | baseline | ratio |\n|---|---|---|---|\n" + "\n".join(rows)
    body += "\n\nFor the question asked again, the baseline's first time it is asked."
    renew("What the model reads", f"python bench/prompts.py --questions {len(questions)}", body, result)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
