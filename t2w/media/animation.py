"""Frames => a looping animated WebP, small enough for a README."""

import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from t2w.errors import FAILED, T2WError
from t2w.media.atomic import atomically, sweep
from t2w.media.metadata import XMP

QUALITIES = (82, 70, 58, 46, 34, 22)
MOST_BYTES = 3_000_000


def write_webp(path: str | Path, frames: Iterable[np.ndarray], fps: float, width: int, most_bytes: int = MOST_BYTES) -> None:
    """All frames, `width` wide, at the best quality that stays under `most_bytes`; the mark of machine-made pictures goes inside."""
    pictures = [_scaled(frame, width) for frame in frames]
    if not pictures:
        raise T2WError(f"could not write {path}: no frames came", FAILED)
    ends = [round(1000 * (i + 1) / fps) for i in range(len(pictures))]  # whole milliseconds, without drift
    durations = [end - start for start, end in zip([0, *ends], ends)]
    for quality in QUALITIES:
        whole = io.BytesIO()
        pictures[0].save(
            whole,
            "WEBP",
            save_all=True,
            append_images=pictures[1:],
            duration=durations,
            loop=0,
            quality=quality,
            method=4,
            xmp=XMP.encode(),
        )
        if whole.tell() <= most_bytes:
            break
    else:
        raise T2WError(f"{path} would be over {most_bytes / 1e6:.1f} MB; take fewer frames or make them narrower", FAILED)
    with atomically(path) as temporary:
        sweep(temporary.parent)
        temporary.write_bytes(whole.getbuffer())


def _scaled(frame: np.ndarray, width: int) -> Image.Image:
    height = round(frame.shape[0] * width / frame.shape[1])
    return Image.fromarray(frame).resize((width, height), Image.Resampling.LANCZOS)
