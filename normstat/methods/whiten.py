"""Whitening: channels without correlation, each with mean 0 and variance 1."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normstat.constants import Channels
from normstat.errors import UsageError, option
from normstat.methods.facts import Facts
from normstat.methods.kernels import store
from normstat.methods.maps import Map, Planes, rounding

_BLOCK = 1 << 13
# Below this part of the largest eigenvalue, float64 does not tell a small one from 0.
_LEAST = 1e-12


@dataclass(frozen=True, slots=True)
class Whitening(Map):
    """``y = matrix · (x / scale - center)`` in every pixel; a row for each channel of the result.

    Examples
    --------
    >>> pixels = np.array([[[1.0, 3.0]]])
    >>> out = np.empty((2, 1, 1))
    >>> swap = Whitening((1.0, 1.0), ((0.0, 1.0), (1.0, 0.0)))
    >>> swap.write(list(np.moveaxis(pixels, 2, 0)), list(out), 1)
    >>> out.ravel()
    array([2., 0.])
    """

    center: Channels
    matrix: tuple[Channels, ...]

    def write(self, planes: Planes, outs: Planes, scale: float) -> None:
        height, width = outs[0].shape
        step = max(1, _BLOCK // max(1, width))
        for first in range(0, height, step):
            rows = slice(first, first + step)
            centered = [
                plane[rows] / np.float64(scale) - center
                for plane, center in zip(planes, self.center, strict=True)
            ]
            for out, weights in zip(outs, self.matrix, strict=True):
                store(_weighted(centered, weights), out[rows])

    def mixing(self, scale: float) -> tuple[Channels, ...]:
        rows = (np.array(self.matrix) / scale).tolist()
        return tuple(map(tuple, rows))

    def numbers(self) -> dict[str, Any]:
        return asdict(self)

    def inverse(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        back = np.linalg.inv(np.array(self.matrix))
        units: NDArray[np.float64] = values @ back.T + np.array(self.center)
        return units

    def largest(self, white: float) -> float:
        ends = np.array([[-center, white - center] for center in self.center])
        products = np.array(self.matrix)[:, :, np.newaxis] * ends
        high, low = products.max(axis=2).sum(axis=1), products.min(axis=2).sum(axis=1)
        return float(max(high.max(), -low.min()))

    def error(self, white: float, dtype: str) -> float:
        relative, least = rounding(dtype)
        matrix = np.abs(np.array(self.matrix))
        results = matrix @ (white + np.abs(np.array(self.center)))
        back = np.abs(np.linalg.inv(np.array(self.matrix)))
        return float((back @ (results * relative + least)).max())


def _weighted(planes: list[NDArray[np.float64]], weights: Channels) -> NDArray[np.float64]:
    """Always added in the same order; a matrix product's order depends on the shape."""
    with np.errstate(over="ignore", invalid="ignore"):
        total = planes[0] * weights[0]
        for plane, weight in zip(planes[1:], weights[1:], strict=True):
            total += plane * weight
    return total


def whitening(facts: Facts, epsilon: float) -> Whitening:
    """ZCA whitening: the whitening that stays closest to the pixels (Bell & Sejnowski 1997).

    With the covariance V diag(λ) Vᵀ the matrix is V diag(1 / (√λ + epsilon)) Vᵀ.
    UsageError if no covariance is recorded, or it has no inverse and epsilon is 0.
    """
    covariance = facts.need(
        "whiten", "covariance", f"compute them with {option('covariance', True)}"
    )
    values, vectors = np.linalg.eigh(np.array(covariance))
    if not epsilon and values[0] <= _LEAST * values[-1]:
        raise UsageError(
            f"whiten: in {facts.name} the channels depend on each other linearly (are the images "
            "gray, or of one color?); choose another method, or "
            f"{option('epsilon', metavar='E')}"
        )
    roots = np.sqrt(np.maximum(values, 0)) + epsilon
    matrix = (vectors / roots) @ vectors.T
    symmetric = (matrix + matrix.T) / 2
    return Whitening(facts.constants.mean, tuple(tuple(row) for row in symmetric.tolist()))
