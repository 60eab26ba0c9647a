"""Frames uint8 (h w c) to an MP4, one at a time, and an MP4 back to frames; ffmpeg comes with imageio-ffmpeg."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Self

import numpy as np

from t2w.errors import FAILED, T2WError
from t2w.media.atomic import explained, sweep, temporary_name
from t2w.media.metadata import ffmetadata, mark_mp4

# RGB becomes the YUV of HD video and says so; unmarked, players guess and shift the colours.
BT709 = ["-vf", "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int"]
BT709 += ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv"]
# veryfast: at equal size 0.6 dB under medium for half the work, and the world needs the processor more.
H264 = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]


class Film:
    """A film being written. It has its final name only after the `with` block has ended well:

        with Film("take.mp4", fps=15, metadata=manifest) as film:
            for frame in frames:
                film.write(frame)

    Frames go straight to ffmpeg, so a long film needs no more memory than a short one. If the block raises, nothing is left.
    """

    def __init__(self, path: str | Path, fps: float, metadata: dict | None = None):
        self.path = Path(path)
        self.fps = Fraction(fps).limit_denominator(1001)
        self.metadata = metadata
        self.frames = 0
        self._shape = (0, 0, 0)
        self._temporary = temporary_name(self.path)
        self._manifest = self._temporary.with_suffix(".txt")
        self._encoder: subprocess.Popen | None = None
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._said: list[bytes] = []

    def __enter__(self) -> Self:
        with explained(self.path):  # an unwritable place is told now, not after the last frame
            if self.path.is_dir():
                raise IsADirectoryError
            sweep(self.path.parent)
            self._temporary.touch()
        return self

    def write(self, frame: np.ndarray) -> None:
        """The next frame; all have one size. Odd sides, which H.264 cannot hold, grow by one pixel."""
        if any(n % 2 for n in frame.shape[:2]):
            frame = np.pad(frame, ((0, frame.shape[0] % 2), (0, frame.shape[1] % 2), (0, 0)), mode="edge")
        if self._encoder is None:
            self._start(frame)
        assert frame.dtype == np.uint8 and frame.shape == self._shape, (frame.dtype, frame.shape, self._shape)
        try:
            self._encoder.stdin.write(np.ascontiguousarray(frame).data)
        except OSError:  # ffmpeg has given up; what it said is the reason
            self._finish()
            raise self._error() from None
        self.frames += 1

    def __exit__(self, kind, error, trace) -> None:
        try:
            if kind is None:
                self._publish()
        finally:
            self._discard()

    def _start(self, frame: np.ndarray) -> None:
        from imageio_ffmpeg import get_ffmpeg_exe

        height, width, _ = self._shape = frame.shape
        command = [get_ffmpeg_exe(), "-hide_banner", "-nostats", "-loglevel", "error", "-y"]
        command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(self.fps), "-i", "pipe:0"]
        with explained(self.path):
            if self.metadata is not None:
                self._manifest.write_text(ffmetadata(self.metadata), encoding="utf-8")
                command += ["-f", "ffmetadata", "-i", str(self._manifest.absolute()), "-map_metadata", "1"]
            command += [*H264, *BT709, "-f", "mp4", str(self._temporary.absolute())]
            # A session of its own: Ctrl-C is for the caller, who may still want to close the film well.
            self._encoder = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
            )
        self._listener.start()

    def _listen(self) -> None:
        self._said.extend(self._encoder.stderr)

    def _publish(self) -> None:
        if self._encoder is None:
            raise T2WError(f"could not write {self.path}: no frames came", FAILED)
        if self._finish() != 0:
            raise self._error()
        with explained(self.path):
            if self.metadata is not None:
                mark_mp4(self._temporary)
            self._temporary.replace(self.path)

    def _finish(self) -> int:
        with suppress(OSError):  # a broken pipe is told by the exit status
            self._encoder.stdin.close()
        if self._listener.is_alive():  # not yet, if a signal came between the two starts
            self._listener.join()  # what it says last, of a full disk perhaps, is heard too
        return self._encoder.wait()

    def _error(self) -> T2WError:
        said = b"".join(self._said).decode(errors="replace")
        known = ("No space left on device", "Disk quota exceeded", "File too large", "Input/output error", "Permission denied")
        reason = next((words.lower() for words in known if words in said), said.strip().rpartition("\n")[2] or "ffmpeg stopped")
        return T2WError(f"could not write {self.path}: {reason}", FAILED)

    def _discard(self) -> None:
        if self._encoder is not None and self._encoder.poll() is None:
            self._encoder.kill()
            self._finish()
        with suppress(OSError):
            self._temporary.unlink(missing_ok=True)
            self._manifest.unlink(missing_ok=True)


def read_film(path: str | Path) -> Iterator[np.ndarray]:
    """The frames of a film, uint8 (h w c), one at a time."""
    yield from play(path)[1]


def play(path: str | Path) -> tuple[float, Iterator[np.ndarray]]:
    """Frames a second of a film, and its frames, uint8 (h w c), one at a time. The film is open until the frames end or are closed."""
    source = _open(path)
    try:
        about = next(source)
    except (OSError, RuntimeError) as error:
        source.close()
        raise T2WError(f"{path} is not a film that can be read") from error
    return float(about["fps"]), _frames(path, source, *about["size"])


def _frames(path: str | Path, source: Iterator, width: int, height: int) -> Iterator[np.ndarray]:
    try:
        for frame in source:
            yield np.frombuffer(frame, np.uint8).reshape(height, width, 3)
    except (OSError, RuntimeError) as error:
        raise T2WError(f"{path} is not a film that can be read, or it is cut off") from error
    finally:
        source.close()


def last_frame(path: str | Path) -> np.ndarray:
    """The end of a film, uint8 (h w c), without reading more of it than it must."""
    source = _open(path, ["-sseof", "-1"])
    try:
        width, height = next(source)["size"]
        *_, frame = source
        return np.frombuffer(frame, np.uint8).reshape(height, width, 3)
    except (OSError, RuntimeError, ValueError) as error:
        raise T2WError(f"{path} is not a film that can be read, or it is cut off") from error
    finally:
        source.close()


def _open(path: str | Path, how: list[str] | None = None) -> Iterator:
    from imageio_ffmpeg import read_frames

    path = Path(path)
    if not path.is_file():
        raise T2WError(f"{path} is a folder; give an MP4 file" if path.is_dir() else f"there is no file {path}")
    return read_frames(path.absolute(), input_params=how)
