"""Frames and actions in; take.mp4, clean.mp4, actions.jsonl, every frame as PNG and take.json out. Nothing gets its name before it is whole."""

import hashlib
import json
import re
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np

from t2w.actions.action import Action
from t2w.errors import T2WError
from t2w.media.atomic import sweep, write_text
from t2w.media.folders import make_folder
from t2w.media.hud import Hud, enlarge
from t2w.media.pixels import write_png
from t2w.media.video import Film
from t2w.rollout.measure import Seconds
from t2w.worlds.protocol import WorldSpec

WAITING = 4  # frames, at most, that the world is ahead of the film


@dataclass(frozen=True)
class Recording:
    """Where a take goes and what of it is kept."""

    folder: Path
    clean: bool = False  # clean.mp4 too: without the HUD
    frames_out: Path | None = None  # every frame as NNNNNN.png, the start frame first, at the world's own size
    metadata: bool = True
    more: dict = field(default_factory=dict)  # what take.json, and it alone, says besides


class Recorder:
    """Open it, write the start frame with None, then each new frame with the action that led to it; closing gives the files their names.

    Frames are drawn on and encoded in a thread beside the caller's, who makes the next one meanwhile; so an error of one may be raised a few
    frames later, at the latest on closing.
    """

    def __init__(self, recording: Recording, spec: WorldSpec, manifest: dict):
        self.recording, self.spec, self.manifest = recording, spec, manifest
        self.hud = Hud(spec.space.keys, spec.fps, manifest["prompt"], spec.space.mouse, spec.space.turn)
        self.measures = Seconds(spec.fps)
        self.rows: list[str] = []  # of actions.jsonl
        self.hash = hashlib.sha256()
        self.written = 0
        self.waiting: deque[Future] = deque()

    def __enter__(self) -> Self:
        folder, out = self.recording.folder, self.recording.frames_out
        make_folder(folder)
        if out is not None:
            sweep(make_folder(out))
            self._refuse_longer(out)
        with ExitStack() as stack:
            self.film = stack.enter_context(self._film("take"))
            self.clean = stack.enter_context(self._film("clean")) if self.recording.clean else None
            self.writer = stack.enter_context(ThreadPoolExecutor(1))
            stack.push(self._catch_up)
            self.stack = stack.pop_all()
        return self

    def write(self, frame: np.ndarray, action: Action | None = None) -> None:
        """The frame must not be changed any more."""
        if len(self.waiting) == WAITING:
            self.waiting.popleft().result()
        self.waiting.append(self.writer.submit(self._write, frame, action))

    def _catch_up(self, kind, error, trace) -> None:
        """Waits for the frames that are not written yet; after an error nobody wants them."""
        while self.waiting:
            frame = self.waiting.popleft()
            frame.result() if kind is None else frame.cancel()

    def _write(self, frame: np.ndarray, action: Action | None) -> None:
        if action is not None:
            self.rows.append(json.dumps(action.to_row()) + "\n")
        self.film.write(self.hud.draw(frame, action, self.written))
        if self.clean is not None:
            self.clean.write(enlarge(frame))
        if self.recording.frames_out is not None:
            about = {**self.manifest, "kind": "frame", "t": self.written, "script": None}  # a script can be longer than the picture
            write_png(self.recording.frames_out / f"{self.written:06d}.png", frame, about if self.recording.metadata else None)
        self.hash.update(np.ascontiguousarray(frame).tobytes())
        self.measures.add(frame)
        self.written += 1

    def __exit__(self, kind, error, trace) -> None:
        try:
            self.stack.__exit__(kind, error, trace)
        finally:
            with suppress(OSError):  # of a walk that broke off nothing is left, not even an empty folder
                self.recording.folder.rmdir()
        if kind is None:
            write_text(self.recording.folder / "actions.jsonl", "".join(self.rows))
            # Last, so that a folder with a take.json holds a whole take.
            self.manifest = {**self.manifest, "sha256": self.hash.hexdigest(), "seconds": self.measures.rows(), **self.recording.more}
            write_text(self.recording.folder / "take.json", json.dumps(self.manifest, indent=2, ensure_ascii=False) + "\n")

    def _film(self, name: str) -> Film:
        return Film(
            self.recording.folder / f"{name}.mp4", self.spec.fps, {**self.manifest, "film": name} if self.recording.metadata else None
        )

    def _refuse_longer(self, out: Path) -> None:
        """Frames of a longer film left in the folder would be taken for this one's."""
        last = self.manifest["frames"]
        for path in out.iterdir():
            if re.fullmatch(r"\d{6}\.png", path.name) and int(path.stem) > last:
                raise T2WError(
                    f"{out} holds frames of a longer film ({path.name}, this one ends at {last:06d}.png); empty it or choose another folder"
                )
