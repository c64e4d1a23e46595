"""What a chunk costs on this machine, and from that what 1, 10 and 100 million of them would take.

    python bench/scale.py [FOLDER of PDFs] [--chunks 5000] [--database postgresql+psycopg://…]

Reads the PDFs (in the children that read hostile files too), embeds their chunks with the bundled model, and fills a
library with them and with perturbations of them, as bench/growth.py does. Prints one JSON object and renews its
section in bench/results.md. Times are those of the processor, not of the clock, and without the database's own. Sizes
and times are per chunk and multiplied; what does not grow in proportion stands in docs/scale.md.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH.parent))

from bench.growth import OWNER, Real, add, copies  # noqa: E402
from bench.report import renew  # noqa: E402
from rag.core.settings import Settings  # noqa: E402
from rag.ingestion.chunk_vectors import embedded_text  # noqa: E402
from rag.ingestion.loading import load_bytes  # noqa: E402
from rag.ingestion.splitting import split  # noqa: E402
from rag.services import Services, open_services  # noqa: E402

SIZES = (10**6, 10**7, 10**8)


def costs(folder: Path, chunks: int, data: Path, database: str) -> dict[str, Any]:
    """Seconds of one core and bytes of one chunk, by what they are spent on."""
    settings = Settings(data_dir=data, samples=False, model="none")
    if database:
        settings = Settings(data_dir=data, samples=False, model="none", database_url=database)
    services = open_services(settings)
    embedder = services.embedder
    embedder.embed_query("ready")
    base, reading, embedding, embedded, pages = [], 0.0, 0.0, 0, 0
    for file in sorted(folder.rglob("*.pdf")):
        began = spent()
        loaded = load_bytes(file.read_bytes(), file.name)
        found = split(loaded, count=embedder.count_tokens, size=embedder.max_tokens, overlap=20)
        reading += spent() - began
        began = spent()
        base.append(Real(loaded, found, embedder.embed_passages([embedded_text(chunk) for chunk in found])))
        embedding += spent() - began
        embedded, pages = embedded + len(found), pages + len(loaded.pages)
        if embedded >= chunks / 5:
            break
    before = size_of(services, data)
    collection, held, writing = services.store.collections.create(OWNER, "bench"), 0, 0.0
    for number, real in enumerate(copies(base)):
        if held >= chunks:
            break
        began = spent()
        add(services, collection.id, number, real)
        writing, held = writing + spent() - began, held + len(real.chunks)
    return {
        "embedder": embedder.name,
        "dimension": embedder.dimension,
        "pages_read": pages,
        "chunks_embedded": embedded,
        "chunks_written": held,
        "reading": reading / embedded,
        "embedding": embedding / embedded,
        "writing": writing / held,
        "disk": (size_of(services, data) - before) / held,
        "memory": embedder.dimension * 4 + embedder.dimension / 8,
    }


def spent() -> float:
    """Seconds of processor time of this process and its children: what others do meanwhile does not count."""
    import psutil

    running = [child.cpu_times() for child in psutil.Process().children(recursive=True)]
    theirs: float = sum(child.user + child.system for child in running)
    return sum(os.times()[:4]) + theirs


def size_of(services: Services, data: Path) -> int:
    """Bytes of the library, its originals left out."""
    import sqlalchemy as sa

    with services.store.database.read() as connection:
        if connection.dialect.name == "postgresql":
            return int(connection.execute(sa.text("SELECT pg_database_size(current_database())")).scalar_one())
    return sum(file.stat().st_size for file in data.glob("library.sqlite3*"))


def table(cost: dict[str, Any]) -> str:
    """The costs of one chunk, and of many, in Markdown."""
    hours = [sum(cost[part] for part in ("reading", "embedding", "writing")) * size / 3600 for size in SIZES]
    rows = [
        ("reading and splitting, hours of a core", [cost["reading"] * size / 3600 for size in SIZES]),
        ("embedding, hours of a core", [cost["embedding"] * size / 3600 for size in SIZES]),
        ("writing, hours of a core", [cost["writing"] * size / 3600 for size in SIZES]),
        ("all of it, days of a core", [value / 24 for value in hours]),
        ("disk without the originals, GB", [cost["disk"] * size / 1e9 for size in SIZES]),
        ("vectors and their binary codes in memory, GB", [cost["memory"] * size / 1e9 for size in SIZES]),
    ]
    one = (
        f"{cost['embedder']}, {cost['dimension']} numbers a chunk; {cost['pages_read']} pages read, "
        f"{cost['chunks_embedded']} chunks embedded, {cost['chunks_written']} written. One chunk: "
        f"{1000 * cost['reading']:.1f} ms read, {1000 * cost['embedding']:.1f} ms embedded, "
        f"{1000 * cost['writing']:.2f} ms written, {cost['disk'] / 1000:.1f} kB of disk."
    )
    head = "| | " + " | ".join(f"{size:,} chunks" for size in SIZES) + " |"
    body = [f"| {name} | " + " | ".join(f"{value:,.1f}" for value in values) + " |" for name, values in rows]
    return "\n".join([one, "", head, "|---|---|---|---|", *body])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=BENCH.parent / "data" / "samples")
    parser.add_argument("--chunks", type=int, default=5000)
    parser.add_argument("--database", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        cost = costs(given.folder, given.chunks, Path(made), given.database)
    engine = "PostgreSQL" if given.database else "SQLite"
    renew(f"What a chunk costs, {engine}", f"python bench/scale.py --chunks {given.chunks}", table(cost), cost)
    print(json.dumps(cost, indent=1))


if __name__ == "__main__":
    main()
