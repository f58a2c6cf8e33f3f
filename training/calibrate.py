"""How far the model's likelihoods are to be believed, measured on tickets that it never saw."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

TEMPERATURES = np.arange(0.6, 3.01, 0.05)


def calibrate(
    found: npt.NDArray[np.float32], right: npt.NDArray[np.int64]
) -> dict[str, npt.NDArray[np.float32]]:
    """The temperature under which the likelihoods fit the held-out severities best."""
    logs = np.log(found + 1e-6)

    def loss(temperature: float) -> float:
        shares = np.exp(logs / temperature)
        shares /= shares.sum(1, keepdims=True)
        return float(-np.log(shares[np.arange(len(right)), right]).mean())

    best = min(TEMPERATURES, key=loss)
    return {"temperature": np.array([best], np.float32)}
