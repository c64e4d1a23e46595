"""How well our boxes fit the quoted words, measured against the word boxes of poppler's pdftotext.

    python bench/boxes.py [FOLDER of PDFs] [--quotes 200] [--seed 7] [--show FOLDER]

Two figures per quote: `words`, the words that our boxes cover against the words that were quoted
(intersection over union), and `area`, the same for the covered area, the spaces within a line counted
as part of it. Prints one JSON object. A quote whose words poppler has neither in its own order nor row by
row cannot be compared; it is counted apart and another one drawn.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import subprocess
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import numpy as np
import pypdfium2

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rag.core.text import script_of, sentences
from rag.ingestion.loading.pdf import LOCK, read_page, upright_text
from rag.viewing.highlighting import Picture, page_picture

SCALE = 2.0
LONGEST = {True: 120, False: 300}  # characters of a quote, Chinese or not
_PAGE = re.compile(r"<page [^>]*>(.*?)</page>", re.DOTALL)
_WORD = re.compile(r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">(.*?)</word>')
Rectangle = tuple[float, float, float, float]


@dataclass(frozen=True)
class Result:
    """What one quote gave."""

    file: str
    page: int
    start: int
    end: int
    words: float
    area: float


def squeezed(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).lower() if letter.isalnum())


def page_text(data: bytes, number: int) -> str:
    with LOCK:
        document = pypdfium2.PdfDocument(data)
        with upright_text(document[number - 1]) as textpage:
            text, _ = read_page(textpage)
        document.close()
    return text


def poppler_words(path: Path, number: int) -> list[tuple[Rectangle, str]]:
    """Words with their boxes in points from the top left corner of the page as it is seen."""
    command = ["pdftotext", "-bbox", "-cropbox", "-f", str(number), "-l", str(number), str(path), "-"]
    html = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout.decode("utf-8", "replace")
    page = _PAGE.search(html)
    if page is None:
        return []
    return [
        ((float(left), float(top), float(right), float(bottom)), unescape(text))
        for left, top, right, bottom, text in _WORD.findall(page[1])
    ]


def quoted(words: Sequence[tuple[Rectangle, str]], page: str, start: int, end: int) -> list[int] | None:
    """Which of poppler's words are the quote's, in poppler's own order or, for table rows, in that of the lines."""
    own = list(range(len(words)))
    return _under(words, own, page, start, end) or _under(words, in_rows(words), page, start, end)


def _under(
    words: Sequence[tuple[Rectangle, str]], order: Sequence[int], page: str, start: int, end: int
) -> list[int] | None:
    """The words that lie under the quote's letters, of several places those nearest to its place."""
    letters = [squeezed(words[i][1]) for i in order]
    owner = [i for i, word in zip(order, letters, strict=True) for _ in word]
    whole, wanted = "".join(letters), squeezed(page[start:end])
    if not wanted:
        return None
    before = len(squeezed(page[:start]))
    places = [match.start() for match in re.finditer(f"(?={re.escape(wanted)})", whole)]
    if not places:
        return None
    place = min(places, key=lambda at: abs(at - before))
    return list(dict.fromkeys(owner[place : place + len(wanted)]))


def in_rows(words: Sequence[tuple[Rectangle, str]]) -> list[int]:
    """The words row by row over the whole width, where poppler reads a table column by column."""
    rows: list[list[int]] = []
    for i in sorted(range(len(words)), key=lambda i: words[i][0][1] + words[i][0][3]):
        middle = (words[i][0][1] + words[i][0][3]) / 2
        if rows and words[rows[-1][0]][0][1] <= middle <= words[rows[-1][0]][0][3]:
            rows[-1].append(i)
        else:
            rows.append([i])
    return [i for row in rows for i in sorted(row, key=lambda i: words[i][0][0])]


def lines_of(boxes: Sequence[Rectangle]) -> list[Rectangle]:
    """Neighbouring words of a line as one box, as a pen would mark them."""
    lines: list[Rectangle] = []
    for box in boxes:
        if lines and _same_line(lines[-1], box):
            last = lines[-1]
            box = (min(last[0], box[0]), min(last[1], box[1]), max(last[2], box[2]), max(last[3], box[3]))
            lines[-1] = box
        else:
            lines.append(box)
    return lines


def _same_line(a: Rectangle, b: Rectangle) -> bool:
    for along, across in ((0, 1), (1, 0)):
        height = min(a[across + 2] - a[across], b[across + 2] - b[across])
        overlap = min(a[across + 2], b[across + 2]) - max(a[across], b[across])
        gap = max(a[along], b[along]) - min(a[along + 2], b[along + 2])
        if overlap >= 0.8 * height and gap <= height and (along == 0 or a[3] - a[1] > 2 * (a[2] - a[0])):
            return True
    return False


def mask(boxes: Sequence[Rectangle], size: tuple[float, float]) -> np.ndarray:
    """The covered half points of a page."""
    covered = np.zeros((int(size[1] * SCALE) + 1, int(size[0] * SCALE) + 1), dtype=bool)
    for left, top, right, bottom in boxes:
        x1, y1, x2, y2 = (max(0, round(value * SCALE)) for value in (left, top, right, bottom))
        covered[y1:y2, x1:x2] = True
    return covered


def union_share(first: np.ndarray, second: np.ndarray) -> float:
    either = np.logical_or(first, second).sum()
    return float(np.logical_and(first, second).sum() / either) if either else 0.0


def compare(picture: Picture, words: Sequence[tuple[Rectangle, str]], gold: Sequence[int]) -> tuple[float, float]:
    """Intersection over union by words and by area. The picture has SCALE pixels a point."""
    size = picture.width / SCALE, picture.height / SCALE
    ours = [(box.left / SCALE, box.top / SCALE, box.right / SCALE, box.bottom / SCALE) for box in picture.boxes]
    covered = mask(ours, size)
    marked = set()
    for i, (box, _) in enumerate(words):
        inside = mask([box], size)
        if inside.any() and covered[inside].mean() >= 0.5:
            marked.add(i)
    # Signs without letters belong to no side: the two readers part words at them differently.
    marked = {i for i in marked if squeezed(words[i][1])}
    by_words = len(marked & set(gold)) / len(marked | set(gold))
    return by_words, union_share(covered, mask(lines_of([words[i][0] for i in gold]), size))


def quotes_of(text: str) -> list[tuple[int, int]]:
    """Sentences of a fair length, as a quote has."""
    return [
        (start, end)
        for start, end in sentences(text)
        if 12 <= end - start <= LONGEST[script_of(text[start:end]) == "cjk"] and len(squeezed(text[start:end])) > 8
    ]


def measure(
    path: Path, number: int, spans: Sequence[tuple[int, int]], show: Path | None = None
) -> Iterator[Result | None]:
    """One result for each span of a page; None where poppler has its words in another order."""
    data = path.read_bytes()
    text = page_text(data, number)
    words = poppler_words(path, number)
    for start, end in spans:
        gold = quoted(words, text, start, end)
        if gold is None:
            yield None
            continue
        picture = page_picture(data, number, [(start, end)], scale=SCALE)
        by_words, by_area = compare(picture, words, gold)
        if show is not None:
            (show / f"{path.stem}-{number}-{start}-{by_words:.2f}-{by_area:.2f}.png").write_bytes(picture.data)
        yield Result(path.name, number, start, end, round(by_words, 3), round(by_area, 3))


def random_quotes(folder: Path, seed: int) -> Iterator[tuple[Path, int, list[tuple[int, int]]]]:
    """Random sentences of random pages of random PDFs, the same for the same seed, without end."""
    chance = random.Random(seed)
    sizes = {}
    for path in sorted(folder.glob("*.pdf")):
        document = pypdfium2.PdfDocument(path)
        sizes[path] = len(document)
        document.close()
    while True:
        path = chance.choice(list(sizes))
        number = chance.randint(1, sizes[path])
        spans = quotes_of(page_text(path.read_bytes(), number))
        if spans:
            yield path, number, [chance.choice(spans)]


def run(folder: Path, count: int, seed: int, show: Path | None = None) -> list[Result | None]:
    """What so many quotes gave, and None for each besides that could not be compared."""
    results: list[Result | None] = []
    quotes = random_quotes(folder, seed)
    while len(results) - results.count(None) < count:
        results += measure(*next(quotes), show)
    return results


def figures(results: Sequence[Result | None]) -> dict[str, object]:
    """Means, the share of quotes above a mark, the worst ones."""
    found = [result for result in results if result]
    words, area, count = [result.words for result in found], [result.area for result in found], len(found)
    return {
        "quotes": count,
        "not_comparable": results.count(None),
        "words": round(statistics.mean(words), 4),
        "area": round(statistics.mean(area), 4),
        "words_above_0.95": round(sum(value >= 0.95 for value in words) / count, 4),
        "area_above_0.8": round(sum(value >= 0.8 for value in area) / count, 4),
        "worst": [vars(result) for result in sorted(found, key=lambda result: result.words + result.area)[:8]],
    }


def main() -> None:
    default = Path(__file__).resolve().parents[2] / "shared" / "evaldata" / "pdf_pages" / "pdfs"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=default)
    parser.add_argument("--quotes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--show", type=Path, help="write each picture here")
    given = parser.parse_args()
    if given.show:
        given.show.mkdir(parents=True, exist_ok=True)
    print(json.dumps(figures(run(given.folder, given.quotes, given.seed, given.show)), indent=1))


if __name__ == "__main__":
    main()
