"""How much of real web articles is read, and how much besides: `python bench/articles.py FOLDER`.

FOLDER holds `ground_truth.jsonl`, of whose lines each names a `file`, a gzipped page in `files/`, and the
`article_text` that people cut out of it. Told is F1 of the words that what is read shares with that text.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rag.core.errors import UnreadableDocument
from rag.ingestion.loading import load_bytes


def overlap(text: str, truth: str) -> float:
    """F1 of the words that two texts share."""
    ours, theirs = Counter(text.lower().split()), Counter(truth.lower().split())
    return 2 * (ours & theirs).total() / ((ours + theirs).total() or 1)


def scores(folder: Path) -> dict[str, float]:
    """Of each page by its file, 0 where it is not read."""
    found = {}
    for line in (folder / "ground_truth.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        try:
            read = load_bytes(gzip.decompress((folder / "files" / entry["file"]).read_bytes()), "page.html")
        except UnreadableDocument:
            found[entry["file"]] = 0.0
            continue
        found[entry["file"]] = overlap("\n".join(page.text for page in read.pages), entry["article_text"])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    found = scores(parser.parse_args().folder)
    print(f"{len(found)} articles, F1 of words {statistics.mean(found.values()):.3f}")
    for file, score in sorted(found.items(), key=lambda one: one[1])[:5]:
        print(f"  {score:.3f} {file}")


if __name__ == "__main__":
    main()
