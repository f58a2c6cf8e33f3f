"""The training loop: the same corpus, seed and threads make the same model."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.examples import NOT_SAID, Composer, Example
from training.network import LISTENERS, Answer, Batch, SeverityNetwork
from worker.facts import FACETS
from worker.severity.pieces import Pieces

SOFT = 0.05
"""A label is trusted to this degree less than wholly: labels err."""
HIT_COUNTS, OTHERS_COUNT, META_COUNTS, HEARD_COUNTS = 1.5, 0.5, 0.5, 0.2
RAISED = 0.1
"""Share of the steps in which the pace rises to its full height."""
READINGS = 2
"""Times that a batch is read in one step, each with other parts left out."""
UNSEEN = 0.03
"""Share of pieces that are hidden while training, so that no single one is relied on."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that is chosen about a training. The reasons are in docs/decisions."""

    epochs: int = 6
    batch: int = 32
    composed: int = 4_000
    """Tickets put together from statements, new ones in every epoch."""
    encoder_pace: float = 2e-3
    reader_pace: float = 1e-3
    votes_pace: float = 3e-3
    reader_decay: float = 0.05
    severity_counts: float = 2.0
    agreement_counts: float = 1.0
    """How much two readings of the same ticket, with other parts left out, must agree."""
    drop: float = 0.3
    votes_drop: float = 0.3
    hidden: int = 256
    seed: int = 1


def fit(
    network: SeverityNetwork,
    examples: Sequence[Example],
    composer: Composer,
    pieces: Pieces,
    recipe: Recipe,
    after_epoch: Callable[[int, float], None] = lambda _epoch, _loss: None,
) -> None:
    """Train in place; `after_epoch` is told the number of the epoch and its mean loss."""
    chance = random.Random(recipe.seed)
    torch.manual_seed(recipe.seed)
    encoder, reader, votes = network.groups()
    optimizer = torch.optim.AdamW(
        [
            {"params": encoder, "lr": recipe.encoder_pace, "weight_decay": 0.0},
            {"params": reader, "lr": recipe.reader_pace, "weight_decay": recipe.reader_decay},
            {"params": votes, "lr": recipe.votes_pace, "weight_decay": 0.0},
        ],
        fused=True,  # most of a step would go into moving the two large tables otherwise
    )
    steps = math.ceil((len(examples) + recipe.composed) / recipe.batch)
    whole = steps * recipe.epochs
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda n: min(1.0, (n + 1) / (RAISED * whole)) * max(0.02, 1 - n / whole)
    )
    for epoch in range(recipe.epochs):
        network.train()
        shown = [composer.vary(example, pieces) for example in examples]
        shown += [composer.compose(pieces) for _ in range(recipe.composed)]
        chance.shuffle(shown)
        losses = []
        for start in range(0, len(shown), recipe.batch):
            chosen = shown[start : start + recipe.batch]
            batch = Batch.of(chosen)
            hidden = (torch.rand(batch.ids.shape) < UNSEEN) & (batch.ids > 2)
            batch.ids[hidden] = 0
            answers = [network(batch, recipe.drop, recipe.votes_drop) for _ in range(READINGS)]
            loss = sum(_loss(answer, chosen, recipe) for answer in answers) / READINGS
            loss = loss + recipe.agreement_counts * _disagreement(*answers)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        after_epoch(epoch + 1, float(np.mean(losses)))


def severities(network: SeverityNetwork, examples: Sequence[Example]) -> np.ndarray:
    """Likelihoods of P1 to P4, a row an example."""
    network.eval()
    with torch.no_grad():
        return np.concatenate(
            [
                network(Batch.of(examples[n : n + 64])).severity.numpy()
                for n in range(0, len(examples), 64)
            ]
        )


def _loss(answer: Answer, chosen: Sequence[Example], recipe: Recipe) -> Tensor:
    facts = torch.tensor([example.facts for example in chosen])
    severity = torch.tensor([example.severity for example in chosen])
    loss = torch.zeros(())
    labelled = severity != NOT_SAID
    if labelled.any():
        right = torch.log(answer.severity[labelled])
        loss = loss + recipe.severity_counts * functional.nll_loss(right, severity[labelled])
    for number, facet in enumerate(FACETS):
        said = facts[:, number] != NOT_SAID
        if said.any():
            likely = answer.facts[facet][said]
            exact = functional.nll_loss(likely, facts[said, number])
            counts = HIT_COUNTS if facet == "hit" else OTHERS_COUNT
            loss = loss + counts * ((1 - SOFT) * exact - SOFT * likely.mean())
    said = facts[:, -1] != NOT_SAID
    if said.any():
        loss = loss + META_COUNTS * functional.binary_cross_entropy_with_logits(
            answer.meta[said], facts[said, -1].float()
        )
    return loss + HEARD_COUNTS * _heard(answer, chosen)


def _disagreement(one: Answer, other: Answer) -> Tensor:
    """How differently two readings see the same tickets: severity and what is hit, both ways."""
    pairs = [
        (torch.log(one.severity), torch.log(other.severity)),
        (one.facts["hit"], other.facts["hit"]),
    ]
    parts = [
        functional.kl_div(first, second, reduction="batchmean", log_target=True)
        + functional.kl_div(second, first, reduction="batchmean", log_target=True)
        for first, second in pairs
    ]
    return torch.stack(parts).mean()


def _heard(answer: Answer, chosen: Sequence[Example]) -> Tensor:
    """How little each listener heard of the sentences that its quote stands in."""
    missed = []
    start = 0
    for example in chosen:
        count = len(example.ids)
        for listener in range(LISTENERS if count > 1 else 0):
            if example.heard[listener]:
                rows = [start + n for n in example.heard[listener]]
                missed.append(-torch.log(answer.weights[rows, listener].sum() + 1e-6))
        start += count
    return torch.stack(missed).mean() if missed else torch.zeros(())
