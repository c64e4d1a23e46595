"""How well cells of PDF tables are found: ours beside pdfplumber and camelot, in one run on the same files.

    python bench/tables.py [SET]

SET holds PDFs and for each a file `-str.xml` with its cells, as the table competition of ICDAR 2013 has them. The
others run in an environment of their own: python -m venv bench/var/tables, and there
pip install -r bench/requirements-tables.txt. Prints one JSON object and renews the table in bench/results.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH.parent))

from bench.report import renew  # noqa: E402
from bench.table_baselines import READERS  # noqa: E402
from rag.core.tables import Cell  # noqa: E402
from rag.evaluation.cell_relations import Found, Tables, compared, structure_files, summed, tables_there  # noqa: E402
from rag.ingestion.loading.pdf import read_pdf  # noqa: E402

PYTHON = BENCH / "var" / "tables" / "bin" / "python"


def ours(files: Sequence[Path]) -> tuple[dict[Path, Tables], float]:
    started = time.process_time()
    found: dict[Path, Tables] = {}
    for file in files:
        pages = read_pdf(file.read_bytes(), file.name).pages
        found[file] = {page.number: [table.cells for table in page.tables] for page in pages if page.tables}
    return found, time.process_time() - started


def theirs(reader: str, files: Sequence[Path]) -> tuple[dict[Path, Tables], float]:
    command = [str(PYTHON), str(BENCH / "table_baselines.py"), reader, *map(str, files)]
    result = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    found: dict[Path, Tables] = {}
    for name, tables in result["found"].items():
        pages: dict[int, list[list[Cell]]] = {}
        for page, cells in tables:
            pages.setdefault(page, []).append([Cell(row, column, words) for row, column, words in cells])
        found[Path(name)] = pages
    return found, float(result["seconds"])


def half(file: Path) -> int:
    """Of two parts the one that a document is in: the rules were made on the first alone."""
    return int(hashlib.sha256(file.stem.rstrip("ab").encode()).hexdigest(), 16) % 2


def measured(files: Sequence[tuple[Path, Path]], found: Mapping[Path, Tables], seconds: float) -> dict[str, Any]:
    counts: list[tuple[Path, Found]] = [
        (pdf, compared(pdf.stem, found.get(pdf, {}), tables_there(structure))) for pdf, structure in files
    ]
    result = summed([one for _, one in counts]) | {"seconds": round(seconds, 2)}
    for part in (0, 1):
        held = [one for pdf, one in counts if half(pdf) == part]
        if held:
            of_part = summed(held)
            result[f"half {part}"] = of_part["cell_f1"]
            result[f"half {part} interval"] = of_part["cell_f1_interval"]
    return result


def table(result: Mapping[str, Mapping[str, Any]]) -> str:
    keys = ("cell_f1", "cell_f1_interval", "half 0", "half 1", "cell_precision", "cell_recall", "seconds")
    lines = [
        f"{result['ours']['documents']} PDFs; `cell_f1` is pooled, its interval by resampling documents. Half 0 is what"
        " the rules were made on. Seconds are processor time, in ours the reading of all text included.",
        "",
        f"| | {' | '.join(keys)} |",
        f"|---{'|---' * len(keys)}|",
        *(f"| {name} | {' | '.join(str(values[key]) for key in keys)} |" for name, values in result.items()),
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shared = BENCH.parents[1] / "shared" / "evaldata" / "tables_icdar2013"
    parser.add_argument("set", type=Path, nargs="?", default=shared)
    given = parser.parse_args()
    files = structure_files(given.set)
    if not files or not PYTHON.exists():
        raise SystemExit(f"{given.set} holds no PDF with its cells, or {PYTHON} is not there: see above")
    pdfs = [pdf for pdf, _ in files]
    result = {"ours": measured(files, *ours(pdfs))}
    for reader in READERS:
        result[reader] = measured(files, *theirs(reader, pdfs))
    renew("Cells of PDF tables", f"python bench/tables.py {given.set.name}", table(result), result)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
