"""One row for each judge and set of judged claims, on the half that nothing was fitted on; writes bench/verdicts.md.

    python bench/verdicts.py ../shared/evaldata [--judges footnote-judge NAME …] [--models FOLDER] [--limit N]
    python bench/verdicts.py ../shared/evaldata --calibrate NAME --models FOLDER

`--calibrate` fits what a judge's logits mean on the other half, and writes rag/models/catalogue/facts/NAME.toml.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from sklearn.linear_model import LogisticRegression

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.judge_data import SETS, TRAINED, Labelled, part_of
from bench.judge_data import read_claims as read_labelled
from bench.judge_fitting import balance, lowest_right
from bench.report import renew
from rag.evaluation.claims import Claim, measures, read_claims, words_f1
from rag.models.judges import BUNDLED_JUDGE, Judge, Judgement, open_judge

MARKED: Final = "claims_wice_words"
REPORT: Final = Path(__file__).with_name("verdicts.md")
FACTS: Final = Path(__file__).resolve().parents[1] / "rag" / "models" / "catalogue" / "facts"
COLUMNS: Final = ("auc", "balanced_accuracy", "supported", "supported_right", "true_supported", "false_unmarked")
HEAD: Final = """\
Each set's half that nothing was fitted on (by the hash of the source text; `bench/judge_data.py`), claims alone: no
question, no search, the sentences of the whole context as evidence. *Supported* is what the judge shows as such,
*right* the share of it that people call borne out, *true supported* and *false unmarked* the shares of all true and all
false claims that are. Intervals are 95 %, by resampling. Trained on: {trained};
the others measure only.

"""
_TITLES: Final = "judge set claims AUC balanced_accuracy supported right true_supported false_unmarked words_F1"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--judges", nargs="*", default=[BUNDLED_JUDGE])
    parser.add_argument("--models", type=Path, nargs="*", default=[])
    parser.add_argument("--sets", nargs="*", default=[*SETS, MARKED])
    parser.add_argument("--limit", type=int, default=None, help="claims of each half")
    parser.add_argument("--calibrate", metavar="NAME")
    chosen = parser.parse_args()
    if chosen.calibrate:
        calibrate(open_judge(chosen.calibrate, chosen.models), chosen.folder)
        return
    rows = []
    for name in chosen.judges:
        judge = open_judge(name, chosen.models)
        for set_ in chosen.sets:
            rows.append(row(judge, chosen.folder / set_, chosen.limit))
            print(rows[-1], flush=True)
    command = "python bench/verdicts.py ../shared/evaldata" + (f" --limit {chosen.limit}" if chosen.limit else "")
    trained = ", ".join(name.removeprefix("claims_") for name in TRAINED)
    titles = [title.replace("_", " ") for title in _TITLES.split()]
    rows = ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles), *rows]
    body = HEAD.format(trained=trained) + "\n".join(rows)
    renew("Judges on claims that people judged", command, body, file=REPORT)


def row(judge: Judge, folder: Path, limit: int | None) -> str:
    claims = [claim for claim in read_claims(folder) if part_of(claim.source) == "kept"][:limit]
    judged = judged_by(judge, claims)
    report = measures(claims, judged, judge.supported)
    words = words_f1(claims, judged)
    cells = [judge.name, folder.name.removeprefix("claims_"), str(len(claims))]
    cells += [shown(report, column) for column in COLUMNS]
    return "| " + " | ".join([*cells, "–" if words is None else f"{words:.3f}"]) + " |"


def judged_by(judge: Judge, claims: Sequence[Claim]) -> list[Judgement]:
    found: list[Judgement] = []
    for first in range(0, len(claims), 32):
        found += judge.judge([(claim.text, claim.evidence) for claim in claims[first : first + 32]])
    return found


def shown(report: dict[str, Any], name: str) -> str:
    if report[name] is None:
        return "–"
    interval = report.get(f"{name}_interval")
    return f"{report[name]:.3f}" + (f" ({interval[0]:.2f}–{interval[1]:.2f})" if interval else "")


def calibrate(judge: Judge, folder: Path) -> None:
    """Platt's slope and constant, and the probability from which 95 of 100 are right, as the bundled judge's are."""
    claims: list[Labelled] = [c for name in TRAINED for c in read_labelled(folder / name) if c.part != "kept"]
    judged = judge.judge([(claim.claim, claim.evidence) for claim in claims])
    found = np.clip([one.probability for one in judged], 1e-6, 1 - 1e-6)
    logits = np.log(found / (1 - found))
    right = np.array([claim.right for claim in claims])
    fitted = LogisticRegression(C=1e6).fit(logits[:, None], right, sample_weight=balance(claims))
    supported = lowest_right(claims, fitted.predict_proba(logits[:, None])[:, 1])
    lines = [
        "# What the logits of this judge of claims mean.",
        f'command = "python bench/verdicts.py ../shared/evaldata --calibrate {judge.name} --models FOLDER"',
        f"sets = {list(TRAINED)}".replace("'", '"'),
        "",
        "[judge]",
        f"slope = {fitted.coef_[0, 0]:.4f}",
        f"constant = {fitted.intercept_[0]:.4f}",
        f"supported = {supported:.4f}",
    ]
    (FACTS / f"{judge.name}.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
