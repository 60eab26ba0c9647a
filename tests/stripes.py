"""A painter of stripes, for tests: where they are is decided by the seed."""

import numpy as np

from t2w.start.presets import PainterSpec

SPEC = PainterSpec("stripes", "stripes", "Apache-2.0", memory_mib=10)


def paint(prompt, seeds, width, height, device="auto", dtype="auto"):
    for seed in seeds:
        frame = np.zeros((height, width, 3), np.uint8)
        frame[:, seed % width] = 255
        frame[:, (len(prompt) + seed) % width, 0] = 200
        yield frame
