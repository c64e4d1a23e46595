"""Train the bundled judge and write its weights, rag/models/judges/footnote-judge.npz.

    python bench/train_judge.py ../shared/evaldata [--write] [--without-share-alike]

Trained on the half of each set that is not kept (`bench/judge_data.py`): claims that people judged, and planted errors
(`bench/judge_plants.py`). The network and the trees are fitted in four folds of sources; what they give outside their
fold trains the next stage and calibrates the last. Prints areas under the curve outside the folds, and reliability.
"""

from __future__ import annotations

import argparse
import random
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.judge_data import SHARE_ALIKE, TRAINED, Labelled, read_claims, read_marked
from bench.judge_fitting import FOLDS, balance, fold_of, lowest_right
from bench.judge_network import fit_network, predict
from bench.judge_plants import planted
from rag.models.judges.alignment import Aligned, measures
from rag.models.judges.bundled import BundledJudge
from rag.models.judges.network import Network
from rag.models.judges.signs import signs

Array = npt.NDArray[np.float64]
COPIES: Final = 200
WEIGHTS: Final = Path(__file__).resolve().parents[1] / "rag" / "models" / "judges" / "footnote-judge.npz"
# Chosen by the areas outside the folds, summed over the sets.
TREES: Final[dict[str, Any]] = {
    "max_iter": 150,
    "learning_rate": 0.05,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 15,
    "l2_regularization": 5.0,
    "max_features": 0.3,
}
SEEDS: Final = 2


@dataclass
class Table:
    """The claims to train on, what is measured of them, and how much each counts."""

    claims: list[Labelled]
    aligned: list[Aligned]
    places: list[tuple[tuple[int, int], ...]]
    signs: Array
    right: npt.NDArray[np.bool_]
    weights: Array
    folds: npt.NDArray[np.int64]

    @property
    def judged(self) -> npt.NDArray[np.bool_]:
        """Whether people judged it."""
        return np.array([claim.set in TRAINED for claim in self.claims])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--without-share-alike", action="store_true", help="neither WiCE nor texts of Wikipedia")
    chosen = parser.parse_args()
    table = gathered(chosen.folder, share_alike=not chosen.without_share_alike)
    outside = np.zeros(len(table.claims))
    for fold in range(FOLDS):
        there = np.flatnonzero(table.folds == fold)
        network = fit_network(table, np.flatnonzero(table.folds != fold), fold)
        outside[there] = predict(network, [table.aligned[i] for i in there])
    rows = np.column_stack([table.signs, [measures(one) for one in table.aligned], outside])
    scores = in_folds(table, rows)
    slope, constant = calibrated(table, scores)
    probabilities = 1 / (1 + np.exp(-(slope * scores + constant)))
    judged = table.judged
    people = [claim for claim, one in zip(table.claims, judged, strict=True) if one]
    supported = lowest_right(people, probabilities[judged])
    report(table, outside, scores, slope, constant)
    network = fit_network(table, np.arange(len(table.claims)), FOLDS)
    arrays: dict[str, Any] = {f"network_{name}": array for name, array in network.items()}
    arrays |= {f"trees_{name}": array for name, array in forest(table, rows).items()}
    words = words_threshold(chosen.folder, Network(network))
    arrays |= {"slope": slope, "constant": constant, "supported": supported, "words": words}
    print("supported from", round(float(supported), 4), "words below", words)
    if chosen.write:
        np.savez_compressed(WEIGHTS, allow_pickle=False, **arrays)


def gathered(folder: Path, *, share_alike: bool) -> Table:
    sets = [name for name in TRAINED if share_alike or name not in SHARE_ALIKE]
    claims = [claim for name in sets for claim in read_claims(folder / name) if claim.part != "kept"]
    claims += planted(folder, COPIES if share_alike else 0, random.Random(0))
    claims = [claim for claim in claims if share_alike or claim.set not in SHARE_ALIKE]
    judge, kept, aligned, places = BundledJudge(), [], [], []
    for first in range(0, len(claims), 64):
        batch = claims[first : first + 64]
        found = judge.aligned([(claim.claim, claim.evidence) for claim in batch])
        for claim, (one, tokens) in zip(batch, found, strict=True):
            if one is not None:
                kept.append(claim)
                aligned.append(one)
                places.append(tokens.places)
    return Table(
        kept,
        aligned,
        places,
        np.array([signs(claim.claim, claim.evidence) for claim in kept], float),
        np.array([claim.right for claim in kept]),
        balance(kept),
        np.array([fold_of(claim) for claim in kept]),
    )


def in_folds(table: Table, rows: Array) -> Array:
    """The score of each claim by trees that saw nothing of its source."""
    found = np.zeros(len(rows))
    for fold in range(FOLDS):
        train, there = table.folds != fold, table.folds == fold
        found[there] = np.mean([tree.decision_function(rows[there]) for tree in fit_trees(table, rows, train)], axis=0)
    return found


def fit_trees(table: Table, rows: Array, use: npt.NDArray[np.bool_]) -> list[Any]:
    return [
        HistGradientBoostingClassifier(random_state=seed, **TREES).fit(
            rows[use], table.right[use], sample_weight=table.weights[use]
        )
        for seed in range(SEEDS)
    ]


def calibrated(table: Table, scores: Array) -> tuple[float, float]:
    """Platt's slope and constant, on what people judged, true and false of a set counting the same."""
    use = table.judged
    fitted = LogisticRegression(C=1e6).fit(scores[use, None], table.right[use], sample_weight=table.weights[use])
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def forest(table: Table, rows: Array) -> dict[str, npt.NDArray[Any]]:
    """The trees of all seeds as arrays, each leaf divided by the number of seeds; the baseline is a leaf of its own."""
    models = fit_trees(table, rows, np.ones(len(rows), bool))
    nodes = [tree[0].nodes for model in models for tree in model._predictors]
    size = max(map(len, nodes))
    names = {"feature": "feature_idx", "threshold": "num_threshold", "left": "left", "right": "right", "value": "value"}
    arrays = {name: np.zeros((len(nodes) + 1, size), np.float32) for name in names}
    for i, tree in enumerate(nodes):
        for name, field in names.items():
            arrays[name][i, : len(tree)] = tree[field]
        leaf = tree["is_leaf"].astype(bool)
        arrays["feature"][i, : len(tree)][leaf] = -1
        arrays["value"][i, : len(tree)] = np.where(leaf, tree["value"] / len(models), 0)
    arrays["feature"][-1] = -1
    arrays["value"][-1, 0] = np.mean([float(model._baseline_prediction[0, 0]) for model in models])
    depth = np.asarray(max(int(tree["depth"].max()) for tree in nodes))
    small = {name: arrays[name].astype(np.int16) for name in ("feature", "left", "right")}
    return {**arrays, **small, "depth": depth}


def words_threshold(folder: Path, network: Network) -> float:
    """The token logit below which words are marked: the best F1 on the half of the marked set that is not kept."""
    judge, found = BundledJudge(), []
    for claim in read_marked(folder / "claims_wice_words"):
        ((aligned, tokens),) = judge.aligned([(claim.claim, claim.evidence)])
        if aligned is None or claim.part == "kept":
            continue
        logits = network.tokens(aligned)
        for start, end, flag in claim.words:
            own = [float(x) for x, (a, b) in zip(logits, tokens.places, strict=True) if a < end and start < b]
            found.append((min(own, default=9.0), flag))
    logits, flags = (np.array(column) for column in zip(*found, strict=True))
    steps = np.quantile(logits, np.linspace(0.02, 0.9, 45))
    return float(max(steps, key=lambda at: 2 * (flags & (logits < at)).sum() / (flags.sum() + (logits < at).sum())))


def report(table: Table, network: Array, scores: Array, slope: float, constant: float) -> None:
    sets = np.array([claim.set for claim in table.claims])
    print("| set | claims | network | joined |\n|---|---|---|---|")
    for name in sorted(set(sets)):
        use = sets == name
        areas = [roc_auc_score(table.right[use], values[use]) for values in (network, scores)]
        print(f"| {name} | {use.sum()} | {areas[0]:.3f} | {areas[1]:.3f} |")
    probabilities, weights = 1 / (1 + np.exp(-(slope * scores + constant))), table.weights
    print("\n| probability | claims | right |\n|---|---|---|")
    for low in np.arange(0, 1, 0.1):
        use = table.judged & (probabilities >= low) & (probabilities < low + 0.1 + 1e-9)
        if use.any():
            share = np.average(table.right[use], weights=weights[use])
            print(f"| {low:.1f} to {low + 0.1:.1f} | {use.sum()} | {share:.2f} |")


if __name__ == "__main__":
    main()
