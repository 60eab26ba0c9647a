"""How a film holds up: frames (h w c) uint8 in, sharpness and colourfulness of each second out. Numpy only."""

import numpy as np


def sharpness(frame: np.ndarray) -> float:
    """Mean absolute Laplacian of the luma, 0-255 scale: falls towards 0 as a picture blurs, jumps as it turns to noise."""
    y = frame.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
    laplacian = y[:-2, 1:-1] + y[2:, 1:-1] + y[1:-1, :-2] + y[1:-1, 2:] - 4 * y[1:-1, 1:-1]
    return float(np.abs(laplacian).mean())


def colourfulness(frame: np.ndarray) -> float:
    """Hasler and Süsstrunk 2003: 0 is grey, above 60 is very colourful."""
    r, g, b = np.moveaxis(frame.astype(np.float32), 2, 0)
    rg, yb = r - g, (r + g) / 2 - b
    return float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))


class Seconds:
    """Running means of both, and of the change from frame to frame (a frozen picture has none), one row a second of film."""

    def __init__(self, fps: float):
        self.fps = fps
        self.frames: list[tuple[float, float, float]] = []
        self.last: np.ndarray | None = None

    def add(self, frame: np.ndarray) -> None:
        change = 0.0 if self.last is None else float(np.abs(frame.astype(np.int16) - self.last).mean())
        self.frames.append((sharpness(frame), colourfulness(frame), change))
        self.last = frame.astype(np.int16)

    def rows(self) -> list[dict]:
        starts = sorted({round(k * self.fps) for k in range(int(len(self.frames) / self.fps) + 1)})
        parts = [self.frames[a:b] for a, b in zip(starts, [*starts[1:], len(self.frames)], strict=True) if b - a >= self.fps / 2 or a == 0]
        names = ("sharpness", "colourfulness", "change")
        return [dict(zip(names, np.round(np.mean(part, axis=0), 2).tolist(), strict=True)) for part in parts]
