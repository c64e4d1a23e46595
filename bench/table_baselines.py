"""The tables that other readers find in PDFs, as JSON; run by bench/tables.py in the environment of these packages.

    bench/var/tables/bin/python bench/table_baselines.py READER PDF …

Prints {file name: [[page, [[row, column, words], …]], …]} and the processor time it took.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

Cells = list[list[Any]]


def pdfplumber_tables(file: Path, **settings: str) -> Iterator[tuple[int, Cells]]:
    import pdfplumber

    with pdfplumber.open(file) as document:
        for number, page in enumerate(document.pages, 1):
            for table in page.extract_tables(settings):
                yield number, [[r, c, words or ""] for r, row in enumerate(table) for c, words in enumerate(row)]


def camelot_tables(file: Path, flavor: str) -> Iterator[tuple[int, Cells]]:
    import camelot

    for table in camelot.read_pdf(str(file), pages="all", flavor=flavor, suppress_stdout=True):
        rows = table.df.values.tolist()
        yield table.page, [[r, c, str(words)] for r, row in enumerate(rows) for c, words in enumerate(row)]


READERS: dict[str, Callable[[Path], Iterator[tuple[int, Cells]]]] = {
    "pdfplumber lines": lambda file: pdfplumber_tables(file),
    "pdfplumber text": lambda file: pdfplumber_tables(file, vertical_strategy="text", horizontal_strategy="text"),
    "camelot lattice": lambda file: camelot_tables(file, "lattice"),
    "camelot stream": lambda file: camelot_tables(file, "stream"),
    "camelot network": lambda file: camelot_tables(file, "network"),
}


def main() -> None:
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    read = READERS[sys.argv[1]]
    started = time.process_time()
    found: dict[str, list[tuple[int, Cells]]] = {}
    for name in sys.argv[2:]:
        try:
            found[name] = list(read(Path(name)))
        except Exception as fault:  # noqa: BLE001 - what one reader cannot read counts as not found
            print(f"{name}: {fault!r}"[:200], file=sys.stderr)
            found[name] = []
    print(json.dumps({"found": found, "seconds": time.process_time() - started}))


if __name__ == "__main__":
    main()
