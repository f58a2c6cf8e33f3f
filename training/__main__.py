"""make train: corpus/ in, worker/severity/model.bin out, measured on tickets held out."""

from __future__ import annotations

import argparse
import random
import sys
import time
from dataclasses import fields
from pathlib import Path

import numpy as np
import torch

from training.calibrate import calibrate
from training.corpus import Labelled, fingerprint, statements, tickets
from training.examples import VOTE_ROWS, Composer, Example, from_ticket
from training.export import arrays_of
from training.fit import Recipe, fit, severities
from training.network import SeverityNetwork
from training.start import start
from worker.policy import read_policy
from worker.severity.model_file import read_model, write_model
from worker.severity.pieces import Pieces
from worker.severity.rubric import RubricTable

VOCABULARY, DIMENSIONS, RANK = 60_000, 128, 56
HELD_OUT, RUN = 12, 10
"""Of twelve runs of ten tickets, one of every author's is never trained on: it calibrates."""
THREADS = 2
"""Fixed, since the order of sums depends on it."""
MODEL = Path(__file__).parents[1] / "worker" / "severity" / "model.bin"


def main() -> None:
    """Train, calibrate, write."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=MODEL)
    for field in fields(Recipe):
        options.add_argument(f"--{field.name}", type=type(field.default), default=field.default)
    chosen = options.parse_args()
    recipe = Recipe(**{field.name: getattr(chosen, field.name) for field in fields(Recipe)})
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(mode=True)
    torch.manual_seed(recipe.seed)

    policy = read_policy("", name="built-in", environment={}, channel_types={})
    rubric = RubricTable.of(policy.rubric)
    begin = start(vocabulary=VOCABULARY, dimensions=DIMENSIONS)
    pieces = Pieces(begin.words, begin.scores.tolist())
    learnt, held = _split(tickets("train"))
    examples = [from_ticket(ticket, pieces) for ticket in learnt]
    checked = [from_ticket(ticket, pieces) for ticket in held]
    composer = Composer(statements(), random.Random(recipe.seed))
    network = SeverityNetwork(
        begin, torch.tensor(rubric.table), hidden=recipe.hidden, rank=RANK, votes=VOTE_ROWS
    )
    _say(f"{len(examples)} tickets to learn from, {len(checked)} held out")
    began = time.monotonic()

    def after_epoch(epoch: int, loss: float) -> None:
        found = severities(network, checked)
        seconds = time.monotonic() - began
        _say(f"epoch {epoch}: loss {loss:.3f}, {_right(found, checked)}, {seconds:.0f} s")

    fit(network, examples, composer, pieces, recipe, after_epoch)
    arrays = arrays_of(network, begin.scores, examples)
    about = {"corpus": fingerprint(), "tickets": len(examples), "seed": recipe.seed}
    write_model(chosen.out, arrays, begin.words, about)
    with chosen.out.open("rb") as file:
        reader, _ = read_model(file)
    found = np.stack([rubric.weigh(reader.read(e.sentences).likely).severities for e in checked])
    _say(f"as shipped: {_right(found, checked)}")
    right = np.array([example.severity for example in checked])
    write_model(chosen.out, arrays | calibrate(found, right), begin.words, about)
    _say(f"{chosen.out}: {chosen.out.stat().st_size / 1e6:.1f} MB")


def _split(found: list[Labelled]) -> tuple[list[Labelled], list[Labelled]]:
    """By author and place, so that a scenario stands on one side only."""
    place: dict[str, int] = {}
    sides: tuple[list[Labelled], list[Labelled]] = ([], [])
    for ticket in found:
        number = place[ticket.author] = place.get(ticket.author, -1) + 1
        sides[number // RUN % HELD_OUT == HELD_OUT // 2].append(ticket)
    return sides


def _right(found: np.ndarray, checked: list[Example]) -> str:
    right = np.array([example.severity for example in checked])
    chosen = found.argmax(1)
    p1, called = right == 0, chosen == 0
    likely = found[np.arange(len(right)), right]
    figures = {
        "accuracy": np.mean(chosen == right),
        "within one": np.mean(abs(chosen - right) <= 1),
        "P1 recall": np.mean(called[p1]),
        "P1 precision": np.mean(p1[called]),
        "log loss": -np.log(likely + 1e-9).mean(),
    }
    return ", ".join(f"{name} {value:.3f}" for name, value in figures.items())


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
