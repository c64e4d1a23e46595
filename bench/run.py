"""How long it takes, beside the baseline: both by turns in one run, so that a busy machine slows both.

    python bench/run.py [FOLDER] [--rounds 3] [--questions 2] [--threads 1] [--plain] [--model FILE.gguf]
                        [--before CHECKOUT]

What is timed: reading (parse, split, embed) all PDFs of the folder; from the question to the quotes on
the screen; from the question to the first word that the model writes, for questions, for the same question
asked again, and for follow-ups. Medians over the rounds, and ours as a share of the baseline's; the question
asked again is set against the baseline's question. Both write with the same model (the bundled one, or FILE)
and embed with the same one. `--before` sets ours against an earlier version of it, a checkout of its own, in place of
the baseline. Prints one JSON object and renews its section in bench/results.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH.parent))

from bench.folder import SAMPLES, pdfs, questions_of  # noqa: E402
from bench.report import renew  # noqa: E402

OWNER = "bench"
FOLLOW_UP = "Can you say more about that?"
BASELINE_PYTHON = BENCH / "var" / "venv" / "bin" / "python"
SEGMENTATION_FAULT = -11
MEASURES = {
    "reading": "reading all PDFs",
    "quotes": "question to quotes",
    "first_word": "question to first word",
    "again_first_word": "the same question again to first word",
    "follow_up_first_word": "follow-up to first word",
}


def measure_ours(
    folder: Path, questions: Sequence[str], threads: int, tokens: int, model: Path | None
) -> dict[str, Any]:
    """One round of ours in this process: a new library, and each question, again, and with its follow-up."""
    from rag.core.settings import Settings
    from rag.core.types import Turn
    from rag.services import open_services

    with tempfile.TemporaryDirectory() as data:
        settings = Settings(data_dir=Path(data), samples=False, threads=threads, answer_tokens=tokens)
        services = open_services(settings.model_copy(update={"model": str(model.resolve())}) if model else settings)
        collection = services.store.collections.create(OWNER, "bench")
        services.embedder.embed_query("ready")
        started = time.perf_counter()
        read_as_uploaded(services, collection.id, pdfs(folder))
        result: dict[str, Any] = {"reading": time.perf_counter() - started, "asked": []}
        # The model is in memory before the clock runs.
        assert services.writer is not None
        services.writer.model.invoke("Hello")
        for question in questions:
            history: list[Turn] = []
            for kind, text in (("question", question), ("again", question), ("follow_up", FOLLOW_UP)):
                times, answer = timed(services.conversation, text, collection.id, history)
                result["asked"].append({"kind": kind, "outcome": answer.outcome, **times})
                # Asked again it is the first question of a new chat.
                history = [Turn("t", text, answer, "")] if kind == "again" else []
    return result


def read_as_uploaded(services: Any, collection: str, files: Sequence[Path]) -> None:
    """By the app's reader, from the queue."""
    from tests.support.reading import reading

    jobs = services.store.jobs
    for file in files:
        jobs.enqueue(OWNER, collection, file.name, "file", file.read_bytes())
    with reading(services.ingest):
        while jobs.unfinished():
            time.sleep(0.02)
    assert {job.state for job in jobs.list(OWNER, collection)} == {"done"}


def timed(conversation: Any, text: str, collection: str, history: Sequence[Any]) -> tuple[dict[str, float | None], Any]:
    """When the quotes and when the first written word were there; the whole answer."""
    from rag.core.call_context import CallContext

    started = time.perf_counter()
    times: dict[str, float | None] = {"quotes": None, "first_word": None}
    answer = None
    for answer in conversation.ask(text, CallContext(OWNER, collection), history=history, anyway=True):
        now = time.perf_counter() - started
        times["quotes"] = times["quotes"] or now
        if answer.text and times["first_word"] is None:
            times["first_word"] = now
    return times, answer


def child(command: Sequence[str]) -> dict[str, Any] | None:
    """What a measuring process prints; None where it ended in a segmentation fault."""
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=env, cwd=BENCH.parent)
    if done.returncode == SEGMENTATION_FAULT:
        return None
    done.check_returncode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def round_of(given: argparse.Namespace) -> dict[str, dict[str, list[float]]]:
    """Ours, then the baseline: the times of each measure."""
    shared = [str(given.folder), "--threads", str(given.threads), "--tokens", str(given.tokens)]
    shared += ["--model", str(given.model)] if given.model else []
    mine = child([sys.executable, __file__, *shared, "--questions", str(given.questions), "--measure"])
    if given.before:
        script = str(given.before.resolve() / "bench" / "run.py")
        other = child([sys.executable, script, *shared, "--questions", str(given.questions), "--measure"])
    else:
        command = [str(BASELINE_PYTHON), str(BENCH / "baseline.py"), *shared, "--ask", str(given.questions)]
        other = child([*command, *(["--plain"] if given.plain else [])])
    if mine is None or other is None:
        raise SystemExit("llama.cpp ended with a segmentation fault: try --plain")
    return {"ours": times_of(mine), "baseline": times_of(other)}


def times_of(result: dict[str, Any]) -> dict[str, list[float]]:
    """The same five lists from either side. The baseline shows its sources with the answer, so it has no quotes."""
    asked = result["asked"] if "asked" in result else [_as_ours(one) for one in result.get("ask", ())]
    reading = result["reading"] if "reading" in result else result["parse_s"] + result["embed_s"]
    first = {
        kind: [one["first_word"] for one in asked if one["kind"] == kind and one["first_word"]]
        for kind in ("question", "again", "follow_up")
    }
    return {
        "reading": [reading],
        "quotes": [one["quotes"] for one in asked if one.get("quotes") and one["kind"] != "again"],
        "first_word": first["question"],
        "again_first_word": first["again"] or first["question"],
        "follow_up_first_word": first["follow_up"],
    }


def _as_ours(one: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "follow_up" if one["follow_up"] else "question", "first_word": one["first_word_s"]}


def summary(rounds: Sequence[dict[str, dict[str, list[float]]]]) -> dict[str, Any]:
    """Medians of each measure, ours and the baseline's, and ours as a share of it."""
    result: dict[str, Any] = {}
    for measure in MEASURES:
        medians: dict[str, float | None] = {}
        for side in ("ours", "baseline"):
            values = [value for one in rounds for value in one[side][measure]]
            medians[side] = round(statistics.median(values), 3) if values else None
            medians[f"{side}_from"], medians[f"{side}_to"] = (min(values), max(values)) if values else (None, None)
        ours, theirs = medians["ours"], medians["baseline"]
        ratio = round(ours / theirs, 3) if ours is not None and theirs else None
        result[measure] = {**medians, "ratio": ratio}
    # The baseline shows nothing before its first word: that is what our quotes are to be compared with.
    first = result["first_word"]["baseline"]
    result["quotes"]["to_baseline_first_word"] = round(result["quotes"]["ours"] / first, 4) if first else None
    return result


def table(result: dict[str, Any], other: str) -> str:
    lines = [f"| seconds, median (least–most) | ours | {other} | ratio |", "|---|---|---|---|"]
    for key, name in MEASURES.items():
        found = result[key]
        if found["ours"] is not None:
            ours, theirs = (_span(found, side) for side in ("ours", "baseline"))
            lines.append(f"| {name} | {ours} | {theirs} | {found['ratio'] or '–'} |")
    if other == "baseline" and (share := result["quotes"]["to_baseline_first_word"]):
        lines += ["", f"The baseline shows nothing before its first word; our quotes stand after {share} of that time."]
    return "\n".join(lines)


def _span(found: dict[str, Any], side: str) -> str:
    return f"{found[side]} ({found[f'{side}_from']:.3g}–{found[f'{side}_to']:.3g})" if found[side] else "–"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=SAMPLES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--questions", type=int, default=2, help="0: reading alone")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=48, help="the most that either writes for one answer")
    parser.add_argument("--model", type=Path, help="a GGUF file that both write with; default: the bundled one")
    parser.add_argument("--before", type=Path, metavar="CHECKOUT", help="an earlier version in place of the baseline")
    parser.add_argument("--plain", action="store_true", help="for machines on which the baseline's llama.cpp crashes")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        questions = [record["question"] for record in questions_of(given.folder, given.questions)]
        print(json.dumps(measure_ours(given.folder, questions, given.threads, given.tokens, given.model)))
        return
    result = summary([round_of(given) for _ in range(given.rounds)])
    folder = given.folder.name if given.folder.resolve() != SAMPLES else ""
    command = f"python bench/run.py {folder} --rounds {given.rounds} --questions {given.questions}"
    command += f" --threads {given.threads} --tokens {given.tokens}"
    command += f" --model {given.model.name}" if given.model else ""
    command += " --plain" if given.plain else ""
    command += f" --before {given.before.name}" if given.before else ""
    before = "beside the version before" if given.before else ""
    title = ", ".join(filter(None, ["Seconds", folder, given.model and given.model.stem, before]))
    renew(title, " ".join(command.split()), table(result, "before" if before else "baseline"), result)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
