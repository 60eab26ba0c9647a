"""How a picture moves: two frames in, the mean flow to the right and down and the growth about the centre out. No network."""

from itertools import pairwise

import numpy as np
from einops import reduce
from numpy.lib.stride_tricks import sliding_window_view


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


BLOCK, FAR = 8, (8, 4)  # of the shrunken picture: a block's side, how far it is looked for to the right and down


def path(frames: np.ndarray) -> float:
    """Mean length of the flow in a film (t h w c), in hundredths of the picture's width a frame.

    Blocks are looked for in the next frame, each in a window of a tenth of the picture's width and height to all sides. It says how far
    a film has moved, so that one that stands still is not taken for one that came back well.
    """
    by = max(1, frames.shape[2] // 80)
    shrunk = [shrink(frame, by) for frame in frames]
    return float(np.mean([_flow(a, b).mean() for a, b in pairwise(shrunk)]) * by / frames.shape[2] * 100)


def _flow(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Luma (h w) twice => how far each block of a has moved, in its pixels; the shorter way where two fit equally."""
    h, w = (side // BLOCK * BLOCK for side in a.shape)
    right, down = FAR
    places = sliding_window_view(np.pad(b[:h, :w], ((down, down), (right, right)), "edge"), (h, w))
    costs = reduce(np.abs(a[:h, :w] - places), "y x (h p) (w q) -> (y x) h w", "mean", p=BLOCK, q=BLOCK)
    y, x = np.mgrid[-down : down + 1, -right : right + 1]
    lengths = np.hypot(y, x).ravel()
    return lengths[np.argmin(costs + 1e-4 * lengths[:, None, None], 0)]
