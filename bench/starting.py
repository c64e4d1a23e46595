"""How soon a page and an answer are there after a start: the second start of an app, and the first question after one.

    python bench/starting.py [--rounds 5]
    python bench/starting.py --memory FOLDER      of PDFs: what the app and all its processes hold while it reads them

The page: from starting the process of the app, on a library that is there already, until a browser's first run of the
chat page has ended. The question: from asking to the quotes, in a process that has just loaded what the app loads
beside its pages; before it how long that took, and after it the same for later questions. No model writes. Seconds,
medians over the rounds. Memory is the proportional set size of the whole tree of processes (a page of memory that three
processes share counts a third for each), once the app has read its samples and waited, at most while it reads the
folder's PDFs, and half a minute after. Prints one JSON object and renews its section in bench/results.md.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH.parent))

from bench.folder import pdfs  # noqa: E402
from bench.report import renew  # noqa: E402
from rag.core.call_context import CallContext  # noqa: E402
from rag.core.settings import Settings  # noqa: E402
from rag.library.store import Store  # noqa: E402
from rag.services import open_services  # noqa: E402
from tests.guarantees.apps import OWNER, quiet, running, wait_until_read, wait_until_warm  # noqa: E402
from tests.guarantees.sessions import session  # noqa: E402

QUESTIONS = (
    "How many days of annual leave do I have after six years of service?",
    "What is the daily meal allowance in Zurich?",
    "How long is the probation period?",
    "How many days do I have to send in an expense claim?",
)

_PSS = re.compile(r"^Pss: +(\d+)", re.MULTILINE)
# The reader begins anew when it has been idle for 20 seconds.
_REST = 30


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
    parser.add_argument("--memory", type=Path, help="a folder of PDFs")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(questions(given.measure)))
        return
    if given.memory:
        with tempfile.TemporaryDirectory() as made:
            held = memory(pdfs(given.memory), Path(made))
        renew(
            f"Memory, {given.memory.name}",
            f"python bench/starting.py --memory {given.memory.name}",
            memory_table(held),
            held,
        )
        print(json.dumps(held, indent=1))
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


def tree_memory(pid: int) -> dict[str, float]:
    """Megabytes of a process and of those below it, by what they are."""
    held: dict[str, float] = {}
    process = psutil.Process(pid)
    for each in [process, *process.children(recursive=True)]:
        with suppress(psutil.Error, OSError):
            called = "app" if each.pid == pid else each.cmdline()[-1].rpartition(".")[2]
            size = next(map(int, _PSS.findall(Path(f"/proc/{each.pid}/smaps_rollup").read_text("utf-8"))))
            held[called] = held.get(called, 0) + size / 1000
    return held


def memory(files: list[Path], folder: Path) -> dict[str, Any]:
    """Megabytes at the start, at the peak of reading the files, and when that is over; and the seconds of reading."""
    with running(folder, quiet()) as app, session(app.address) as tab:
        tab.run()
        wait_until_read(app)
        wait_until_warm(app.pid)
        time.sleep(_REST)
        start, peak = tree_memory(app.pid), dict[str, float]()
        store = Store.open(app.data)
        collection, began = store.collections.list(OWNER)[0].id, time.monotonic()
        jobs = [store.jobs.enqueue(OWNER, collection, file.name, "file", file.read_bytes()).id for file in files]
        while store.jobs.unfinished(jobs):
            peak = max(peak, tree_memory(app.pid), key=lambda one: sum(one.values()))
            time.sleep(0.5)
        seconds = time.monotonic() - began
        time.sleep(_REST)
        return {"seconds": seconds, "start": start, "peak": peak, "after": tree_memory(app.pid)}


def memory_table(result: dict[str, Any]) -> str:
    times = ("start", "peak", "after")
    names = sorted({name for when in times for name in result[when]})
    rows = [f"| {n} | " + " | ".join(f"{result[when].get(n, 0):.0f}" for when in times) + " |" for n in names]
    rows.append("| all | " + " | ".join(f"{sum(result[when].values()):.0f}" for when in times) + " |")
    head = "| MB | at the start | at the peak of reading | half a minute after |\n|---|---|---|---|"
    return "\n".join([f"Reading took {result['seconds']:.0f} s.", "", head, *rows])


def _questions_apart(data: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--measure", str(data)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=BENCH.parent)
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
