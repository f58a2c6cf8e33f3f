"""The model as it is trained. `worker/severity/network.py` computes the same in numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.examples import Example
from training.start import Start
from worker.facts import FACETS
from worker.severity.meanings import EPSILON, ORDERS
from worker.severity.network import VOTE, places

HALF = 0.5
"""Brings what a sentence says to the size that a new layer expects."""
LISTENERS = len(FACETS) + 1
"""One choice of sentences for each facet and one for the Meta dependency."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Several examples, flat: all their pieces in one row, all their sentences in one column."""

    ids: Tensor
    near: Tensor
    """For each piece the places of those around it; outside of its sentence, one past the end."""
    sentence: Tensor
    """For each piece, its sentence."""
    lengths: Tensor
    ticket: Tensor
    """For each sentence, its ticket."""
    places: Tensor
    rows: Tensor
    row_starts: Tensor
    row_weights: Tensor

    @classmethod
    def of(cls, examples: Sequence[Example]) -> Batch:
        """These examples."""
        ids = [found for example in examples for found in example.ids]
        lengths = torch.tensor([len(found) for found in ids])
        counts = [len(example.rows) for example in examples]
        weights = [VOTE / np.sqrt(n + 1.0) for n in counts]
        sizes = torch.tensor([len(example.ids) for example in examples])
        return cls(
            ids=torch.tensor([number for found in ids for number in found]),
            near=_near(lengths),
            sentence=torch.repeat_interleave(torch.arange(len(ids)), lengths),
            lengths=lengths,
            ticket=torch.repeat_interleave(torch.arange(len(examples)), sizes),
            places=torch.tensor(np.concatenate([places(e.sentences) for e in examples])),
            rows=torch.tensor([row for example in examples for row in example.rows]),
            row_starts=torch.tensor(np.cumsum([0, *counts[:-1]])),
            row_weights=torch.tensor(np.repeat(weights, counts), dtype=torch.float32),
        )

    @property
    def tickets(self) -> int:
        """How many tickets these are."""
        return len(self.row_starts)


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What the model says of a batch."""

    facts: dict[str, Tensor]
    """Log-likelihoods by facet."""
    meta: Tensor
    """Logits."""
    severity: Tensor
    """Likelihoods of P1 to P4, as the rubric makes them of the facts."""
    weights: Tensor
    """For each sentence and listener, how much it counted."""


class SeverityNetwork(nn.Module):
    """From pieces to the likelihood of every fact, and through the rubric to a severity."""

    def __init__(self, begin: Start, rubric: Tensor, *, hidden: int, rank: int, votes: int) -> None:
        super().__init__()
        basis, stored = begin.basis, begin.layers
        raw, size = basis.shape
        self.width = stored["b1_2"].shape[0]
        self.register_buffer("rubric", rubric, persistent=False)
        self.pieces = nn.Embedding.from_pretrained(torch.tensor(begin.vectors), freeze=False)
        self.proj_w = _given(np.concatenate([basis.T @ stored[f"proj{n}"] for n in ORDERS], 1))
        self.proj_b = _given(np.concatenate([stored[f"proj_b{n}"] for n in ORDERS]))
        self.norm_w = _given(np.concatenate([stored[f"ln_g{n}"] for n in ORDERS]))
        self.norm_b = _given(np.concatenate([stored[f"ln_b{n}"] for n in ORDERS]))
        thin = [_thin(stored[f"w1_{n}"], rank) for n in ORDERS]
        self.conv_in = nn.ParameterList([_given(first) for first, _ in thin])
        self.conv_out = nn.ParameterList([_given(second) for _, second in thin])
        self.conv_b = nn.ParameterList([_given(stored[f"b1_{n}"]) for n in ORDERS])
        gain, bias, mean = stored["ln_g"], stored["ln_b"], stored["cnn_W"]
        level = float(gain[:raw].mean())
        self.all_w = _given(np.concatenate([np.full(size, level), gain[raw:]]))
        self.all_b = _given(np.concatenate([np.zeros(size), bias[raw:]]))
        own = basis.T @ (gain[:raw, None] * mean[:raw]) / level
        self.mean_w = _given(np.concatenate([own, mean[raw:]]))
        self.mean_b = _given(stored["cnn_b"])
        spoken = len(stored["cnn_b"]) + size + self.width * len(ORDERS)
        self.say = nn.Linear(spoken + places([]).shape[1], hidden)
        self.listen = nn.Linear(3 * hidden, hidden)
        self.attend = nn.Linear(hidden, LISTENERS)
        self.heads = nn.ModuleList([nn.Linear(2 * hidden, len(v)) for v in FACETS.values()])
        self.meta = nn.Linear(2 * hidden, 1)
        self.votes = nn.EmbeddingBag(votes, sum(map(len, FACETS.values())) + 1, mode="sum")
        nn.init.zeros_(self.votes.weight)

    def groups(self) -> tuple[list[nn.Parameter], list[nn.Parameter], list[nn.Parameter]]:
        """What comes from the encoder, what is new, and the votes: each learns at its own pace."""
        new = ("say", "listen", "attend", "heads", "meta.")
        named = dict(self.named_parameters())
        return (
            [p for n, p in named.items() if not n.startswith((*new, "votes"))],
            [p for n, p in named.items() if n.startswith(new)],
            [self.votes.weight],
        )

    def forward(self, batch: Batch, drop: float = 0.0, votes_drop: float = 0.0) -> Answer:
        """Read a batch; while training, these shares are left out here and there."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.training):
            mean, most = self._sentences(batch, drop / 3)
        said = torch.cat([mean.float() * HALF, most.float() * HALF, batch.places], 1)
        said = self._drop(functional.relu(self.say(self._drop(said, drop / 2))), drop)
        loudest = _most(said, batch.ticket, batch.tickets)
        count = torch.bincount(batch.ticket, minlength=batch.tickets)[:, None]
        every = _sum(said, batch.ticket, batch.tickets) / count
        both = torch.cat([said, every[batch.ticket], loudest[batch.ticket]], 1)
        context = self._drop(functional.relu(self.listen(both)), drop)
        weights = _shares(self.attend(context), batch.ticket, batch.tickets)
        votes = self.votes(
            batch.rows,
            batch.row_starts,
            per_sample_weights=self._drop(batch.row_weights, votes_drop),
        )
        facts, start = {}, 0
        for number, (facet, values) in enumerate(FACETS.items()):
            logits = self.heads[number](self._chosen(context, weights, number, loudest, batch))
            facts[facet] = functional.log_softmax(
                logits + votes[:, start : start + len(values)], dim=1
            )
            start += len(values)
        meta = self.meta(self._chosen(context, weights, LISTENERS - 1, loudest, batch))
        return Answer(facts, meta[:, 0] + votes[:, -1], self._by_rubric(facts), weights)

    def _sentences(self, batch: Batch, drop: float) -> tuple[Tensor, Tensor]:
        vectors = self._drop(self.pieces(batch.ids), drop)
        projected = vectors @ self.proj_w + self.proj_b
        parts = [vectors]
        for number, (span, left) in enumerate(ORDERS.items()):
            cut = slice(number * self.width, (number + 1) * self.width)
            normal = _normal(projected[:, cut], self.norm_w[cut], self.norm_b[cut])
            padded = torch.cat([normal, normal.new_zeros(1, self.width)])
            window = padded[batch.near[:, 2 - left : 2 - left + span]].flatten(1)
            spoken = window @ self.conv_in[number] @ self.conv_out[number]
            heard = functional.relu(spoken + self.conv_b[number])
            parts.append(heard + normal)
        features = _normal(torch.cat(parts, 1).float(), self.all_w, self.all_b)
        total = _sum(features, batch.sentence, len(batch.lengths))
        length = batch.lengths[:, None].float()
        mean = (total @ self.mean_w + length * self.mean_b) / torch.sqrt(length)
        return mean, _most(features, batch.sentence, len(batch.lengths), floor=-1e4)

    def _chosen(
        self, context: Tensor, weights: Tensor, listener: int, loudest: Tensor, batch: Batch
    ) -> Tensor:
        heard = weights[:, listener : listener + 1] * context
        return torch.cat([_sum(heard, batch.ticket, batch.tickets), loudest], 1)

    def _by_rubric(self, facts: dict[str, Tensor]) -> Tensor:
        left = self.rubric.expand(next(iter(facts.values())).shape[0], *self.rubric.shape)
        for likely in facts.values():
            left = torch.einsum("nf,nf...->n...", likely.exp(), left)
        return left.clamp(1e-6, 1.0)

    def _drop(self, values: Tensor, share: float) -> Tensor:
        return functional.dropout(values, share, self.training)


def _given(values: np.ndarray) -> nn.Parameter:
    return nn.Parameter(torch.tensor(np.ascontiguousarray(values, np.float32)))


def _thin(weights: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """Two thin matrices whose product is nearest to the weights: less than half the work."""
    left, strength, right = np.linalg.svd(weights, full_matrices=False)
    share = np.sqrt(strength[:rank])
    return left[:, :rank] * share, share[:, None] * right[:rank]


def _near(lengths: Tensor) -> Tensor:
    total = int(lengths.sum())
    around = torch.arange(total)[:, None] + torch.arange(-2, 3)
    first = torch.repeat_interleave(torch.cumsum(lengths, 0) - lengths, lengths)[:, None]
    last = first + torch.repeat_interleave(lengths, lengths)[:, None]
    return torch.where((around >= first) & (around < last), around, total)


def _normal(values: Tensor, gain: Tensor, bias: Tensor) -> Tensor:
    centred = values - values.mean(-1, keepdim=True)
    return centred / torch.sqrt((centred * centred).mean(-1, keepdim=True) + EPSILON) * gain + bias


def _sum(values: Tensor, into: Tensor, count: int) -> Tensor:
    return values.new_zeros(count, values.shape[1]).index_add(0, into, values)


def _most(values: Tensor, into: Tensor, count: int, floor: float = 0.0) -> Tensor:
    where = into[:, None].expand(-1, values.shape[1])
    return values.new_full((count, values.shape[1]), floor).scatter_reduce(0, where, values, "amax")


def _shares(logits: Tensor, into: Tensor, count: int) -> Tensor:
    """Softmax over the sentences of each ticket."""
    shares = torch.exp(logits - _most(logits, into, count, floor=-1e9)[into])
    return shares / _sum(shares, into, count)[into]
