"""One shard on disk: `shard-00007.safetensors` holds frames, actions, events; `shard-00007.jsonl` a row an episode.

Frames are JPEGs (quality 95, full chroma), laid end to end; the k-th ends where the k+1-th begins. Per frame t also:
the action that leads from frame t to frame t+1 (a,), the event bits of that step, the bits of the kinds of things in view,
how near things are at every other pixel (h/2 w/2; 1 / metres, 0 in the sky, -1 where the player is), the eye's pose (12: axes, place), and
which way the player faces, beside where the eye looks (2: cosine, sine of the angle to the right), and how he stands (7: as of
`Simulator.stance`).
"""

import io
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from t2w.errors import T2WError
from t2w.media.atomic import atomically, write_text
from t2w.sim.rows import KINDS

QUALITY = 95
FACE = "face"  # the kind of those that show players from above, and nothing else
ALONE = ("still", FACE, "start")  # kinds of episodes in which no frame follows another


@dataclass
class Episode:
    """A walk through one world: n frames, and for each the action, events and things in view. `about` is free JSON."""

    about: dict
    jpegs: list[bytes] = field(default_factory=list)
    actions: list[np.ndarray] = field(default_factory=list)
    events: list[int] = field(default_factory=list)
    visible: list[int] = field(default_factory=list)
    near: list[np.ndarray] = field(default_factory=list)
    pose: list[np.ndarray] = field(default_factory=list)
    facing: list[np.ndarray] = field(default_factory=list)
    stance: list[np.ndarray] = field(default_factory=list)

    def add(
        self,
        frame: np.ndarray,
        action: np.ndarray,
        events: int,
        visible: frozenset[str],
        near: np.ndarray,
        pose: np.ndarray,
        facing: np.ndarray,
        stance: np.ndarray,
    ) -> None:
        """One frame (h w c) uint8, the action vector (a,) that leads away from it, and what that step brought about."""
        self.jpegs.append(to_jpeg(frame))
        self.actions.append(action)
        self.events.append(events)
        self.visible.append(sum(1 << KINDS.index(kind) for kind in visible))
        self.near.append(near)
        self.pose.append(pose)
        self.facing.append(facing)
        self.stance.append(stance)


def to_jpeg(frame: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(frame).save(out, "JPEG", quality=QUALITY, subsampling=0)
    return out.getvalue()


def from_jpeg(data: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(data)).convert("RGB"))


def seen(bits: int) -> frozenset[str]:
    """The names of the kinds in view, from their bits."""
    return frozenset(kind for i, kind in enumerate(KINDS) if bits >> i & 1)


def path_of(folder: Path, index: int) -> Path:
    return folder / f"shard-{index:05d}.safetensors"


def write(folder: Path, index: int, episodes: list[Episode]) -> None:
    """Writes both files of a shard. The .safetensors comes last: where it is, the shard is whole."""
    path, start, rows = path_of(folder, index), 0, []
    for episode in episodes:
        rows.append({**episode.about, "start": start, "frames": len(episode.jpegs)})
        start += len(episode.jpegs)
    jpegs = [jpeg for episode in episodes for jpeg in episode.jpegs]
    write_text(path.with_suffix(".jsonl"), "".join(json.dumps(row) + "\n" for row in rows))
    with atomically(path) as temporary:
        arrays = {
            "jpeg": np.frombuffer(b"".join(jpegs), np.uint8),
            "end": np.cumsum([len(jpeg) for jpeg in jpegs]),
            "actions": np.array([a for e in episodes for a in e.actions], np.float32),
            "events": np.array([x for e in episodes for x in e.events], np.uint8),
            "visible": np.array([x for e in episodes for x in e.visible], np.uint16),
            "nearness": np.array([x for e in episodes for x in e.near], np.float16),
            "pose": np.array([x for e in episodes for x in e.pose], np.float32),
            "facing": np.array([x for e in episodes for x in e.facing], np.float32),
            "stance": np.array([x for e in episodes for x in e.stance], np.float32),
        }
        save_file(arrays, temporary)


class Shard:
    """A shard opened for reading; pictures are decoded when asked for."""

    def __init__(self, path: Path):
        try:
            self.rows = [json.loads(line) for line in path.with_suffix(".jsonl").read_text().splitlines()]
            with safe_open(path, "numpy") as file:
                self.jpeg, self.end = file.get_tensor("jpeg"), file.get_tensor("end")
                self.actions, self.events, self.visible = (file.get_tensor(k) for k in ("actions", "events", "visible"))
        except (OSError, ValueError, SafetensorError) as error:
            raise T2WError(f"{path} is not a shard of episodes ({error}); delete it and run the same t2w collect again.") from error
        self.path = path

    def __len__(self) -> int:
        return len(self.end)

    @cached_property
    def geometry(self) -> tuple[np.ndarray, np.ndarray]:
        """How near things are (n h/2 w/2), and the eye's poses (n 12)."""
        return self._kept("nearness", "fine depth"), self._kept("pose", "depth")

    @cached_property
    def facing(self) -> np.ndarray:
        """Which way the player faces (n 2)."""
        return self._kept("facing", "facing of players")

    @cached_property
    def stance(self) -> np.ndarray:
        """How the player stands (n 7)."""
        return self._kept("stance", "stance of players")

    def _kept(self, name: str, said: str) -> np.ndarray:
        try:
            with safe_open(self.path, "numpy") as file:
                return file.get_tensor(name)
        except SafetensorError as error:
            raise T2WError(
                f"{self.path} is of an older t2w, which kept no {said} with its frames; collect anew, into another folder: t2w collect --out DIR"
            ) from error

    def frame(self, i: int) -> np.ndarray:
        """Frame i of the shard, (h w c) uint8."""
        return from_jpeg(self._jpeg(i))

    def firsts(self) -> tuple[list[int], list[int]]:
        """Of frames that are alike, byte by byte, the first; and which of these stands for each of all."""
        found: dict[bytes, int] = {}
        which = [found.setdefault(self._jpeg(i), i) for i in range(len(self))]
        firsts = list(found.values())
        place = {first: k for k, first in enumerate(firsts)}
        return firsts, [place[first] for first in which]

    def _jpeg(self, i: int) -> bytes:
        begin = self.end[i - 1] if i else 0
        return self.jpeg[begin : self.end[i]].tobytes()


def shards(folder: Path) -> list[Shard]:
    """All shards of a data folder, in order."""
    found = sorted(folder.glob("shard-*.safetensors"))
    if not found:
        raise T2WError(f"{folder} holds no episodes; make some with: t2w collect --out {folder}")
    return [Shard(path) for path in found]
