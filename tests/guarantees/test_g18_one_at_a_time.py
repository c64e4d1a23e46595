"""G18. One generation at a time: 20 questions at once from 2 processes, never two in flight, no crosstalk."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

from rag.core.call_context import CallContext
from rag.core.types import GenerationProgress
from tests.guarantees.models import about, bundled, secret_of

APPS, QUESTIONS = 2, 10
# Messages of two workers reach two readers by different ways.
_SLACK = 0.25


def ask_all(first: int, turn_file: Path) -> list[dict[str, object]]:
    """One app: ten threads ask at once. Each tells its answer, and from when to when it was written."""
    model = bundled(turn_file=turn_file, queue_limit=QUESTIONS)
    answers: list[dict[str, object]] = []

    def one(number: int) -> None:
        began: list[float] = []

        def hear(told: GenerationProgress) -> None:
            if told.stage == "reading" and told.of and not began:
                began.append(time.monotonic())

        text = "".join(model.write(about(number), max_tokens=16, context=CallContext(on_progress=hear)))
        answers.append({"number": number, "text": text, "from": began[0], "to": time.monotonic()})

    threads = [threading.Thread(target=one, args=(first + n,)) for n in range(QUESTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    model.close()
    return answers


def test_twenty_questions_from_two_processes(tmp_path: Path) -> None:
    turn_file = tmp_path / "model.turn"
    apps = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.guarantees.test_g18_one_at_a_time", str(n * QUESTIONS), str(turn_file)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(APPS)
    ]
    told = [answer for app in apps for answer in json.loads(app.communicate(timeout=300)[0])]
    assert [app.returncode for app in apps] == [0] * APPS
    assert sorted(answer["number"] for answer in told) == list(range(APPS * QUESTIONS))
    for answer in told:
        strange = [secret_of(n) for n in range(APPS * QUESTIONS) if n != answer["number"]]
        assert not [code for code in strange if code in answer["text"]]
    spans = sorted((answer["from"], answer["to"]) for answer in told)
    overlaps = [after[0] - before[1] for before, after in pairwise(spans) if after[0] < before[1]]
    assert all(overlap > -_SLACK for overlap in overlaps), overlaps
    print(f"G18: {len(told)} answers from {APPS} processes, none at the same time, no crosstalk, no crash")


if __name__ == "__main__":
    print(json.dumps(ask_all(int(sys.argv[1]), Path(sys.argv[2]))))
