"""What a piece means by itself: its vector, and what it gives to the convolutions around it.

That is the same wherever a piece stands, so that of the commonest pieces, three in four of an
ordinary text, it is computed once, when the model is loaded; of the others when they are met.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

__all__ = ["EPSILON", "ORDERS", "Meanings", "normal"]

Floats = npt.NDArray[np.float32]
Arrays = Mapping[str, npt.NDArray[np.generic]]

ORDERS = {2: 0, 3: 1, 5: 2}
"""Pieces that a convolution spans, and how many of them stand to the left."""
EPSILON = 1e-12
AT_ONCE = 256
"""Pieces that are computed together while loading; more would only cost memory."""


class Meanings:
    """One row a piece. Safe to share between threads: nothing changes after loading."""

    def __init__(self, arrays: Arrays, layers: Mapping[str, Floats]) -> None:
        self._table: npt.NDArray[np.int8] = arrays["pieces"].view(np.int8)
        self._scale = arrays["pieces_scale"].astype(np.float32)
        self._project = layers["proj_w"], layers["proj_b"]
        self._norm = [layers[f"norm_{name}"].reshape(len(ORDERS), -1) for name in "wb"]
        self._given = [layers[f"conv{span}_in"] for span in ORDERS]
        common = arrays["common"].astype(np.int64)
        self._slot = np.full(len(self._table), -1, np.int16)
        self._slot[common] = np.arange(len(common))
        width = self.own + sum(weights.shape[1] for weights in self._given)
        self._kept = np.empty((len(common), width), np.float32)
        for n in range(0, len(common), AT_ONCE):
            self._kept[n : n + AT_ONCE] = self._compute(common[n : n + AT_ONCE])

    @property
    def own(self) -> int:
        """Columns of a row that say what the piece itself means; the rest is for its neighbours."""
        return int(self._table.shape[1]) + len(self._project[1])

    def of(self, pieces: npt.NDArray[np.int64]) -> Floats:
        """A row a piece: its vector, three normal vectors, then what it gives by span and place."""
        slots = self._slot[pieces]
        rows: Floats = self._kept[slots]  # where there is no slot, any row: it is replaced
        rare = np.flatnonzero(slots < 0)
        if len(rare):
            rows[rare] = self._compute(pieces[rare])
        return rows

    def _compute(self, pieces: npt.NDArray[np.int64]) -> Floats:
        vectors: Floats = np.multiply(
            self._table[pieces], self._scale[pieces, None], dtype=np.float32
        )
        weights, bias = self._project
        projected = (vectors @ weights + bias).reshape(len(pieces), len(ORDERS), -1)
        normals = normal(projected, *self._norm)
        given = [normals[:, n] @ weights for n, weights in enumerate(self._given)]
        return np.concatenate([vectors, normals.reshape(len(pieces), -1), *given], axis=1)


def normal(values: Floats, gain: Floats, bias: Floats) -> Floats:
    """Centred and scaled over the last axis."""
    width = values.shape[-1]
    found: Floats = values - (values.sum(-1) / width)[..., None]
    spread = np.einsum("...j,...j->...", found, found) / width
    found /= np.sqrt(spread + EPSILON)[..., None]
    found *= gain
    found += bias
    return found
