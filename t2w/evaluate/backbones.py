"""The field's usual figures, LPIPS and FID, by torchmetrics, where it is installed and its networks' weights are on disk already.

Nothing is ever downloaded. torchmetrics brings no video network, so there is no FVD.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

# As torchvision and torch-fidelity name them in torch's hub folder.
ALEXNET = "alexnet-owt-7be5be79.pth"
INCEPTION = "weights-inception-2015-12-05-6726825d.pth"


def weights(name: str) -> Path:
    import torch

    return Path(torch.hub.get_dir()) / "checkpoints" / name


@cache
def lpips_is_here() -> bool:
    return all(map(find_spec, ("torchmetrics", "torchvision"))) and weights(ALEXNET).is_file()


@cache
def fid_is_here() -> bool:
    return all(map(find_spec, ("torchmetrics", "torch_fidelity"))) and weights(INCEPTION).is_file()


def left_out() -> str:
    """The sentence about what is not reported, and why."""
    lacking = []
    if not lpips_is_here():
        lacking.append(f"LPIPS (torchmetrics, torchvision and {weights(ALEXNET)})")
    if not fid_is_here():
        lacking.append(f"FID (torchmetrics, torch-fidelity and {weights(INCEPTION)})")
    missing = f"Left out, because what is named is not on this machine: {'; '.join(lacking)}. " if lacking else ""
    return f"{missing}FVD is left out: torchmetrics brings no video network."


@cache
def _lpips():
    from torchmetrics.image.lpip import LearnedPerceptualImagePatchSimilarity

    return LearnedPerceptualImagePatchSimilarity(net_type="alex").eval()


def lpips(a: np.ndarray, b: np.ndarray) -> list[float]:
    """LPIPS (Zhang et al. 2018, AlexNet) of frames (t h w c), pair by pair."""
    import torch

    from t2w.media.pixels import to_tensor

    with torch.inference_mode():
        return [_lpips()(x[None], y[None]).item() for x, y in zip(to_tensor(a)[0], to_tensor(b)[0], strict=True)]


@cache
def _inception():
    import torch
    from torchmetrics.image.fid import FrechetInceptionDistance

    torch.load(weights(INCEPTION), weights_only=True)  # torch-fidelity reads the file trustingly: it must be nothing but tensors
    return FrechetInceptionDistance(feature_extractor_weights_path=str(weights(INCEPTION))).inception.eval()


def inception(frames: np.ndarray) -> np.ndarray:
    """The features (t d) that FID compares (Heusel et al. 2017)."""
    import torch
    from einops import rearrange

    with torch.inference_mode():
        return _inception()(torch.from_numpy(rearrange(frames, "t h w c -> t c h w"))).numpy()
