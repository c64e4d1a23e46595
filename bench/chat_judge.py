"""Does a chat model know better what documents say than the bundled judge? Calibrates it for a second look.

    python bench/chat_judge.py FILE.gguf [--write]

The claims are those of `bench/everyday_claims/` (`a` to `d`) and the sentences of `bench/written_answers/`, whose
"mixed" ones count as false. Of what the bundled judge finds supported, and no exact check has decided, the model is
asked whether the text says so, as it is asked about its own answers. Everything is chosen on the fitted part: the
folders `a`, `b` and `c`, and the two thirds of the written answers; figures are printed for both parts.

`--write`: into `rag/models/catalogue/facts/NAME.toml`, by the file's name.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from bench import everyday_claims
from bench.written_answers import answers
from rag.answering.verification import verify
from rag.core.call_context import ANONYMOUS
from rag.core.types import Quote
from rag.models.catalogue import JudgeCalibration
from rag.models.judges import Judgement, open_judge
from rag.models.judges.chat import ChatJudge
from rag.models.judges.protocol import Pair
from rag.models.llms.llama_cpp import ChatLlamaCpp
from rag.models.llms.process import ModelProcess

FACTS: Final = Path(__file__).resolve().parents[1] / "rag/models/catalogue/facts"
FITTED: Final = ("a", "b", "c")
UNSEEN: Final = ("d",)
# Of the true claims that were supported, the share that has to stay so on the fitted part.
KEPT_TRUE: Final = 0.95
STEPS: Final = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)


@dataclass(frozen=True)
class Asked:
    """A claim that the bundled judge supports: its set, whether it is so, and the model's log-odds of "Yes"."""

    where: str
    fitted: bool
    true: bool
    logit: float


class Records(ChatJudge):
    """Keeps the log-odds of what it is asked first, and confirms everything."""

    logit: float | None = None

    def judge(self, pairs: Sequence[Pair]) -> list[Judgement]:
        found = super().judge(pairs)
        if found and self.logit is None:
            self.logit = math.log(found[0].probability / (1 - found[0].probability))
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="a GGUF file")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_args()
    process = ModelProcess(chosen.model, chosen.model.stem, threads=chosen.threads)
    try:
        found = list(asked(ChatLlamaCpp.over(process)))
    finally:
        process.close()
    for where in dict.fromkeys(one.where for one in found):
        report(where, [one for one in found if one.where == where])
    fitted, rest = ([one for one in found if one.fitted == part] for part in (True, False))
    report("fitted", fitted)
    report("not fitted", rest)
    table = calibration(fitted)
    print(table)
    if chosen.write:
        (FACTS / f"{chosen.model.stem}.toml").write_text(f"{HEAD}\n{table}\n", encoding="utf-8")


HEAD: Final = f"""# What a chat model's "Yes" means, asked whether a text says a claim that the bundled judge supports.
command = "python bench/chat_judge.py FILE.gguf --write"
sets = ["everyday claims {", ".join(FITTED)}", "written answers, two thirds"]
"""


def asked(model: ChatLlamaCpp) -> Iterator[Asked]:
    judge, calibration = open_judge(), JudgeCalibration(1.0, 0.0, 0.0, ("en", "zh", "de"))
    for where, fitted, true, text, question, said in claims():
        second = Records(model, calibration, ANONYMOUS)
        verify(text, question, [], said, judge=judge, second=second)
        if second.logit is not None:
            yield Asked(where, fitted, true, second.logit)


def claims() -> Iterator[tuple[str, bool, bool, str, str, list[Quote]]]:
    """Set, whether fitted, whether true, the claim, the question, what the documents say."""
    for name in (*FITTED, *UNSEEN):
        said = everyday_claims.said_in(everyday_claims.FOLDER / name)
        for label, claim in everyday_claims.labelled(everyday_claims.FOLDER / name):
            yield name, name in FITTED, label == "true", claim, "", said
    for record, said in answers():
        for sentence in record["sentences"]:
            where = "written, kept" if record["kept"] else "written"
            yield where, not record["kept"], sentence["label"] == "true", sentence["text"], record["question"], said


def report(where: str, found: Sequence[Asked]) -> None:
    truth, logits = [one.true for one in found], [one.logit for one in found]
    auc = f"{roc_auc_score(truth, logits):.3f}" if len(set(truth)) == 2 else "–"
    print(f"{where}: {sum(truth)} true, {len(found) - sum(truth)} false; area under the curve {auc}")
    for step in STEPS:
        kept = [one.true for one in found if one.logit >= step]
        print(f"    {step:.2f} or more: {sum(kept)} true, {len(kept) - sum(kept)} false")


def calibration(found: Sequence[Asked]) -> str:
    """The table `[judge]`: Platt's scaling, and the probability above which the true ones stay supported."""
    truth, logits = np.asarray([one.true for one in found]), np.asarray([one.logit for one in found])
    fit = LogisticRegression(C=1e6).fit(logits[:, None], truth)
    slope, constant = float(fit.coef_[0, 0]), float(fit.intercept_[0])
    least = float(np.quantile(logits[truth], 1 - KEPT_TRUE))
    supported = JudgeCalibration(slope, constant).probability(least)
    fields = {"slope": slope, "constant": constant, "supported": supported}
    return "[judge]\n" + "\n".join(f"{k} = {v:.3f}" for k, v in fields.items()) + '\nlanguages = ["en", "de", "zh"]'


if __name__ == "__main__":
    main()
