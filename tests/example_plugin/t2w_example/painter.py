"""A sky from dark to red over a black hill; the seed says where the hill stands. A painter's module has a SPEC and `paint`."""

from collections.abc import Iterator

import numpy as np

from t2w.start.presets import PainterSpec

SPEC = PainterSpec("sunset", about="an example of a painter in another package", licence="Apache-2.0", memory_mib=1)


def paint(prompt: str, seeds: list[int], width: int, height: int, device: str, dtype: str) -> Iterator[np.ndarray]:
    for seed in seeds:
        middle = np.random.default_rng(seed).uniform(0.2, 0.8) * width
        y, x = np.mgrid[:height, :width]
        sky = np.stack([60 + 180 * y / height, 40 + 60 * y / height, 90 - 40 * y / height], -1)
        yield np.where((y > height * 0.6 + abs(x - middle) * 0.4)[..., None], 12, sky).astype(np.uint8)
