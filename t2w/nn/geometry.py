"""Geometry of views: reprojection, forward splatting, backward warping, and what stops who walks there.

Nearness is inverse depth, 1 / metres along the view. Its map has half the picture's height and width; a place is a pixel of that map. A flow
says for each place of a picture where it was in another, x and y in -1..1.
"""

import math

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor

from t2w.nn.once import once
from t2w.nn.precision import exactly
from t2w.nn.view import moved, places, tilted

NEAREST = 0.02  # of what is one metre away along the view: less far ahead after a move it is not projected
METRES = 8.0  # in which nearness is compared
ALIKE = 0.15  # it is the same place where its nearness, as it is `compared`, is not farther off: a tree at 40 metres is not the sky
ASIDE = 1.5  # radians: what is seen from so much another side than it was is known e times less well
FINER = 4  # places of a flow along a latent's side
WIDE = 0.2  # places: a point that falls so near to the next one covers that as well, and the more the larger it is now
LARGEST = 3.0  # times as large as a point was, it is at most, in places; what is larger is so large in latents
FARTHEST = 1e4  # nearer than that is nothing
ROOM = 1.0  # metres around the player that nothing comes into: he walks along a wall, and not up to where its picture would come apart
HEAD = 1.5  # metres above the feet
BODY = (-0.2, 1.0)  # metres below his head between which things are in the way: not what one steps over, nor goes under
EVENED, TIMES = 5, 3  # places across in which nearness is evened out, and how often
TENTH = 0.1  # by so much of it, at most, are places nearer or farther off that are evened out
CRISP = 0.2  # by so much more a pixel differs from the middle of those around it than cubics say, where it comes from between them
SKY = 0.005  # nearness beyond which all is alike
SPECK, SPECKS = 0.4, 8  # metres across, and places at most, of what may be taken wrongly to be so near
BELOW = 4  # places farther down in the picture, beside which it is told whether a place stands or lies


def projected(near: Tensor, rotation: Tensor, shift: Tensor, lens: Tensor, into: Tensor) -> tuple[Tensor, Tensor]:
    """Reprojection: rays of a view (nearness b H W, lens b 2) turned and moved into another, of lens `into` => where they are there (b H W
    2), and how far ahead, were they one metre away (b H W)."""
    with exactly(near.device):
        of, to = (F.pad(part, (0, 1), value=1.0) for part in (lens, into))
        turned = rotation * of[:, None] / to[..., None]
        points = (turned @ _upright(*near.shape[1:], near.device)).unflatten(2, near.shape[1:])
        x, y, ahead = torch.addcmul(points, (shift / to)[..., None, None], near[:, None]).unbind(1)
    away = ahead.clamp(min=NEAREST)
    return torch.stack([x / away, y / away], -1), ahead


@once
def _upright(h: int, w: int, device: torch.device) -> Tensor:
    """(3 h*w): places as they are one ahead."""
    return F.pad(places(h, w, device), (0, 1), value=1.0).flatten(0, 1).mT.contiguous()


def stopped(near: Tensor, counts: Tensor, shift: Tensor, lens: Tensor, head: Tensor, tilt: Tensor) -> Tensor:
    """Collision: shifts of the player (b 3) whose head is there (b 3, from the eye), but not into what stands in his way: places of
    nearness `near` (b H W), those that count (b H W), seen through a lens (b 2) by an eye that looks down by `tilt` (b), in radians. He
    goes up to them, and slides along; water, and ground that rises less than it goes on, are no walls, however high."""
    with exactly(near.device):
        by = tilted(tilt)
        point = (_points(near, lens) - head[:, None, None]) @ by.mT[:, None]
        shift = (shift[:, None] @ by.mT)[:, 0]
        solid = (counts & _standing(point) & (point[..., 1] > BODY[0]) & (point[..., 1] < BODY[1])).flatten(1)
        level, left = point[..., [0, 2]].flatten(1, 2), shift[:, [0, 2]]
        gone, wide = torch.zeros_like(left), 2 * lens[:, :1] * head.norm(dim=1, keepdim=True) / near.shape[2]
        specks = (SPECK / wide.clamp(min=1e-3)).square().clamp(1, SPECKS).long() - 1
        for _ in range(2):  # straight on; then along it
            far = left.norm(dim=1, keepdim=True)
            ahead = left / far.clamp(min=1e-6)
            away = level - gone[:, None]
            along, far2 = (away @ ahead[..., None])[..., 0], away.square().sum(-1)
            beside = far2 - along.square()
            least = torch.where(solid, far2, FARTHEST).topk(SPECKS, largest=False)[0].gather(1, specks)
            room2 = 0.98 * least.clamp(max=ROOM**2)  # who is nearer already may go along, too
            until = torch.where(solid & (along > 0) & (beside < room2), along - (room2 - beside).clamp(min=0).sqrt(), FARTHEST)
            until, which = until.topk(SPECKS, largest=False)
            free = torch.minimum(until.gather(1, specks).clamp(min=0), far)
            gone, left = gone + free * ahead, (far - free) * ahead
            if not left.any():
                break
            wall = F.normalize(level.take_along_dim(which[..., None], 1).mean(1) - gone)
            left = left - (left * wall).sum(1, keepdim=True).clamp(min=0) * wall
        return (torch.stack([gone[:, 0], shift[:, 1], gone[:, 1]], 1)[:, None] @ by)[:, 0]


def _standing(point: Tensor) -> Tensor:
    """Which points of a view (b H W 3) stand rather than lie (b H W): those below them are lower by more than they are nearer or farther off."""
    _, down, on = (point[:, BELOW:] - point[:, :-BELOW]).abs().unbind(-1)
    stands = on < down
    return torch.cat([stands, stands[:, -1:].expand(-1, BELOW, -1)], 1)


def _points(near: Tensor, lens: Tensor) -> Tensor:
    """Back-projection: where places (b H W), so near, are from the eye, in metres across, down and ahead (b H W 3)."""
    return F.pad(places(*near.shape[1:], near.device) * lens[:, None, None], (0, 1), value=1.0) / near.clamp(min=1e-3)[..., None]


def head_over_feet(near: Tensor, his: Tensor, tilt: Tensor, lens: Tensor) -> Tensor:
    """Where the player's head is from an eye (b 3, metres) that looks down at him by `tilt` (b), through a lens (b 2): over his feet, the lowest
    places that are his (b H W), which are as near (b H W) as the ground right below them in the picture."""
    h, every = near.shape[1], torch.arange(len(near), device=near.device)
    below = (his.any(2) * torch.arange(1, h + 1, device=near.device)).amax(1).clamp(1, h - 1)
    feet = his[every, below - 1] + 1e-6  # where he is not to be seen, anywhere
    ground = (feet[..., None] * _points(near, lens)[every, below]).sum(1) / feet.sum(1, keepdim=True)
    return ground - HEAD * tilted(tilt)[:, 1]


def in_the_way(near: Tensor, lens: Tensor) -> Tensor:
    """Which places (b H W), so near, stand higher than what one steps over, were the eye level and in one's head."""
    point = _points(near, lens)
    return (near > 0) & _standing(point) & (point[..., 1] < BODY[1])


def warped(pictures: Tensor, to: Tensor) -> Tensor:
    """Backward warping: pictures (b c h w) moved by a coarser flow `to` (b H W 2)."""
    by = rearrange(to - places(*to.shape[1:3], to.device), "b h w k -> b k h w").contiguous()
    return shifted(pictures, F.interpolate(by, size=pictures.shape[-2:], mode="bilinear", align_corners=False))


def shifted(pictures: Tensor, by: Tensor) -> Tensor:
    """Bicubic backward warping: pictures (b c h w), each pixel from so far beside it (b 2 h w: x and y, in halves of the picture), and
    never beyond the four pixels that are around there: what cubics overshoot beside an edge, again and again, would be a line along it.
    What comes from between pixels they blur, and that adds up as well; so it is made the stronger, the farther between them it is."""
    (h, w), by = pictures.shape[-2:], rearrange(by, "b k h w -> b h w k")
    to, size = places(h, w, by.device) + by, by.new_tensor([w, h])
    found = moved(pictures[:, None], to[:, None], "bicubic")[:, 0]
    first = to - 1 / size  # of the four; the one that is nearest to half a pixel before
    low, high = moved(_of_four(pictures)[:, None], first[:, None], "nearest")[:, 0].chunk(2, 1)
    between = 1 - (2 * ((to * size + size - 1) / 2 % 1) - 1).square().prod(-1)  # 0 on a pixel, 1 half a pixel off in either direction
    return torch.lerp((low + high) / 2, found, 1 + CRISP * between[:, None]).clamp(low, high)


def _of_four(pictures: Tensor) -> Tensor:
    """The least and the most of each pixel, the one right of it, and the two below (b 2c h w)."""
    wide, found = F.pad(pictures, (0, 1, 0, 1), mode="replicate"), []
    for of_two in (torch.minimum, torch.maximum):  # some thirty times quicker than a pooling
        beside = of_two(wide[..., :-1], wide[..., 1:])
        found.append(of_two(beside[..., :-1, :], beside[..., 1:, :]))
    return torch.cat(found, 1)


def values_at(to: Tensor, *values: Tensor, mode: str = "bilinear") -> tuple[Tensor, ...]:
    """Values at the places of a flow (b H W each), from where a flow `to` (b H W 2) says."""
    return F.grid_sample(torch.stack(values, 1), to, mode, "border", align_corners=False).unbind(1)


def compared(near: Tensor) -> Tensor:
    """Nearness (1 / metres) on a logarithmic scale, on which one may take differences: log(1 + 8 / metres)."""
    return (METRES * near).log1p()


def spread(values: Tensor, across: int) -> Tensor:
    """Dilation: values (b H W), the greatest in so many places across, an odd number. Each maximum of two covers twice as much as the one
    before, as much as is wanted at the end: in rows, then in columns, that is several times quicker than a pooling."""
    r = across // 2
    for axis, beyond in ((-1, (r, r)), (-2, (0, 0, r, r))):
        values, covered = F.pad(values, beyond, value=-math.inf), 1
        while covered < across:
            step = min(covered, across - covered)
            left = values.shape[axis] - step
            values, covered = torch.maximum(values.narrow(axis, 0, left), values.narrow(axis, step, left)), covered + step
    return values


def mean_around(values: Tensor, across: int, every: int = 1) -> Tensor:
    """A box filter: values (… h w), around each place the mean of a square so many places across, as far as that is within the picture; or
    around each square of `every` by `every` places (… h/every w/every). It is a product with a band from either side: ten times quicker
    than a pooling."""
    h, w = values.shape[-2:]
    with exactly(values.device):
        return _band(h, across, every, values.device) @ values.float() @ _band(w, across, every, values.device).mT


def smoothed(values: Tensor) -> Tensor:
    """A median filter: values (b H W), of three in a row the middle one, and of three in a column of these; beyond the edge it goes on as there."""
    for axis, beyond in ((-1, (1, 1)), (-2, (0, 0, 1, 1))):
        n, wide = values.shape[axis], F.pad(values, beyond, mode="replicate")
        a, b, c = (wide.narrow(axis, k, n) for k in range(3))
        low, high = torch.minimum(a, b), torch.maximum(a, b)
        values = torch.maximum(low, torch.minimum(high, c))
    return values


@once
def _band(n: int, across: int, every: int, device: torch.device) -> Tensor:
    """(n/every n): of n places in a row, the shares of each in the means around every so manieth."""
    place = torch.arange(n, device=device)
    within = ((place - place[::every, None] - (every - 1) / 2).abs() < across / 2).float()
    return within / within.sum(1, keepdim=True)


def opened(values: Tensor, across: int) -> Tensor:
    """Opening, of morphology: values (b H W) without what stands out in fewer places than `across`, an odd number. At the edge of the
    picture it may go on beyond."""
    return spread(-spread(-values, across), across)


def enlarged(to: Tensor, ahead: Tensor, lens: Tensor, into: Tensor) -> Tensor:
    """How many places of the old picture, of lens `into`, a place of the new one was (b H W), at most 1, where `projected` says `to` and
    `ahead`: by how far away it was and is, alone. (What one sees aslant is enlarged more.)"""
    new, old = _away(to, ahead, lens, into)
    return (new / old).clamp(max=1)


def trusted(to: Tensor, ahead: Tensor, lens: Tensor, into: Tensor, gone: Tensor) -> Tensor:
    """How well a place is known still (b H W), at most 1: less where it is `enlarged`, and where it is now seen from another side, the eye
    having `gone` so far (b H W), were the place one metre away. How near it is was guessed, and the greater the angle, the more that shows."""
    new, old = _away(to, ahead, lens, into)
    angle = ((new + old - gone.square()) / (2 * (new * old).sqrt())).clamp(-1, 1).acos()
    return (new / old).clamp(max=1) * torch.exp(-angle / ASIDE)


def _away(to: Tensor, ahead: Tensor, lens: Tensor, into: Tensor) -> tuple[Tensor, Tensor]:
    """Squares of how far away a place is in the new view and was in the old, of lens `into` (b H W each), were it one metre ahead in the new."""
    new = 1 + (places(*to.shape[1:3], to.device) * lens[:, None, None]).square().sum(-1)
    return new, (1 + (to * into[:, None, None]).square().sum(-1)) * ahead.clamp(min=NEAREST).square()


def inside(to: Tensor) -> Tensor:
    """Which places a flow `to` (b H W 2) finds in the old picture (b H W): 1, else 0."""
    return (to.abs() <= 1).all(-1).float()


def nearer(near: Tensor, ahead: Tensor, there: Tensor) -> Tensor:
    """By how much nearer, as `compared`, places of one view are in another, where `projected` says `ahead`, than what was seen `there`:
    below -ALIKE something hid them."""
    return compared(near / ahead.clamp(min=NEAREST)) - compared(there)


def per_latent(values: Tensor) -> Tensor:
    """Values at the places of a flow (b H W) => their means in each latent (b 1 h w)."""
    return F.avg_pool2d(values[:, None], FINER)


def per_pixel(values: Tensor, picture: Tensor) -> Tensor:
    """Values at the places of a flow (b H W) => at the pixels of a picture (b 1 8h 8w)."""
    return F.interpolate(values[:, None], size=picture.shape[-2:], mode="bilinear", align_corners=False)


def crisp(near: Tensor) -> Tensor:
    """Nearness (b H W) with sharp edges: where two things meet, each place is as near as the one or the other, for between them nothing is."""
    much, low, high = _between(near)
    return torch.where(high - low > ALIKE, torch.where(much - low < high - much, low, high), much).expm1() / METRES


def whole(near: Tensor) -> Tensor:
    """Where nearness (b H W) is of one thing (b H W): at the edges of things it is of neither, and what is thrown from there flies about."""
    _, low, high = _between(near)
    return high - low < ALIKE


def _between(near: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Nearness (b H W) as `compared`, and the least and the most of it at a place and right beside it."""
    much = compared(near)
    return much, -spread(-much, 3), spread(much, 3)


def evened(near: Tensor) -> Tensor:
    """Edge-preserving smoothing: nearness (b H W), each place's the mean of those around it that are about as near. A wall that was guessed
    to be a little nearer here than there falls apart when one walks up to it."""
    for _ in range(TIMES):
        much = (near + SKY).log()
        wide = F.pad(torch.stack([near, much], 1), 4 * [EVENED // 2], mode="replicate")
        beside, there = F.unfold(wide, EVENED).unflatten(2, near.shape[1:]).unflatten(1, (2, -1)).unbind(1)
        alike = (there - much[:, None]).abs() < TENTH
        near = (beside * alike).sum(1) / alike.sum(1)
    return near


def fallen(near: Tensor, at: Tensor, ahead: Tensor, counts: Tensor, gaps: int) -> Tensor:
    """Forward splatting with a z-buffer: how near all is in another view (b H W). Points of nearness `near` fall where `projected` says
    (`at` b H W 2, `ahead` b H W), those that count (b H W), and the nearest stays; -1 where nothing fell. Gaps, so many places to each
    side, are as the farthest beside them: who comes out from behind something stands farther off."""
    there = near / ahead.clamp(min=NEAREST)
    counts = counts & (ahead > NEAREST) & (inside(at) > 0)
    found, large = _dropped(there, at, ahead, counts, 1), counts & (LARGEST * ahead < 1)
    if large.any():
        coarse = _dropped(there, at, ahead, large, FINER)
        found = torch.maximum(found, F.interpolate(coarse[:, None], near.shape[1:])[:, 0])
    found = torch.where(found < 0, FARTHEST, found)
    for _ in range(gaps):
        found = torch.where(found < FARTHEST, found, -spread(-found, 3))
    return torch.where(found < FARTHEST, found, -1.0)


def _dropped(there: Tensor, at: Tensor, ahead: Tensor, counts: Tensor, coarser: int) -> Tensor:
    """The nearest of the points so near `there` (b H W) that fall into each square of `coarser` by `coarser` places (b H/… W/…); -1 where
    none does."""
    h, w = (n // coarser for n in there.shape[1:])
    u = (at.clamp(-1, 1) + 1) / 2 * at.new_tensor([w, h])
    size = 1 / (coarser * ahead).clamp(min=1 / LARGEST)
    reach = WIDE + (size.clamp(min=1) - 1) / 2  # else what is far shows between the points of what comes near
    taps = torch.linspace(-1, 1, 1 + math.ceil(2 * reach.max().item()), device=at.device)
    columns, rows = ((u[..., k] + taps[:, None, None, None] * reach).floor().long().clamp(0, n - 1) for k, n in ((0, w), (1, h)))
    cell = torch.where(counts, rows[:, None] * w + columns, h * w).flatten(0, 1).transpose(0, 1)
    found = there.new_full((len(there), h * w + 1), -1.0)
    found.scatter_reduce_(1, cell.flatten(1), there[:, None].expand(cell.shape).flatten(1), "amax")
    return found[:, :-1].unflatten(1, (h, w))
