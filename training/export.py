"""From the trained network to the small file that the product reads."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from training.network import SeverityNetwork
from worker.facts import FACETS
from worker.severity.network import ORDERS

Arrays = dict[str, npt.NDArray[np.generic]]


def arrays_of(network: SeverityNetwork, scores: npt.NDArray[np.float32]) -> Arrays:
    """The arrays of `worker/severity/network.py`: bytes for tables, half precision for layers."""
    state = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    table = state["pieces.weight"]
    scale = np.abs(table).max(1, keepdims=True) / 127.0 + 1e-12
    votes = state["votes.weight"]
    vote_scale = np.quantile(np.abs(votes[votes != 0]), 0.9995) / 127.0
    found: Arrays = {
        "pieces": np.round(table / scale).astype(np.int8),
        "pieces_scale": scale[:, 0].astype(np.float16),
        "pieces_score": scores.astype(np.float16),
        "votes": np.clip(np.round(votes / vote_scale), -127, 127).astype(np.int8),
        "votes_scale": np.array([vote_scale], np.float32),
    }
    for name in ("proj", "norm", "all", "mean"):
        found[f"{name}_w"] = state[f"{name}_w"]
        found[f"{name}_b"] = state[f"{name}_b"]
    for number, span in enumerate(ORDERS):
        found[f"conv{span}_in"] = state[f"conv_in.{number}"]
        found[f"conv{span}_out"] = state[f"conv_out.{number}"]
        found[f"conv{span}_b"] = state[f"conv_b.{number}"]
    for name, layer in {"say": "say", "listen": "listen", "att": "attend", "meta": "meta"}.items():
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
