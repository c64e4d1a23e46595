"""Numbers asked of sheets and tables: are the rows right, is what is computed right, is nothing computed without rows?

    python bench/sheets.py [--half 0|1] [--show]
    python bench/sheets.py --tatqa SET [--half 0|1] [--show]

Without a set: forty questions of our own over eight invented sheets (bench/sheet_files.py), all in one library beside
the samples. With TAT-QA: its `arithmetic` and `count` questions, each asked of the document it belongs to. Halves are
by the hash of the sheet or the table: what reads questions was made on half 0. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH.parent))

from bench.sheet_files import SheetFile, sheet_files  # noqa: E402
from bench.sheet_questions import QUESTIONS, Asked  # noqa: E402
from rag.core.call_context import CallContext  # noqa: E402
from rag.core.settings import Settings  # noqa: E402
from rag.core.types import Answer  # noqa: E402
from rag.evaluation.table_rows import CONTEXTS, page  # noqa: E402
from rag.ingestion.pipeline import read_file  # noqa: E402
from rag.library import samples  # noqa: E402
from rag.services import Services, open_services  # noqa: E402

OWNER: Final = "bench"
_FIGURE: Final = re.compile(r"\d[\d,]*(?:\.\d+)?")
# Rounded as people write it.
_NEAR: Final = 0.006


def half(source: str) -> int:
    return int(hashlib.sha256(source.encode()).hexdigest(), 16) % 2


def open_library(folder: Path) -> Services:
    return open_services(Settings(data_dir=folder, model="none"))


def rate(found: Sequence[bool]) -> float | None:
    return round(sum(found) / len(found), 4) if found else None


def sheet_report(part: int | None, show: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="sheets-") as folder:
        services = open_library(Path(folder))
        store = services.store
        collection = store.collections.create(OWNER, "sheets")
        files = {one.name: one for one in sheet_files()}
        for name, made in files.items():
            read_file(services.ingest, OWNER, collection.id, made.data(), name)
        for file in samples.sample_files():
            read_file(services.ingest, OWNER, collection.id, file.read_bytes(), file.name)
        rows, values, bare, unclear = list[bool](), list[bool](), 0, list[bool]()
        asked = [one for one in QUESTIONS if part is None or half(one.file) == part]
        for one in asked:
            *_, answer = services.conversation.ask(one.question, CallContext(OWNER, collection.id))
            right_rows, right_value = judged(one, files[one.file], answer)
            if one.says:
                unclear.append(right_value)
            else:
                rows.append(right_rows)
                values.append(right_value)
            bare += answer.computed is not None and (not answer.quotes or answer.computed.rows < 1)
            if show and not (right_rows and right_value):
                print(
                    one.question,
                    "|",
                    answer.text or [n.key for n in answer.notices],
                    "|",
                    answer.outcome,
                    file=sys.stderr,
                )
        store.close()
    return {
        "questions": len(asked), "rows_right": rate(rows), "computed_right": rate(values),
        "asked_back_right": rate(unclear),
        "computed_without_rows": bare,
    }  # fmt: skip


def judged(one: Asked, file: SheetFile, answer: Answer) -> tuple[bool, bool]:
    """Whether the rows are those that answer, and the value is right."""
    if one.says:
        right = answer.computed is None and any(notice.key == one.says for notice in answer.notices)
        return right, right
    wanted = one.rows(file.records)
    shown = [quote.text for quote in answer.quotes if quote.name == file.name]
    computed = answer.computed
    right_rows = computed is not None and computed.rows == len(wanted) == len(shown)
    right_rows = right_rows and all(any(_holds(text, record) for text in shown) for record in wanted)
    if computed is None:
        return False, False
    value = one.value(wanted)
    if isinstance(value, dict):
        groups = {name: number for name, number, _ in computed.groups}
        single = len(computed.groups) == 1
        wanted_groups = value if not single else {k: v for k, v in value.items() if v == max(value.values())}
        return right_rows, groups.keys() == wanted_groups.keys() and all(
            _near(groups[k], v) for k, v in wanted_groups.items()
        )
    if isinstance(value, datetime.date):
        return right_rows, str(value) in computed.shown
    return right_rows, computed.value is not None and _near(computed.value, float(value))


def _holds(text: str, record: Mapping[str, Any]) -> bool:
    """Whether a row shows all words of a record; its numbers may be written in several ways."""
    words = [str(value) for value in record.values() if isinstance(value, str)]
    figures = text.replace(",", "").replace(".", "")
    numbers = [f"{v:.2f}".replace(".", "").rstrip("0") for v in record.values() if isinstance(v, int | float)]
    return all(word in text for word in words) and all(number in figures for number in numbers)


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= max(_NEAR, 1e-6 * abs(other))


@dataclass
class Found:
    """What became of the questions of TAT-QA so far."""

    rows: list[bool] = field(default_factory=list)
    rows_of_computed: list[bool] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    asked_back: int = 0

    def add(self, record: Mapping[str, Any], table: Mapping[str, Any], answer: Answer, show: bool) -> None:
        held = holds_derivation(record, table, answer)
        if held is not None:
            self.rows.append(held)
        if answer.computed is None:
            self.asked_back += any(notice.key.startswith("computed_") for notice in answer.notices)
            return
        self.right.append(is_answer(record, answer))
        if held is not None:
            self.rows_of_computed.append(held)
        if show and not self.right[-1]:
            print(record["question"], "|", record["answer"], record["derivation"], "|", answer.text, file=sys.stderr)


def tatqa_report(directory: Path, part: int | None, show: bool) -> dict[str, Any]:
    contexts = {one["id"]: one for one in _records(directory / CONTEXTS) if part is None or half(one["id"]) == part}
    every = (one for one in _records(directory / "questions.jsonl") if one["answer_type"] in ("arithmetic", "count"))
    questions = [one for one in every if one["context"] in contexts]
    found = Found()
    with tempfile.TemporaryDirectory(prefix="tatqa-") as folder:
        services = open_library(Path(folder))
        collection = services.store.collections.create(OWNER, "tatqa")
        ids = {
            key: read_file(services.ingest, OWNER, collection.id, page(record).encode(), f"{key}.html").id
            for key, record in contexts.items()
        }
        for record in questions:
            context = CallContext(OWNER, collection.id, (ids[record["context"]],))
            *_, answer = services.conversation.ask(record["question"], context)
            found.add(record, contexts[record["context"]], answer, show)
        services.store.close()
    return {
        "questions": len(questions),
        "rows_in_quotes": rate(found.rows),
        "computed": len(found.right),
        "computed_share": round(len(found.right) / len(questions), 4),
        "computed_right": rate(found.right),
        "rows_of_computed": rate(found.rows_of_computed),
        "asked_back": found.asked_back,
    }


def holds_derivation(record: Mapping[str, Any], context: Mapping[str, Any], answer: Answer) -> bool | None:
    """Whether a quote shows each figure of the derivation that stands in the table; None where none does."""
    cells = {figure for row in context["table"] for cell in row for figure in _FIGURE.findall(cell)}
    wanted = set(_FIGURE.findall(str(record["derivation"]))) & cells
    if record["answer_type"] == "count":
        years = set(str(record["derivation"]).split("##"))
        wanted = set()
        return any(quote.head and all(year in quote.head for year in years) for quote in answer.quotes) or None
    shown = {figure for quote in answer.quotes for figure in _FIGURE.findall(f"{quote.head} {quote.text}")}
    return wanted <= shown if wanted else None


def is_answer(record: Mapping[str, Any], answer: Answer) -> bool:
    assert answer.computed is not None
    value, wanted = answer.computed.value, record["answer"]
    if value is None:
        return False
    try:
        number = float(str(wanted[0] if isinstance(wanted, list) else wanted).replace(",", ""))
    except ValueError:
        return False
    # A share may be written as a ratio.
    return any(abs(each - number) <= max(0.0051, 1e-4 * abs(number)) for each in (value, value / 100))


def _records(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tatqa", type=Path)
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument("--show", action="store_true", help="print what is wrong")
    given = parser.parse_args()
    report = tatqa_report(given.tatqa, given.half, given.show) if given.tatqa else sheet_report(given.half, given.show)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
