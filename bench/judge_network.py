"""The judge's network in torch, to train it; `rag/models/judges/network.py` runs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from rag.models.judges.alignment import Aligned
from rag.models.judges.network import Network

if TYPE_CHECKING:
    from bench.train_judge import Table

_PROJECTED: Final = 48
_HIDDEN: Final = 48
_DROPPED: Final = 0.3
_EPOCHS: Final = 5
_BATCH: Final = 64
_RATE: Final = 2e-3
_DECAY: Final = 0.02
# What the planted words count beside the claims, and the true words beside the false ones.
_WORDS: Final = 0.3
_TRUE_WORDS: Final = 0.4


class Trained(nn.Module):
    def __init__(self, size: int, scalars: int) -> None:
        super().__init__()
        self.project = nn.Linear(size, _PROJECTED, bias=False)
        self.hidden = nn.Linear(4 * _PROJECTED + scalars, _HIDDEN)
        self.out = nn.Linear(_HIDDEN, 1)
        self.sharp = nn.Parameter(torch.ones(1))
        self.pool = nn.Linear(2, 1)
        self.drop = nn.Dropout(_DROPPED)
        with torch.no_grad():
            self.pool.weight[:] = torch.tensor([[0.5, 1.0]])
            self.pool.bias.zero_()

    def forward(self, batch: Sequence[Aligned]) -> tuple[torch.Tensor, torch.Tensor]:
        """The logits of the claims, and of all their tokens in a row."""
        mine, theirs, scalars = (
            torch.from_numpy(np.concatenate([getattr(one, name) for one in batch]))
            for name in ("vectors", "nearest", "scalars")
        )
        place = torch.repeat_interleave(torch.arange(len(batch)), torch.tensor([len(one.vectors) for one in batch]))
        a, b = self.project(mine), self.project(theirs)
        rows = self.drop(torch.cat([a, b, (a - b).abs(), a * b, scalars], dim=1))
        tokens = self.out(self.drop(torch.relu(self.hidden(rows)))).squeeze(-1)
        number, zeros = torch.bincount(place).float(), torch.zeros(len(batch))
        lowest = zeros.scatter_reduce(0, place, tokens, "amin", include_self=False)
        sharp = self.sharp.clamp(0.2, 5)
        spread = zeros.index_add(0, place, torch.exp(-sharp * (tokens - lowest[place]))) / number
        pooled = torch.stack([lowest - spread.log() / sharp, zeros.index_add(0, place, tokens) / number], dim=1)
        return self.pool(pooled).squeeze(-1), tokens

    def arrays(self) -> dict[str, npt.NDArray[np.float32]]:
        """As `Network` reads them."""
        state: Mapping[str, torch.Tensor] = self.state_dict()
        found = {
            name.removesuffix(".weight").replace(".bias", "_bias"): value.numpy().astype(np.float32)
            for name, value in state.items()
        }
        return found | {"pool": found["pool"][0], "sharp": np.clip(found["sharp"], 0.2, 5)}


def fit_network(table: Table, use: npt.NDArray[np.int64], seed: int) -> dict[str, npt.NDArray[np.float32]]:
    torch.manual_seed(seed)
    chance = np.random.default_rng(seed)
    first = table.aligned[0]
    model = Trained(first.vectors.shape[1], first.scalars.shape[1])
    steps = _EPOCHS * -(-len(use) // _BATCH)
    optimizer = torch.optim.AdamW(model.parameters(), lr=_RATE, weight_decay=_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps, pct_start=0.15)
    model.train()
    for _ in range(_EPOCHS):
        order = chance.permutation(use)
        for at in range(0, len(order), _BATCH):
            loss = _loss(model, table, order[at : at + _BATCH])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    return model.eval().arrays()


def predict(network: Mapping[str, npt.NDArray[Any]], aligned: Sequence[Aligned]) -> list[float]:
    run = Network(network)
    return [run.claim(run.tokens(one)) for one in aligned]


def _loss(model: Trained, table: Table, batch: npt.NDArray[np.int64]) -> torch.Tensor:
    claims, tokens = model([table.aligned[i] for i in batch])
    right = torch.tensor(table.right[batch], dtype=torch.float32)
    weights = torch.tensor(table.weights[batch], dtype=torch.float32)
    each = nn.functional.binary_cross_entropy_with_logits
    loss = (each(claims, right, reduction="none") * weights).mean()
    labels = torch.from_numpy(np.concatenate([_words(table, int(i)) for i in batch]))
    known = ~labels.isnan()
    if known.any():
        told = each(tokens[known], labels[known], pos_weight=torch.tensor(_TRUE_WORDS))
        loss = loss + _WORDS * told
    return loss


def _words(table: Table, i: int) -> npt.NDArray[np.float32]:
    """Of each token of a planted claim whether it is true; NaN where that is not known."""
    claim, places = table.claims[i], table.places[i]
    if claim.kind == "" and claim.right and not table.judged[i]:
        return np.ones(len(places), np.float32)
    if not claim.gold or claim.kind in ("", "negation") or table.judged[i]:
        return np.full(len(places), np.nan, np.float32)
    start = claim.claim.find(claim.gold[0])
    end = start + len(claim.gold[0])
    return np.array([0.0 if a < end and start < b else 1.0 for a, b in places], np.float32)
