"""Figures that the explanations show, cut out of the reports in bench/: those of the last measurement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

_BENCH: Final = Path(__file__).resolve().parents[2] / "bench"
_JUDGE: Final = "footnote-judge"


def filled_in(markdown: str) -> str:
    """The page with its tables of figures in place of their names."""
    for name, made in {"{{ judged }}": _judged, "{{ planted }}": _planted}.items():
        if name in markdown:
            markdown = markdown.replace(name, "\n".join(made()))
    return markdown


def rows(report: str, *heads: str) -> Iterator[dict[str, str]]:
    """The rows of the first table of a report that has these column heads."""
    columns: Sequence[str] = ()
    for line in (_BENCH / report).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split("|")] if line.startswith("|") else []
        if not columns:
            columns = cells if set(heads) <= set(cells) else ()
        elif not cells:
            return
        elif not cells[0].startswith("-"):
            yield dict(zip(columns, cells, strict=True))


def _judged() -> Iterator[str]:
    yield from ("| sentences | number | right | found |", "|---|---|---|---|")
    for row in rows("verdicts.md", "judge", "claims", "right", "true supported"):
        if row["judge"] == _JUDGE and row["true supported"] != "–":
            yield f"| {row['set']} | {row['claims']} | {row['right']} | {row['true supported']} |"


def _planted() -> Iterator[str]:
    yield from (
        "| half | true: supported | true: not | changed: not supported | changed: supported |",
        "|---|---|---|---|---|",
    )
    for row in rows("verdicts.md", "half", "true accused", "planted found"):
        if row["code"].startswith("now"):
            true, changed = (
                (row["true supported"], row["true accused"]),
                (row["planted found"], row["planted supported"]),
            )
            yield f"| {' | '.join((row['half'], *true, *changed))} |"
