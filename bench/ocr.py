"""How many characters in a hundred does text recognition get wrong, and how long does a page take?

    python bench/ocr.py                                             pages of our own, English and Chinese
    python bench/ocr.py ../shared/evaldata/parsing_reference/files  PDFs of others too, made pictures first

What is right is the text of the PDF itself; letters and figures are compared in order (edit distance), signs and spaces
are not. Pages of our own are drawn clean, skewed by 2 degrees, grainy, as a poor JPEG and at 6 points. Files of others
are split in two by hash. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pypdfium2 as pdfium
from PIL import Image
from rapidfuzz.distance import Levenshtein
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfgen.canvas import Canvas

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rag.core.errors import UnreadableDocument
from rag.core.text import letters
from rag.ingestion.loading import Ocr, load_bytes
from rag.ingestion.loading.pdf import LOCK

ROOT = Path(__file__).resolve().parent.parent
DPI = 200
SOURCES = {"English": ("handbook.md", "Times-Roman", 90), "Chinese": ("notice-zh.md", "STSong-Light", 38)}
LINES = 34


def jpeg(page: Image.Image) -> Image.Image:
    out = io.BytesIO()
    page.save(out, "JPEG", quality=15)
    return Image.open(out).convert("L")


def grainy(page: Image.Image) -> Image.Image:
    return Image.blend(page, Image.effect_noise(page.size, 90), 0.35)


WAYS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "clean": lambda page: page,
    "skewed": lambda page: page.rotate(2, Image.Resampling.BICUBIC, expand=True, fillcolor="white"),
    "grainy": grainy,
    "poor JPEG": jpeg,
    "6 points": lambda page: page,
}


def own_page(language: str, size: float) -> bytes:
    """A page of the sample sources as a PDF."""
    name, font, wide = SOURCES[language]
    registerFont(UnicodeCIDFont("STSong-Light"))
    text = " ".join((ROOT / "data" / "sources" / name).read_text(encoding="utf-8").split())
    text = "".join(sign for sign in text if sign.isalnum() or sign in " .,;:()%-。，、；：（）")
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1)
    canvas.setFont(font, size)
    for number in range(LINES):
        canvas.drawString(56, 770 - 1.6 * size * number, text[number * wide : (number + 1) * wide])
    canvas.save()
    return out.getvalue()


def pictures(data: bytes) -> list[Image.Image]:
    with LOCK, closing(pdfium.PdfDocument(data)) as document:
        return [page.render(scale=DPI / 72).to_pil().convert("L").copy() for page in document]


def wrong(data: bytes, change: Callable[[Image.Image], Image.Image], name: str) -> Iterator[tuple[int, int, float]]:
    """Of each page with text the characters wrong, those there are, and the seconds it took."""
    own = load_bytes(data, name, ocr=Ocr("never")).pages
    for page, picture in zip(own, pictures(data), strict=True):
        right = letters(page.text)[0]
        if not right:
            continue
        out = io.BytesIO()
        change(picture).save(out, "PNG")
        began = time.perf_counter()
        try:
            seen = letters(load_bytes(out.getvalue(), "page.png").pages[0].text)[0]
        except UnreadableDocument:
            seen = ""
        yield Levenshtein.distance(right, seen), len(right), time.perf_counter() - began


def figures(found: list[tuple[int, int, float]]) -> dict[str, float]:
    characters = sum(there for _, there, _ in found)
    return {
        "pages": len(found),
        "wrong_in_a_hundred": round(100 * sum(bad for bad, _, _ in found) / max(1, characters), 2),
        "median_seconds": round(statistics.median(seconds for _, _, seconds in found), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    asked = parser.parse_args()
    result: dict[str, object] = {}
    for language in SOURCES:
        for way, change in WAYS.items():
            data = own_page(language, 6 if way == "6 points" else 11)
            result[f"{language}, {way}"] = figures(list(wrong(data, change, "own.pdf")))
    halves: dict[str, list[tuple[int, int, float]]] = {"seen": [], "kept": []}
    for file in sorted(asked.folder.glob("*.pdf")) if asked.folder else []:
        data = file.read_bytes()
        half = "kept" if hashlib.sha256(data).digest()[0] % 2 else "seen"
        try:
            halves[half] += wrong(data, WAYS["clean"], file.name)
        except UnreadableDocument as error:
            print(f"{file.name}: {error.key()}", file=sys.stderr)
    result |= {half: figures(found) for half, found in halves.items() if found}
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
