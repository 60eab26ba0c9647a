"""How near one picture is to another, and one crowd of pictures to another. Pictures are (h w c) uint8, features (n d)."""

import numpy as np

WINDOW, SIGMA = 11, 1.5  # of SSIM, in pixels


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """dB between two pictures of one size; 78.1 when they are equal."""
    return float(-10 * np.log10(max(np.mean((a.astype(np.float32) - b) ** 2), 1e-3) / 255**2))


def ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Structural similarity (Wang et al. 2004) with their Gaussian window, mean over the picture and its three colours; 1 when equal."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    one, two = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    mean_a, mean_b = _blur(a), _blur(b)
    var_a, var_b, both = _blur(a * a) - mean_a**2, _blur(b * b) - mean_b**2, _blur(a * b) - mean_a * mean_b
    alike = (2 * mean_a * mean_b + one) * (2 * both + two) / ((mean_a**2 + mean_b**2 + one) * (var_a + var_b + two))
    return float(alike.mean())


def _blur(x: np.ndarray) -> np.ndarray:
    """Only where the whole window lies inside; in pictures smaller than the window, the window is as large as they are."""
    for axis in (0, 1):
        n = min(WINDOW, x.shape[axis])
        weights = np.exp(-((np.arange(n) - (n - 1) / 2) ** 2) / (2 * SIGMA**2))
        room = x.shape[axis] - n + 1
        x = sum(weight * x.take(range(i, i + room), axis) for i, weight in enumerate(weights / weights.sum()))
    return x


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Distance of two Gaussians fitted to features (n d) (Heusel et al. 2017, FID's formula): 0 when mean and covariance agree.

    It falls as n grows, so it says something only beside another of the same n.
    """
    apart, a, b = a.mean(0) - b.mean(0), a - a.mean(0), b - b.mean(0)
    a, b = a / np.sqrt(len(a) - 1), b / np.sqrt(len(b) - 1)
    # The trace of the root of both covariances' product is the sum of the singular values of a b^T, or of their small factors'.
    root = np.linalg.svd(np.linalg.qr(a, "r") @ np.linalg.qr(b, "r").T, compute_uv=False).sum()
    return float(apart @ apart + np.square(a).sum() + np.square(b).sum() - 2 * root)


def drift(windows: list[float]) -> float:
    """(best - worst) / best over windows of a film, in per cent (WorldRoamBench 2026, "segment drift")."""
    best, worst = max(windows), min(windows)
    return 100 * (best - worst) / best if best > 0 else 0.0


def mean(values: list[float]) -> float:
    """Rounded for tables; not a number where there is nothing to take it of."""
    known = [value for value in values if value is not None and np.isfinite(value)]
    return round(float(np.mean(known)), 4) if known else float("nan")
