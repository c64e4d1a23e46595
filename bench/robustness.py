"""Takes every file of a folder through upload and ingest, as the documents page does, and counts what becomes of it.

    python bench/robustness.py PDFS [OFFICE] [--write]

PDFS and OFFICE are folders with `manifest.jsonl` and `files/`; a line of the manifest names a `file`, the
`password` that opens it, and what it was `picked_for`. A PDF from which pypdf or pypdfium2 by itself reads
text has to end `ready` and to be found by its own words; any other has to be refused with a sentence. Exits
with 1 where one falls short. `--write` puts the counts into robustness.md.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pypdfium2
from pypdf import PdfReader

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rag.answering.retrieval import Retriever
from rag.core.call_context import CallContext
from rag.core.errors import PasswordNeeded, RagError
from rag.core.settings import Settings
from rag.core.text import words
from rag.core.types import Failure
from rag.ingestion.loading.pdf import LOCK
from rag.ingestion.pipeline import read_file
from rag.services import NO_MODEL, open_services
from rag.ui.texts import LANGUAGES, Texts
from tests.support.reading import reading

OWNER = "local"
MOST_SECONDS = 30.0
MOST_ASKED = 200  # characters of a document's own words
LONGEST_WORD = 100
REPORT = Path(__file__).with_suffix(".md")
FILES = "## Files"


@dataclass(frozen=True)
class Entry:
    """A file to try."""

    path: Path
    category: str
    password: str | None


@dataclass
class Outcome:
    """What became of it: the failure's key or "ready", and what fell short."""

    entry: Entry
    became: str
    seconds: float
    said: str = ""
    faults: list[str] = field(default_factory=list)


class Library:
    """A new library with its reader at work."""

    def __init__(self, folder: Path) -> None:
        self.services = open_services(Settings(data_dir=folder, model=NO_MODEL, samples=False))
        self.collection = self.services.store.collections.create(OWNER, "Files").id
        self._retriever = Retriever(self.services.index, self.services.store.documents, self.services.embedder)

    def take(self, entry: Entry) -> Outcome:
        """Upload a file, wait for its end, and give its password where it asks for one."""
        store, data = self.services.store, entry.path.read_bytes()
        began = time.monotonic()
        job = store.jobs.enqueue(OWNER, self.collection, entry.path.name, "file", data)
        while job.state in ("waiting", "running"):
            time.sleep(0.02)
            job = store.jobs.get(OWNER, job.id)
        failure, document = job.failure, job.document
        if failure and failure.key == PasswordNeeded.key() and entry.password:
            try:
                ingest = self.services.ingest
                document = read_file(ingest, OWNER, self.collection, data, job.name, password=entry.password).id
                failure = None
            except RagError as error:
                failure = error.failure()
        outcome = Outcome(entry, failure.key if failure else "ready", time.monotonic() - began)
        if outcome.seconds > MOST_SECONDS:
            outcome.faults.append(f"took {outcome.seconds:.0f} s")
        if failure:
            outcome.said = Texts("en").failure(failure)
            outcome.faults += _not_a_sentence(failure)
        elif document:
            outcome.faults += self._not_found(document, _text(data, entry) or self._own_text(document))
        return outcome

    def _own_text(self, document: str) -> str:
        return "\n".join(page.text for page in self.services.store.documents.pages(OWNER, document))

    def _not_found(self, document: str, text: str) -> list[str]:
        """Whether the line of its text with the most words leads to the document, or to others that say the same."""
        asked = max(map(_asked, text.splitlines()), key=lambda line: len(line.split()), default="")
        if not asked:
            return []
        near = self._retriever.search(asked, CallContext(OWNER, self.collection)).passages
        alone = self.services.index.search_words(OWNER, self.collection, asked, 1, [document])
        same = [passage for passage in near if asked in " ".join(passage.text.split())]
        if any(passage.document == document for passage in near) or (alone and same):
            return []
        return [f"not found by {asked!r}"]


def _asked(line: str) -> str:
    """A line as somebody would paste it: some words, none of them longer than words are."""
    return " ".join(word for word in line[:MOST_ASKED].split() if words(word) and len(word) < LONGEST_WORD)


def _not_a_sentence(failure: Failure) -> list[str]:
    said = [Texts(language).failure(failure) for language in LANGUAGES]
    if failure.key == "unexpected" or any(text[-1] not in ".。" or "{" in text for text in said):
        return [f"refused without a reason: {failure.key}"]
    return []


def _text(data: bytes, entry: Entry) -> str:
    """What pypdfium2 or pypdf reads in a PDF by itself; nothing where neither does, or it is none."""
    if entry.path.suffix.lower() != ".pdf":
        return ""
    with LOCK:
        try:
            document = pypdfium2.PdfDocument(data, password=entry.password)
            text = "\n".join(page.get_textpage().get_text_range() for page in document)
            if text.strip():
                return text
        except pypdfium2.PdfiumError:
            pass
    read: list[str] = []
    try:
        for page in PdfReader(io.BytesIO(data), password=entry.password).pages:
            read.append(page.extract_text())
    except Exception:  # noqa: BLE001 - pypdf raises anything on such files; what it read before counts
        pass
    return "\n".join(read)


def entries(folder: Path) -> list[Entry]:
    """The files of a folder by its manifest."""
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [
        Entry(folder / "files" / row["file"], row.get("picked_for") or f".{row['ext']}", row.get("password"))
        for row in rows
    ]


def take_all(library: Library, tried: list[Entry]) -> list[Outcome]:
    outcomes = []
    with reading(library.services.ingest):
        for entry in tried:
            outcome = library.take(entry)
            readable = bool(_text(entry.path.read_bytes(), entry).strip())
            if entry.path.suffix.lower() == ".pdf" and readable != (outcome.became == "ready"):
                outcome.faults.append(f"{outcome.became}, though text is {'there' if readable else 'not there'}")
            outcomes.append(outcome)
    return outcomes


def table(outcomes: list[Outcome]) -> str:
    """One row for each category, and what was said of those that were refused."""
    lines = ["| category | files | ready | refused | slowest | fell short |", "|---|---|---|---|---|---|"]
    for category in sorted({outcome.entry.category for outcome in outcomes}):
        some = [outcome for outcome in outcomes if outcome.entry.category == category]
        became = Counter(outcome.became for outcome in some)
        refused = ", ".join(f"{count} {key}" for key, count in became.most_common() if key != "ready") or "–"
        slowest = max(outcome.seconds for outcome in some)
        short = sum(bool(outcome.faults) for outcome in some)
        lines.append(f"| {category} | {len(some)} | {became['ready']} | {refused} | {slowest:.1f} s | {short} |")
    ready = sum(outcome.became == "ready" for outcome in outcomes)
    short = sum(bool(outcome.faults) for outcome in outcomes)
    slowest = max(outcome.seconds for outcome in outcomes)
    total = f"| **all** | {len(outcomes)} | {ready} | {len(outcomes) - ready} | {slowest:.1f} s | {short} |"
    return "\n".join([*lines, total])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, help="folders with manifest.jsonl and files/")
    parser.add_argument("--write", action="store_true", help="put the counts into robustness.md")
    given = parser.parse_args()
    parts, short = [], 0
    for folder in given.folders:
        with tempfile.TemporaryDirectory() as data:
            outcomes = take_all(Library(Path(data)), entries(folder))
        said = {outcome.became: outcome.said.replace(outcome.entry.path.name, "…") for outcome in outcomes}
        reasons = [f"- `{key}`: {text}" for key, text in sorted(said.items()) if text]
        faults = [f"- {o.entry.path.name}: {'; '.join(o.faults)}" for o in outcomes if o.faults]
        parts += [
            f"### {folder.name}",
            table(outcomes),
            "What was said of those that were refused:\n",
            "\n".join(reasons),
        ]
        short += len(faults)
        print("\n\n".join(parts[-4:]), *faults, sep="\n\n")
    if given.write:
        write(FILES, "\n\n".join(parts))
    sys.exit(bool(short))


def write(heading: str, text: str) -> None:
    """Put a part of the report in place of the one that was there."""
    old = REPORT.read_text(encoding="utf-8")
    before, _, after = old.partition(heading)
    intro, _, rest = after.partition("\n### ")
    following = rest.find("\n## ")
    REPORT.write_text(
        before + heading + intro.rstrip() + "\n\n" + text + (rest[following:] if following >= 0 else "") + "\n"
    )


if __name__ == "__main__":
    main()
