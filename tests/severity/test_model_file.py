"""The model is data: checked, and refused when anything about it is wrong."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path

import numpy as np
import pytest

from worker.errors import Misconfigured
from worker.severity.model_file import read_model, shipped_model, write_model
from worker.severity.sentences import sentences

with shipped_model() as shipped:
    SHIPPED = shipped.read()


def test_the_shipped_model_is_read_fast_and_says_what_it_was_made_of() -> None:
    started = time.perf_counter()
    _, about = read_model(io.BytesIO(SHIPPED))
    assert time.perf_counter() - started < 1.0  # measured: under 0.2; a busy machine gets room
    assert about["tickets"] >= 3_000
    assert len(about["corpus"]) == 16


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"{}\n",
        b"not json\n" + SHIPPED[-100:],
        SHIPPED[:-1],
        SHIPPED[:-1] + bytes([SHIPPED[-1] ^ 1]),
        SHIPPED.replace(b"business_stopped", b"business_started", 1),
    ],
    ids=["empty", "no header", "no json", "cut short", "one bit", "other facts"],
)
def test_a_damaged_model_is_refused_in_words(damaged: bytes) -> None:
    with pytest.raises(Misconfigured, match="severity model"):
        read_model(io.BytesIO(damaged))


def test_the_same_arrays_make_the_same_file(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for path in (first, second):
        write_model(path, {"x": np.arange(5, dtype=np.int8)}, ["a", "b"], {"seed": 1})
    assert first.read_bytes() == second.read_bytes()


def test_an_array_of_objects_cannot_come_in() -> None:
    head, _, payload = SHIPPED.partition(b"\n")
    header = json.loads(head)
    header["arrays"][0][1] = "|O"
    with pytest.raises(Misconfigured):
        read_model(io.BytesIO(json.dumps(header).encode() + b"\n" + payload))


def test_likelihoods_and_weights_are_shares() -> None:
    network, _ = read_model(io.BytesIO(SHIPPED))
    reading = network.read(sentences("Login", "Nobody can log in. We tried twice."))
    for likely in reading.likely.values():
        assert likely.sum() == pytest.approx(1.0, abs=1e-4)
    for weights in reading.heard.values():
        assert len(weights) == 3
        assert weights.sum() == pytest.approx(1.0, abs=1e-4)
    assert 0.0 <= reading.meta <= 1.0
