"""Revisit: there and back the same way. What was seen must be seen again, and the way must have been a way.

Frame t is compared with its mirror, the frame from which t is as far as from the turning point; "first and last" is the pair farthest
apart. A film that hardly moves scores best, so the path length stands beside (ReWorld 2026), and the simulator's own.
"""

import numpy as np

from t2w.actions import Action
from t2w.evaluate.measure import mean, psnr, ssim
from t2w.evaluate.motion import path
from t2w.evaluate.part import Ask, Found, Part, Strip, Tables
from t2w.evaluate.truth import VIEWS, film

HALF = 2.0  # seconds out, and as many back
WAYS = (
    ("a quarter turn right and back", Action(mouse=(3.0, 0.0)), Action(mouse=(-3.0, 0.0))),
    ("a walk on and back", Action(frozenset("w")), Action(frozenset("s"))),
)
EVERY = 3  # of the mirrored pairs


def case(ask: Ask, k: int, seconds: float = HALF) -> Found:
    """One start, both ways: figures of the world's film, of the simulator's, and of the first frame through the autoencoder."""
    start, half = ask.moment(k, view=VIEWS[k % 2]), ask.spec.frames(seconds)
    first = ask.fitted(start.frame)
    figures, strips = {}, []
    if hasattr(ask.world, "reconstruct"):
        best = ask.world.reconstruct(first[None])[0]
        figures["ceiling"] = {"ssim": ssim(best, first), "psnr": psnr(best, first)}
    for name, out, back in WAYS:
        if not ask.can(out, back):
            continue
        actions = [ask.paced(out)] * half + [ask.paced(back)] * half
        films = {"made": np.concatenate([first[None], ask.dream(start, actions, k)])}
        if start.sim is not None and ask.spec.fps == start.sim.fps:
            films["true"] = np.concatenate([start.frame[None], film(start, actions)])
        figures[name] = {kind: _mirrored(frames) for kind, frames in films.items()}
        at = np.linspace(0, 2 * half, 9).astype(int)
        beside = "; above the world, below the truth" if len(films) > 1 else ""
        strips.append(Strip(name + beside, [frames[at] for frames in films.values()]))
    return Found(figures, tuple(strips))


def _mirrored(frames: np.ndarray) -> dict[str, float]:
    """Of 2n+1 frames, the turning point in the middle."""
    n = len(frames) // 2
    pairs = [(frames[t], frames[-1 - t]) for t in range(0, n, EVERY)]
    found = {"ssim": float(np.mean([ssim(a, b) for a, b in pairs])), "psnr": float(np.mean([psnr(a, b) for a, b in pairs]))}
    return found | {"last ssim": ssim(frames[0], frames[-1]), "last psnr": psnr(frames[0], frames[-1]), "path": path(frames)}


def tables(cases: list[dict]) -> Tables:
    """Rows {"way", "frames" compared, "ssim", "psnr", "path", the truth's, and SSIM as a share of the autoencoder's}, two a way."""
    rows = []
    for way in (name for name, *_ in WAYS if name in cases[0]):
        for which, before in (("first and last", "last "), ("all mirrored", "")):
            row: dict = {"way": way, "frames": which}
            for kind, beside in (("made", ""), ("true", "true ")):
                if all(kind in found[way] for found in cases):
                    for figure in ("ssim", "psnr"):
                        row[beside + figure] = mean([found[way][kind][before + figure] for found in cases])
                    row[beside + "path"] = mean([found[way][kind]["path"] for found in cases])
            if "ceiling" in cases[0]:
                row["ceiling ssim"] = mean([found["ceiling"]["ssim"] for found in cases])
                row["ssim / ceiling"] = round(row["ssim"] / row["ceiling ssim"], 4)
            rows.append(row)
    return {"revisit": rows}


PART = Part(
    "revisit",
    "Two seconds out, two seconds back the same way; mirrored frames are compared. Path: mean flow, in hundredths of the picture's width a "
    "frame; a world that hardly moves comes back easily. The ceiling is the first frame through the world's own autoencoder.",
    case,
    tables,
    n=8,
    few=1,
    frames=2 * 2 * 30,
    truth=False,
)
