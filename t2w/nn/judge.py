"""The judge: pictures in, what is to be seen in them out; two neighbouring frames in, the keys and the turn between them out.

One small convolutional network with two uses. Its inner features also say how far two pictures are apart. Pictures are
(b c h w) in [-1, 1]; answers are unscaled logits, one row a picture.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from einops import rearrange
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from t2w.errors import MISSING, T2WError

VERSION = 1  # of what is asked and how it is answered: figures of different versions are not compared
Questions = tuple[tuple[str, tuple[str, ...]], ...]  # a name, and the words of its answers
# Degrees of turn in one frame that a pair is sorted into, the nearest one.
TURNS = (-11.0, -8.0, -5.0, -3.0, -1.5, -0.6, 0.0, 0.6, 1.5, 3.0, 5.0, 8.0, 11.0)
_TURNS = tuple(map(str, TURNS))
SCALES = (2, 4, 8)  # pictures are shrunk so much before flow is measured: small steps are seen in large pictures, large ones in small
MOTIONS: Questions = (
    ("ahead", ("", "w", "s")),
    ("aside", ("", "d", "a")),
    ("right", _TURNS),
    ("down", _TURNS),
    ("space", ("", "space")),
    ("e", ("", "e")),
    ("lmb", ("", "lmb")),
)


@dataclass(frozen=True)
class JudgeConfig:
    """Widths are those at 1/4, 1/8 and 1/16 of the picture's size."""

    attributes: Questions
    motions: Questions = MOTIONS
    width: int = 160
    height: int = 96
    widths: tuple[int, int, int] = (24, 48, 96)
    match: int = 8  # channels in which places of two frames are compared
    reach: tuple[int, int] = (4, 2)  # how many cells of four pixels a thing may have moved, right or left and down or up
    pair: tuple[int, int] = (32, 48)  # widths of what looks at both frames, at 1/8 and 1/16


class Still(nn.Module):
    """A residual block: what is there already, and what its neighbourhood adds."""

    def __init__(self, d: int):
        super().__init__()
        self.convolution, self.norm = nn.Conv2d(d, d, 3, padding=1, bias=False), nn.BatchNorm2d(d)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.norm(self.convolution(x)))


def halve(c: int, d: int) -> nn.Sequential:
    """(b c h w) => (b d h/2 w/2)."""
    return nn.Sequential(nn.Conv2d(c, d, 3, 2, 1, bias=False), nn.BatchNorm2d(d), nn.ReLU())


class Questionnaire(nn.Module):
    """Each question looks where it likes, one about a thing's colour where that about the thing does.

    Answers come from what is seen there, from the mean of all places of (b d h w), and from the most of each feature anywhere.
    """

    def __init__(self, d: int, places: int, questions: Questions):
        super().__init__()
        self.names = tuple(name for name, _ in questions)
        things = list(dict.fromkeys(name.removesuffix("_color") for name in self.names))
        self.thing = [things.index(name.removesuffix("_color")) for name in self.names]
        self.look = nn.Conv1d(d, len(things), 1)
        self.usual = nn.Parameter(torch.zeros(len(things), places))  # where it stands as a rule
        self.answers = nn.ModuleList(nn.Linear(3 * d, len(words)) for _, words in questions)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        x = rearrange(x, "b d h w -> b d (h w)")
        weights = (self.look(x) + self.usual).softmax(-1)
        seen = torch.einsum("b q n, b d n -> b q d", weights, x)
        everywhere = torch.cat([x.mean(-1), x.amax(-1)], -1)
        told = zip(self.names, self.thing, self.answers)
        return {name: answer(torch.cat([seen[:, thing], everywhere], -1)) for name, thing, answer in told}


def unit(x: Tensor) -> Tensor:
    """Every place's features (b d h w) brought to length 1."""
    return x / (x.square().sum(1, keepdim=True) + 1e-6).sqrt()


def matches(before: Tensor, after: Tensor, reach: tuple[int, int]) -> Tensor:
    """(b d h w) twice => (b k h w): how like each place is to the k places around it in the other frame (FlowNet, Dosovitskiy et al. 2015)."""
    (x, y), (h, w) = reach, before.shape[2:]
    around = F.pad(after, (x, x, y, y))
    band = (torch.arange(w, device=after.device)[:, None] + torch.arange(2 * x + 1, device=after.device)).expand(len(after), h, -1, -1)
    found = []
    for row in range(2 * y + 1):  # whole rows are multiplied, which is faster than the few places that count
        like = torch.einsum("b d h w, b d h v -> b h w v", before, around[:, :, row : row + h])
        found.append(like.gather(-1, band))
    return rearrange(torch.cat(found, -1), "b h w k -> b k h w")


def flow(before: Tensor, after: Tensor, by: int, cell: int) -> Tensor:
    """Luma (b 1 h w) twice => (b 2 h/cell w/cell): how far each cell moved to the right and down, in `by` pixels, at most 2.

    Lucas and Kanade 1981, on pictures shrunk by `by`; each cell is seen with its neighbours.
    """
    a, b = F.avg_pool2d(before, by), F.avg_pool2d(after, by)
    mean, change = F.pad((a + b) / 2, (1, 1, 1, 1), "replicate"), b - a
    x, y = (mean[:, :, 1:-1, 2:] - mean[:, :, 1:-1, :-2]) / 2, (mean[:, :, 2:, 1:-1] - mean[:, :, :-2, 1:-1]) / 2
    cells = F.avg_pool2d(torch.cat([x * x, x * y, y * y, x * change, y * change], 1), cell // by)
    xx, xy, yy, xt, yt = F.avg_pool2d(cells, 3, 1, 1).unsqueeze(2).unbind(1)
    xx, yy = xx + 1e-3, yy + 1e-3  # where nothing is to be seen, nothing moves
    moved = torch.cat([xy * yt - yy * xt, xy * xt - xx * yt], 1) / (xx * yy - xy * xy)
    return moved.clamp(-2, 2)


class Judge(nn.Module):
    """features() once, then attributes() of one picture or motions() of two."""

    def __init__(self, config: JudgeConfig):
        super().__init__()
        self.config = config
        a, b, c = config.widths
        # 12: pixels taken together by fours.
        self.stages = nn.ModuleList((halve(12, a), nn.Sequential(halve(a, b), Still(b)), nn.Sequential(halve(b, c), Still(c))))
        places = (config.height // 16) * (config.width // 16)
        self.attribute = Questionnaire(c, places, config.attributes)
        self.match = nn.Conv2d(a, config.match, 1)
        around = (2 * config.reach[0] + 1) * (2 * config.reach[1] + 1)
        p, q = config.pair
        self.pair, flows = halve(2 * config.match + around, p), 2 * len(SCALES)
        self.pair_too = nn.Sequential(halve(p + flows, q), nn.Conv2d(q, 16, 1))
        self.join = nn.Linear((16 + flows) * places, 128)
        self.motion = nn.ModuleList(nn.Linear(128, len(words)) for _, words in config.motions)

    def features(self, x: Tensor) -> list[Tensor]:
        """(b c h w) at 1/4, 1/8 and 1/16, and before them the picture itself."""
        first = self.first(x)
        second = self.stages[1](first)
        return [x, first, second, self.stages[2](second)]

    def first(self, x: Tensor) -> Tensor:
        return self.stages[0](F.pixel_unshuffle(x, 2).contiguous(memory_format=torch.channels_last))

    def attributes(self, features: list[Tensor]) -> dict[str, Tensor]:
        return self.attribute(features[-1])

    def motions(self, before: list[Tensor], after: list[Tensor]) -> dict[str, Tensor]:
        """From the features of two neighbouring frames."""
        luma = [features[0].float().mean(1, keepdim=True) for features in (before, after)]
        flows = torch.cat([flow(*luma, by, 8) for by in SCALES], 1).to(before[1].dtype)
        a, b = (unit(self.match(features[1])) for features in (before, after))
        near = self.pair(torch.cat([a, b, matches(a, b, self.config.reach)], 1))
        told = torch.cat([self.pair_too(torch.cat([near, flows], 1)), F.avg_pool2d(flows, 2)], 1)
        x = F.relu(self.join(rearrange(told, "b d h w -> b (d h w)")))
        return {name: answer(x) for (name, _), answer in zip(self.config.motions, self.motion)}

    def forward(self, still: Tensor, before: Tensor, after: Tensor) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """For training: attributes of a still and of a frame (2b rows, the stills first), motions from that frame to the next (b rows)."""
        pictures = torch.cat([still, before])
        seen, later = self.features(pictures), [after, self.first(after)]
        frames = [stage.chunk(2)[1] for stage in seen[:2]]
        return self.attributes(seen), self.motions(frames, later)


def distance(a: list[Tensor], b: list[Tensor]) -> Tensor:
    """How unlike two pictures are, one figure a pair, from their features: as LPIPS (Zhang et al. 2018), no learnt weights.

    At every place of every stage the squared difference of the unit features, 0 to 4; the mean over places and stages.
    """
    stages = zip(a[1:], b[1:], strict=True)
    return torch.stack([(unit(x) - unit(y)).square().sum(1).mean((1, 2)) for x, y in stages]).mean(0)


def describe(judge: Judge) -> dict:
    """What config.json says of the network; `load` reads it."""
    return {"_class_name": "Judge", "version": VERSION, "judge": asdict(judge.config)}


def load(folder: Path) -> Judge:
    """The judge of a folder that `t2w train judge` has made, in single precision on the CPU. Raises T2WError where there is none."""
    try:
        about = json.loads((folder / "config.json").read_text("utf-8"))
        if about.get("version") != VERSION:
            raise ValueError(f"it is of version {about.get('version')}, this t2w asks for {VERSION}")
        judge = Judge(from_json(about["judge"]))
        judge.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in load_file(folder / "judge.safetensors").items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as error:
        raise T2WError(f"{folder} holds no judge ({error}); make one with: t2w train judge DATA --out {folder}", MISSING) from error
    return judge.to(memory_format=torch.channels_last).eval().requires_grad_(False)


def from_json(config: dict) -> JudgeConfig:
    """asdict()'s lists back to tuples."""
    questions = {key: tuple((name, tuple(words)) for name, words in config[key]) for key in ("attributes", "motions")}
    return JudgeConfig(**{key: tuple(value) if isinstance(value, list) else value for key, value in config.items()} | questions)
