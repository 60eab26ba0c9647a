"""Horizon: how near a world is to the truth some frames ahead, on its own past, under the same actions.

Each figure stands between two others: the start frame held (what knows nothing scores), and the truth encoded and decoded by the
world's own autoencoder (the best that its pictures can be). PSNR, SSIM, and the distance in the judge's features.
"""

import numpy as np

from t2w.evaluate import backbones, judging
from t2w.evaluate.measure import frechet, mean, psnr, ssim
from t2w.evaluate.part import Ask, Found, Part, Strip, Tables
from t2w.evaluate.plots import lines
from t2w.evaluate.truth import walk

HORIZONS = (1, 5, 15, 30, 75)
AGAINST = ("", " standing still", " ceiling")


def case(ask: Ask, k: int, frames: tuple[int, ...] = HORIZONS) -> Found:
    """One walk of the simulator's players, dreamt under the same actions."""
    true = walk(k, max(frames))
    made = ask.dream(true.start, true.actions, k)
    at = [t - 1 for t in frames]
    right, ours, still = true.frames[1:][at], made[at], np.repeat(true.frames[:1], len(at), 0)
    films = [ours, still] + ([ask.world.reconstruct(right)] if hasattr(ask.world, "reconstruct") else [])
    figures: dict = {"prompt": true.prompt, "frames": list(frames), "psnr": [], "ssim": [], "distance": [], "lpips": []}
    for film in films:
        figures["psnr"].append([psnr(a, b) for a, b in zip(film, right)])
        figures["ssim"].append([ssim(a, b) for a, b in zip(film, right)])
        if ask.judge is not None:
            figures["distance"].append(judging.distances(ask.judge, film, right))
        if backbones.lpips_is_here():
            figures["lpips"].append(backbones.lpips(film, right))
    if backbones.fid_is_here():
        figures["inception"] = {name: backbones.inception(film).tolist() for name, film in (("made", ours), ("true", right))}
    shown = ", ".join(map(str, frames))
    return Found(figures, (Strip(f"{true.prompt}: {shown} frames ahead; above the world, below the truth", [ours, right]),))


def tables(cases: list[dict]) -> Tables:
    """Rows {"frames", "world", "standing still", "ceiling"} in dB, then the same of SSIM and distance."""
    rows = []
    for i, t in enumerate(cases[0]["frames"]):
        row: dict = {"frames": t}
        for measure in ("psnr", "ssim", "distance", "lpips"):
            for j, (_, against) in enumerate(zip(cases[0][measure], AGAINST)):
                name = (against.strip() or "world") if measure == "psnr" else measure + against
                row[name] = mean([found[measure][j][i] for found in cases])
        rows.append(row)
    if "inception" not in cases[0]:
        return {"horizon": rows}
    made, true = (np.concatenate([found["inception"][name] for found in cases]) for name in ("made", "true"))
    return {"horizon": rows, "FID": [{"frames": len(made), "world": mean([frechet(made, true)])}]}


def plots(found: Tables) -> list[str]:
    rows = found["horizon"]
    across = [row["frames"] for row in rows]
    kinds = (("dB", "", ""), ("SSIM", "ssim", "ssim "), ("distance", "distance", "distance "))
    drawn = []
    for title, ours, before in kinds:
        series = {"the world": ours or "world", "standing still": f"{before}standing still", "ceiling": f"{before}ceiling"}
        known = {name: [row[key] for row in rows] for name, key in series.items() if key in rows[0]}
        if known:
            drawn.append(lines(f"{title} by frames ahead", across, known))
    return drawn


PART = Part(
    "horizon",
    "PSNR in dB, SSIM and the judge's distance (0: the same) to the simulator under the same actions, so many frames ahead. "
    "Standing still is the start frame held; the ceiling is the truth through the world's own autoencoder.",
    case,
    tables,
    n=24,
    few=3,
    frames=max(HORIZONS),
    plots=plots,
)
