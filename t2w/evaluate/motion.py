"""How a picture moves: two frames in, the mean flow to the right and down and the growth about the centre out. No network."""

from itertools import pairwise

import numpy as np
from einops import reduce


def shrink(frame: np.ndarray, by: int) -> np.ndarray:
    """(h w c) uint8 => luma (h/by w/by) in [0, 1], each the mean of a block."""
    luma = frame.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32) / 255
    h, w = (side // by * by for side in luma.shape)
    return reduce(luma[:h, :w], "(h y) (w x) -> h w", "mean", y=by, x=by)


def motion(before: np.ndarray, after: np.ndarray, by: int = 8) -> tuple[float, float, float]:
    """(right, down, growth): pixels a frame, and the part by which the picture grew; least squares over the whole picture.

    The brightness that moves is kept (Lucas and Kanade 1981), the flow is a shift plus a zoom about the centre. Blocks of
    `by` pixels are averaged first, so that shifts of some pixels are small enough for the linear step.
    """
    a, b = shrink(before, by), shrink(after, by)
    gy, gx = np.gradient((a + b) / 2)
    h, w = a.shape
    y, x = np.mgrid[:h, :w] - np.array([(h - 1) / 2, (w - 1) / 2])[:, None, None]
    system = np.stack([gx, gy, gx * x + gy * y], -1).reshape(-1, 3)
    found = np.linalg.lstsq(system, -(b - a).ravel(), rcond=None)[0]
    return float(found[0] * by), float(found[1] * by), float(found[2])


def mean_motion(frames: np.ndarray) -> tuple[float, float, float]:
    """Of a film (t h w c): the mean over its pairs of neighbouring frames."""
    return tuple(np.mean([motion(a, b) for a, b in pairwise(frames)], axis=0).tolist())
