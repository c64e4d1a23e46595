"""How soon a page and an answer are there after a start: the second start of an app, and the first question after one.

    python bench/starting.py [--rounds 5]

The page: from starting the process of the app, on a library that is there already, until a browser's first run of the
chat page has ended. The question: from asking to the quotes, in a process that has just loaded what the app loads
beside its pages; before it how long that took, and after it the same for later questions. No model writes. Seconds,
medians over the rounds. Prints one JSON object and renews its section in bench/results.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH.parent))

from bench.report import renew  # noqa: E402
from rag.core.call_context import CallContext  # noqa: E402
from rag.core.settings import Settings  # noqa: E402
from rag.services import open_services  # noqa: E402
from tests.guarantees.apps import OWNER, quiet, running, wait_until_read  # noqa: E402
from tests.guarantees.sessions import session  # noqa: E402

QUESTIONS = (
    "How many days of annual leave do I have after six years of service?",
    "What is the daily meal allowance in Zurich?",
    "How long is the probation period?",
    "How many days do I have to send in an expense claim?",
)


def page(folder: Path) -> float:
    """Seconds from the start of the app to its first page."""
    began = time.perf_counter()
    with running(folder, quiet()) as app, session(app.address) as tab:
        tab.run()
        return time.perf_counter() - began


def questions(data: Path) -> dict[str, float]:
    """In this process: seconds of the first question after a start, of loading, and of later questions."""
    services = open_services(Settings(data_dir=data, model="none"))
    collection = services.store.collections.list(OWNER)[0].id

    def ask(question: str) -> float:
        began = time.perf_counter()
        next(services.conversation.ask(question, CallContext(OWNER, collection), anyway=True))
        return time.perf_counter() - began

    began = time.perf_counter()
    services.warm_up()
    loading = time.perf_counter() - began
    first, *later = [ask(question) for question in QUESTIONS]
    return {"loading": loading, "first": first, "later": statistics.median(later)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(questions(given.measure)))
        return
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        with running(folder, quiet()) as app, session(app.address) as tab:
            tab.run()
            wait_until_read(app)
        rounds = [{"page": page(folder), **_questions_apart(folder / "data")} for _ in range(given.rounds)]
    result = {key: round(statistics.median(one[key] for one in rounds), 3) for key in rounds[0]}
    head = "| seconds, median | start to a page, second time | loading beside the pages | first question after it "
    body = f"{head}| later questions |\n|---|---|---|---|---|\n"
    body += (
        f"| {given.rounds} rounds | {result['page']} | {result['loading']} | {result['first']} | {result['later']} |"
    )
    renew("Starting", f"python bench/starting.py --rounds {given.rounds}", body, result)
    print(json.dumps(result, indent=1))


def _questions_apart(data: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--measure", str(data)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=BENCH.parent)
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
