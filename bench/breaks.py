"""How many of the empty lines that reading puts into the text of PDFs stand inside a sentence?

python bench/breaks.py ../shared/evaldata
python bench/breaks.py ../shared/evaldata --half kept

`breaks.tsv` names places: a file by its hash, a page, pdfium's index of the last character before a break, and whether
a sentence or list item goes on there or ends. It was labelled by reading every empty line that two versions of the
reader put on pages drawn by chance. A break is false where the text goes on; one is missed where the text ends and no
empty line stands; one that was not labelled, on these pages, is told apart. Files are split in two by hash; the reader
is tuned on `seen` alone.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections import defaultdict
from collections.abc import Iterator
from math import sqrt
from pathlib import Path

import pypdfium2 as pdfium

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rag.ingestion.loading.pdf import LOCK, read_page, upright_text
from rag.ingestion.loading.pdf_forms import open_page, prepare

LABELS = Path(__file__).with_name("breaks.tsv")
HALVES = ("seen", "kept")
# For each page of a file, by the hash of it: whether the text goes on behind characters.
Labels = dict[str, dict[int, dict[int, bool]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--half", choices=HALVES)
    parser.add_argument("--show", action="store_true", help="print the false breaks of the half that may be seen")
    chosen = parser.parse_args()
    print("| half | labelled | breaks | false | share (95 %) | missed of those that end | not labelled |")
    print("|---|---|---|---|---|---|---|")
    for half in HALVES if chosen.half is None else (chosen.half,):
        print(row(half, chosen.folder, show=chosen.show and half == "seen"))


def row(half: str, folder: Path, *, show: bool) -> str:
    labelled = false = right = missed = unknown = 0
    for path, pages in files(half, folder):
        for number, labels in pages.items():
            found = breaks(path, number)
            labelled += len(labels)
            false += sum(labels.get(index, False) for index in found)
            right += sum(not labels.get(index, True) for index in found)
            missed += sum(not goes_on and index not in found for index, goes_on in labels.items())
            unknown += sum(index not in labels for index in found)
            for index in found if show else ():
                if labels.get(index):
                    print(f"false: {path.name} page {number}: {found[index]!r}", file=sys.stderr)
    low, high = bootstrap_interval(false, false + right)
    share = f"{false / max(1, false + right):.3f} ({low:.3f}–{high:.3f})"
    return f"| {half} | {labelled} | {false + right} | {false} | {share} | {missed} of {missed + right} | {unknown} |"


def half_of(sha: str) -> str:
    return HALVES[int(hashlib.sha256(sha.encode()).hexdigest(), 16) % 2]


def files(half: str, folder: Path) -> Iterator[tuple[Path, dict[int, dict[int, bool]]]]:
    """The labelled files of one half with the labels of their pages."""
    labels = read_labels()
    seen: set[str] = set()
    for path in sorted(folder.rglob("*.pdf")):
        sha = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        if sha in labels and sha not in seen and half_of(sha) == half:
            seen.add(sha)
            yield path, labels[sha]


def read_labels() -> Labels:
    found: Labels = defaultdict(lambda: defaultdict(dict))
    for line in LABELS.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            sha, _, page, index, label = line.split("\t")
            found[sha][int(page)][int(index)] = label == "goes_on"
    return found


def breaks(path: Path, number: int) -> dict[int, str]:
    """The empty lines of a page: pdfium's index of the last character before each, and what stands around it."""
    with LOCK:
        document = pdfium.PdfDocument(path)
        prepare(document)
        with open_page(document, number - 1) as (page, fields), upright_text(page) as textpage:
            text, indices = read_page(textpage, fields)
        document.close()
    found = {}
    at = text.find("\n\n")
    while at >= 0:
        before = next((indices[i] for i in range(at - 1, max(-1, at - 7), -1) if indices[i] >= 0), -1)
        if before >= 0:
            found[before] = text[max(0, at - 40) : at + 40]
        at = text.find("\n\n", at + 2)
    return found


def bootstrap_interval(hits: int, tries: int) -> tuple[float, float]:
    """Wilson's interval of a share."""
    if not tries:
        return 0.0, 1.0
    share, z = hits / tries, 1.96
    middle = (share + z * z / (2 * tries)) / (1 + z * z / tries)
    spread = z * sqrt(share * (1 - share) / tries + z * z / (4 * tries * tries)) / (1 + z * z / tries)
    return max(0.0, middle - spread), min(1.0, middle + spread)


if __name__ == "__main__":
    main()
