"""How good are search, quotes, gate and verdicts? Every question set of a folder, as Markdown tables.

python bench/quality.py ../shared/evaldata > tables.md
python bench/quality.py ../shared/evaldata --limit 200 --model smollm2-135m-instruct --sets squad counterfactual
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rag.core.settings import Settings
from rag.evaluation import evaluate
from rag.services import open_services

SETS = (
    "squad",
    "pdf_pages",
    "conversational_mtrag_human",
    "conversational_mtrag_un",
    "conversational_inscit",
    "chinese_cmrc2018",
    "chinese_xquad",
    "chinese_news_rgb",
    "counterfactual",
    "clapnq",
    "conflicts_ramdocs",
)
SEARCH = (
    "recall@1",
    "recall@4",
    "recall@5",
    "recall@10",
    "answer_in_quotes@1",
    "answer_in_quotes@3",
    "gold_sentence@3",
    "shown_all",
    "one_alone",
    "quote_characters",
)
GATE = (
    "refused_out_of_corpus",
    "wrongly_refused",
    "refused_follow_ups",
    "wrongly_refused_follow_ups",
    "gate_auc_out_of_corpus",
    "gate_auc_near_miss",
)
WRITTEN = ("exact_match", "f1", "supported_share", "supported_right", "right_supported")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--model", default="none")
    parser.add_argument("--sets", nargs="+", default=SETS)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = open_services(Settings(data_dir=Path(folder), model=chosen.model, samples=False))
        results = {}
        for name in chosen.sets:
            results[name] = evaluate(
                chosen.folder / name,
                made.ingest_into,
                limit=chosen.limit,
                writer=made.writer,
                reranker=made.reranker,
                reader=made.answer_scorer,
            )
            print(name, "done", file=sys.stderr)
    for title, keys in (("Search and quotes", SEARCH), ("Gate", GATE), ("Written answers", WRITTEN)):
        print(table(title, keys, results))


def table(title: str, keys: tuple[str, ...], results: dict[str, dict[str, Any]]) -> str:
    """One row a set, one column a measure; a measure that no set gives has no column."""
    shown = [key for key in keys if any(result.get(key) is not None for result in results.values())]
    lines = [f"\n### {title}\n", "| set | questions | " + " | ".join(shown) + " |", "|---|---|" + "---|" * len(shown)]
    for name, result in results.items():
        if any(result.get(key) is not None for key in shown):
            cells = " | ".join(cell(result, key) for key in shown)
            lines.append(f"| {name} | {result['questions']} | {cells} |")
    return "\n".join(lines) if shown else ""


def cell(result: dict[str, Any], key: str) -> str:
    if result.get(key) is None:
        return "–"
    if f"{key}_interval" not in result:
        return f"{result[key]:.0f}"
    low, high = result[f"{key}_interval"]
    return f"{result[key]:.3f} ({low:.2f}–{high:.2f})"


if __name__ == "__main__":
    main()
