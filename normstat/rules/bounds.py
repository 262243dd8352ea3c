"""Error bounds of effects seen in samples: Student's t, shared out over all comparisons."""

from functools import cache
from math import cos, floor, pi, sin, sqrt, tan

#: Chance that any of all bounds of a check is exceeded where nothing has changed.
RISK = 0.01
# With more degrees of freedom the quantile is at most 2 % smaller; the wider one is taken.
_MOST_DEGREES = 200


def bound(errors: tuple[float, float], images: tuple[int, int], comparisons: int) -> float:
    """Bound of the difference of two independent estimates, exceeded by rare chance only.

    In the unit of their standard errors, for at least 2 images each. Standard errors of few images
    are uncertain themselves, so the quantile is Student's, not the normal one (degrees of freedom:
    Welch 1947, Satterthwaite 1946). That all `comparisons` hold together has a chance of
    1 - :data:`RISK`, shared out equally (Bonferroni).

    >>> round(bound((0.01, 0.0), (1001, 1001), 1), 4)
    0.026
    >>> round(bound((0.01, 0.0), (3, 1001), 1), 4)
    0.0992
    """
    squares = [error * error for error in errors]
    if not sum(squares):
        return 0.0
    # Shares of the sum, because squares of squares of tiny errors would vanish.
    shares = [square / sum(squares) for square in squares]
    spread = sum(share**2 / (n - 1) for share, n in zip(shares, images, strict=True))
    degrees = floor(1 / spread + 1e-9)  # rounding must not lose one
    return student(RISK / comparisons, degrees) * sqrt(sum(squares))


@cache
def student(tails: float, degrees: int) -> float:
    """The value that |t| exceeds with a chance of ``tails``.

    >>> round(student(0.05, 10), 3), round(student(0.01, 1), 3)
    (2.228, 63.657)
    """
    degrees = min(degrees, _MOST_DEGREES)
    low, high = 0.0, pi / 2  # of θ = atan(t/√ν)
    while low < (middle := (low + high) / 2) < high:
        if 1 - _within(middle, degrees) > tails:
            low = middle
        else:
            high = middle
    return sqrt(degrees) * tan(low)


def _within(theta: float, degrees: int) -> float:
    """P(abs(t) ≤ √ν tan θ), by the finite sums of Abramowitz & Stegun (1964), 26.7.3-4."""
    odd = degrees % 2
    square = cos(theta) ** 2
    term = cos(theta) if odd else 1.0
    total = 0.0
    for k in range(degrees // 2):
        total += term
        term *= square * (2 * k + 2 if odd else 2 * k + 1) / (2 * k + 3 if odd else 2 * k + 2)
    within = sin(theta) * total
    return 2 / pi * (theta + within) if odd else within
