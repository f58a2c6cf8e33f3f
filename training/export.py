"""From the trained network to the small file that the product reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from training.examples import Example
from training.network import HALF, SeverityNetwork
from worker.facts import FACETS
from worker.severity.meanings import ORDERS

Arrays = dict[str, npt.NDArray[np.generic]]


COMMON = 2_048
"""Pieces whose meaning the product computes while it loads: 76 % of the corpus's text, in 12 MB."""


def arrays_of(
    network: SeverityNetwork, scores: npt.NDArray[np.float32], examples: Sequence[Example]
) -> Arrays:
    """The arrays of `worker/severity/network.py`: bytes for tables, half precision for layers.

    What follows each other without anything between is multiplied out: the mean over a sentence and
    the layer that reads it; the weights of a convolution stand side by side by place.
    """
    state = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    table = state["pieces.weight"]
    scale = np.abs(table).max(1, keepdims=True) / 127.0 + 1e-12
    votes = state["votes.weight"]
    vote_scale = np.quantile(np.abs(votes[votes != 0]), 0.9995) / 127.0
    found: Arrays = {
        "pieces": np.round(table / scale).astype(np.int8),
        "pieces_scale": scale[:, 0].astype(np.float16),
        "pieces_score": scores.astype(np.float16),
        "common": _common(examples),
        "votes": np.clip(np.round(votes / vote_scale), -127, 127).astype(np.int8),
        "votes_scale": np.array([vote_scale], np.float32),
    }
    for name in ("proj", "norm", "all"):
        found[f"{name}_w"] = state[f"{name}_w"]
        found[f"{name}_b"] = state[f"{name}_b"]
    for number, span in enumerate(ORDERS):
        thin = state[f"conv_in.{number}"]
        by_place = thin.reshape(span, -1, thin.shape[1])
        found[f"conv{span}_in"] = by_place.transpose(1, 0, 2).reshape(by_place.shape[1], -1)
        found[f"conv{span}_out"] = state[f"conv_out.{number}"]
        found[f"conv{span}_b"] = state[f"conv_b.{number}"]
    say = state["say.weight"].T
    spoken, most = len(state["mean_b"]), len(state["all_w"])
    found["say_w"] = np.concatenate(
        [
            state["mean_w"] @ say[:spoken] * HALF,
            state["mean_b"][None] @ say[:spoken] * HALF,
            say[spoken : spoken + most] * HALF,
            say[spoken + most :],
        ]
    )
    found["say_b"] = state["say.bias"]
    for name, layer in {"listen": "listen", "att": "attend", "meta": "meta"}.items():
        found[f"{name}_w"] = state[f"{layer}.weight"].T
        found[f"{name}_b"] = state[f"{layer}.bias"]
    for number, facet in enumerate(FACETS):
        found[f"{facet}_w"] = state[f"heads.{number}.weight"].T
        found[f"{facet}_b"] = state[f"heads.{number}.bias"]
    return {
        name: np.ascontiguousarray(
            a.astype(np.float16) if a.dtype == np.float32 and name != "votes_scale" else a
        )
        for name, a in found.items()
    }


def _common(examples: Sequence[Example]) -> npt.NDArray[np.uint16]:
    """The pieces that tickets are mostly made of."""
    met = Counter(piece for example in examples for ids in example.ids for piece in ids)
    order = sorted(met, key=lambda piece: (-met[piece], piece))
    return np.array(sorted(order[:COMMON]), np.uint16)
