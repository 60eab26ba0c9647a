"""Parallax: where each place of the next picture was in this one, under an action.

A network of convolutions says how near things are in a picture and how the eye moves and turns, beside what the actions alone say of that
(Zhou et al. 2017, "Unsupervised learning of depth and ego-motion"). What is near enough stops the eye. By these the picture's points fall
into the next view, and the flow between the two follows from where they came; the player stays where he is in the picture. The picture is
moved, not its latents: half a latent to the side, a latent means another picture. What comes into view, and what moves by itself, is left
to the dynamics.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from t2w.nn.autoencoder import AutoencoderConfig, build
from t2w.nn.geometry import crisp, fallen, head_over_feet, projected, spread, stopped, values_at
from t2w.nn.precision import exactly
from t2w.nn.unet import UNet
from t2w.nn.view import places, rotated, turned

STILL = 1e-4  # metres
PIVOT = 10.0  # metres; by steps as small as the other weights' a pivot would never get there
EDGE = 3  # places across: so far around the player his edges reach
READ_IN = 12  # channels in which the depths of a picture are read
AFLOAT = 8  # width of what tells whether the player swims
STROKES, LATELY = 24, 12  # width of what tells how he does, and of how many actions it knows: water soon takes away what one had of speed
GAPS = 3  # places that a view's points leave open, to each side, and that are closed


@dataclass(frozen=True)
class ParallaxConfig:
    channels: int = 16  # of a latent
    height: int = 12  # latents
    width: int = 20
    actions: int = 9  # size of the action vector; the last two are the mouse
    turn: float = 12.0  # degrees of view turn that a mouse of 1 means
    tilts: tuple[float, float] = (-1.0, 1.2)  # radians between which the eye can look down
    lens: tuple[float, float] = (1.279, 0.7673)  # half width and half height of the picture at distance 1; pictures may say otherwise
    history: int = 12  # actions that the picture's own part is told
    gait: int = 32  # actions from which speed follows, and how far a jump has got
    gaits: int = 3  # ways to walk: what the eye does is another thing in each kind of view; in the last one does not look where one goes
    face: int = 48  # width of the convolutions that tell which way the player faces
    slant: int = 64  # width of what tells how far the eye looks down
    widths: tuple[int, ...] = (64, 112, 144)  # of the U-Net, at 1/4, 1/8, 1/16 of the picture's size
    down: tuple[int, ...] = (1, 2, 2)  # its blocks on the way down, and up
    up: tuple[int, ...] = (4, 2)
    condition: int = 128
    encoder_widths: tuple[int, ...] = AutoencoderConfig.encoder_widths
    encoder_blocks: tuple[int, ...] = AutoencoderConfig.encoder_blocks


SMALL = {"encoder_widths": (8, 8, 16), "encoder_blocks": (1, 1, 1)}
TINY = ParallaxConfig(channels=8, widths=(12, 16, 16), down=(1, 1, 1), up=(0, 0), face=8, slant=8, condition=16, **SMALL)  # for the tests


def histories(actions: Tensor, n: int) -> Tensor:
    """Actions (b t a) => for each, itself and those before it, newest first, and whether they are known (b t n a+1)."""
    known = F.pad(torch.cat([actions, torch.ones_like(actions[..., :1])], -1), (0, 0, n - 1, 0))
    return known.unfold(1, n, 1).flip(-1).transpose(2, 3)


def three_layers(into: int, wide: int, out: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(into, wide), nn.SiLU(), nn.Linear(wide, wide), nn.SiLU(), nn.Linear(wide, out))


class Gait(nn.Module):
    """Ego-motion: actions => how the eye moves. Histories (b n a+1), which way the player faces (b 2), by how many radians the eye looks
    down (b), how it turns (b 3 3), and whether he swims (b: 1, else 0), => shifts in metres (b k 3), one for each way to walk. In the last,
    the eye sees from above who goes where he faces.

    What is learnt are steps on level ground and strokes in water, and the point around which the eye turns: its own place, or the head of
    who is seen from behind."""

    def __init__(self, config: ParallaxConfig):
        super().__init__()
        self.layers = three_layers(config.gait * (config.actions + 1), 2 * config.condition, 3 * config.gaits)
        self.strokes = three_layers(LATELY * (config.actions + 1), STROKES, 3 * config.gaits)
        self.pivot = nn.Parameter(torch.zeros(config.gaits, 3))  # across, down and ahead of the eye, in units of PIVOT

    def forward(self, history: Tensor, facing: Tensor, tilt: Tensor, rotation: Tensor, afloat: Tensor) -> Tensor:
        history = history.to(self.layers[0].weight.dtype)
        on_land, in_water = self.layers(history.flatten(1)).float(), self.strokes(history[:, :LATELY].flatten(1)).float()
        across, down, ahead = torch.lerp(on_land, in_water, afloat[:, None]).unflatten(1, (-1, 3)).unbind(2)
        as_one_looks = facing.new_tensor([1.0, 0.0]).expand(*across[:, 1:].shape, 2)
        cos, sin = torch.cat([as_one_looks, facing[:, None]], 1).unbind(2)
        across, ahead = cos * across + sin * ahead, cos * ahead - sin * across
        cos, sin = tilt.cos()[:, None], tilt.sin()[:, None]
        steps = torch.stack([across, cos * down - sin * ahead, sin * down + cos * ahead], 2)
        with exactly(steps.device):
            return steps + self.heads - self.heads @ rotation.mT

    @property
    def heads(self) -> Tensor:
        """Where the point is around which the eye turns, in metres from it, for each way to walk (k 3)."""
        return PIVOT * self.pivot.float()


class Facing(nn.Module):
    """A picture (b 3 8h 8w) => which way the player faces who stands in its middle, beside where the eye looks: cosine and sine of the
    angle to the right (b 2)."""

    def __init__(self, config: ParallaxConfig):
        super().__init__()
        d, self.side = config.face, config.height // 2 * 8
        sizes = ((3, d, 4, 2), (d, d, 3, 1), (d, 2 * d, 4, 2), (2 * d, 2 * d, 3, 1), (2 * d, 2 * d, 4, 2))
        self.layers = nn.Sequential(
            *(part for c, into, k, by in sizes for part in (nn.Conv2d(c, into, k, by, 1), nn.GroupNorm(4, into), nn.SiLU())),
            nn.Flatten(),
            nn.Linear(2 * d * (self.side // 8) ** 2, 2 * d),
            nn.SiLU(),
            nn.Linear(2 * d, 2),
        )

    def forward(self, picture: Tensor) -> Tensor:
        return F.normalize(self.of_middle(middle(picture, self.side)))

    def of_middle(self, part: Tensor) -> Tensor:
        """The same of a picture's middle (b 3 side side), the less sure the nearer to nothing."""
        return self.layers(part.to(self.layers[0].weight.dtype)).float()


class Reading(nn.Module):
    """What is in the depths of a picture (b d h/2 w/2) => a number (b). Whether the player swims; by how many radians the eye looks down:
    beside all else that tells of the eye, that was the first to be given up, in one kind of view one answer for all."""

    def __init__(self, config: ParallaxConfig, wide: int):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(config.widths[-1], READ_IN, 1),
            nn.SiLU(),
            nn.Flatten(),
            nn.Linear(READ_IN * (config.height // 2) * (config.width // 2), wide),
            nn.SiLU(),
            nn.Linear(wide, 1),
        )

    def forward(self, deep: Tensor) -> Tensor:
        return self.layers(deep).float()[:, 0]


def middle(picture: Tensor, side: int) -> Tensor:
    """Its middle (… side side)."""
    h, w = picture.shape[-2:]
    return picture[..., (h - side) // 2 : (h + side) // 2, (w - side) // 2 : (w + side) // 2]


class Manner(NamedTuple):
    """What a world's first picture says for good, and what follows from that and the mouse: a dream that has come apart is not asked for it."""

    facing: Tensor  # (b 2) which way the player faces, beside where the eye looks
    tilt: Tensor  # (b) radians by which the eye looks down
    gait: Tensor  # (b k) which way to walk it is: logits
    lens: Tensor  # (b 2) half width and half height of the picture at distance 1
    head: Tensor  # (b 3) where the player's head is from the eye, in metres

    @property
    def from_above(self) -> Tensor:
        """Whether the eye looks from above, and never turns (b)."""
        return self.gait.argmax(1) == self.gait.shape[1] - 1


class Seen(NamedTuple):
    """What there is to be seen in a picture."""

    near: Tensor  # (b H W) how near all is, 1 / metres
    player: Tensor  # (b H W) whether it is the player, who goes with the eye: its logit
    deep: Tensor  # (b d h/2 w/2) what is in its depths

    def told(self, near: Tensor) -> "Seen":
        """With all but the player as near as that (b H W), where anybody knows: below 0 nobody does."""
        return self._replace(near=torch.where((near >= 0) & (self.player <= 0), near, self.near))


class Motion(NamedTuple):
    """From one picture to the next. A point at x in the new view, in metres across, down and ahead, was at rotation @ x + shift in the old."""

    flow: Tensor  # (b H W 2) where each place of the new picture was in the old one: x, y in -1..1
    near: Tensor  # (b H W) how near each place of the new picture is, 1 / metres
    seen: Seen  # in the old one
    rotation: Tensor  # (b 3 3)
    shift: Tensor  # (b 3)
    ahead: Tensor  # (b H W) how far ahead each place of the new picture was in the old one, were it one metre away in the new one
    tilt: Tensor  # (b) radians by which the eye looked down in the old view
    afloat: Tensor  # (b) whether the player swam there: its logit
    manner: Manner  # of the new view

    @property
    def lens(self) -> Tensor:
        return self.manner.lens

    @property
    def head(self) -> Tensor:
        return self.manner.head

    @property
    def player(self) -> Tensor:
        return self.seen.player


class Parallax(nn.Module):
    """forward(): how this picture becomes the next one.

    The encoder is one of its own: an autoencoder's sharpens a little whenever its own picture goes through it again, and in a loop that adds up.
    """

    def __init__(self, config: ParallaxConfig):
        super().__init__()
        self.config = config
        condition, deep = config.condition, config.widths[-1]
        self.action = nn.Sequential(
            nn.Linear(config.history * (config.actions + 1), condition), nn.SiLU(), nn.Linear(condition, condition), nn.SiLU()
        )
        self.unet = UNet(8 * config.height, 8 * config.width, 2, config.widths, config.down, config.up)
        self.gait, self.facing = Gait(config), Facing(config)
        self.tilt, self.afloat = Reading(config, config.slant), Reading(config, AFLOAT)
        self.move = three_layers(2 * deep + condition, 2 * deep, 5 + config.gaits)
        size = {"encoder_widths": tuple(config.encoder_widths), "encoder_blocks": tuple(config.encoder_blocks)}
        self.encoder = build(AutoencoderConfig(config.channels, **size)).encoder
        with torch.no_grad():
            for last in (self.move[-1], self.tilt.layers[-1], self.afloat.layers[-1]):
                last.weight.mul_(0.1)
                last.bias.zero_()

    def forward(
        self,
        picture: Tensor,
        history: Tensor,
        manner: Manner | None = None,
        seen: Seen | None = None,
    ) -> Motion:
        """picture (b 3 8h 8w), history (b n a+1) as of `histories`, as long as the gait's; the world's manner, and what there is to be
        seen, as far as these are known: else the picture says so."""
        seen = seen or self.seen(picture)
        here, player, deep = seen
        told = self.action(history[:, : self.config.history].to(self.kind).flatten(1))
        moves = self.move(torch.cat([deep.mean((2, 3)), deep.amax((2, 3)), told], 1)).float()
        forth, lens, gait = moves.split([3, 2, self.config.gaits], 1)
        lens = lens.new_tensor(self.config.lens) * torch.exp(0.2 * lens)
        facing, tilt, gait, lens, head = manner or self._manner(picture, seen, gait, lens)
        mouse = history[:, 0, -3:-1].float() * (self.config.turn * torch.pi / 180)
        ways = gait.softmax(1)
        by = mouse * (1 - ways[:, -1:])  # who looks from above does not turn
        after = Manner(rotated(facing, mouse[:, 0]), (tilt + by[:, 1]).clamp(*self.config.tilts), gait, lens, head)
        with exactly(here.device):
            rotation = turned(tilt, by, self.config.tilts)
        afloat = self.afloat(deep)
        shift = 0.5 * forth + (ways[:, :, None] * self.gait(history, facing, tilt, rotation, afloat.sigmoid())).sum(1)
        with exactly(here.device):
            orbit = head - (rotation @ head[..., None])[..., 0]  # when it turns, the eye goes around him, whatever stands there
        steps = shift - orbit
        free = stopped(here.detach(), player <= 0, steps.detach(), lens.detach(), head.detach(), tilt.detach())
        shift = torch.where((free - steps).abs().amax(1, keepdim=True) < STILL, shift, free + orbit)
        around = spread(player, EDGE)  # what is left of his edges would stand in the world as a ghost
        near = in_the_next(crisp(here.detach()), around, rotation.detach(), shift.detach(), lens.detach())
        flow, ahead = where_it_was(near, around > 0, rotation, shift, lens)
        return Motion(flow, near, seen, rotation, shift, ahead, tilt, afloat, after)

    def _manner(self, picture: Tensor, seen: Seen, gait: Tensor, lens: Tensor) -> Manner:
        found = Manner(self.facing(picture), self.tilt(seen.deep), gait, lens, (gait.softmax(1)[:, :, None] * self.gait.heads).sum(1))
        # Of an eye that never turns around him, the gait cannot have learnt it.
        above = head_over_feet(seen.near, seen.player > 0, found.tilt, lens).detach()
        return found._replace(head=torch.where(found.from_above[:, None], above, found.head))

    def seen(self, picture: Tensor) -> Seen:
        maps, deep = self.unet(picture.to(self.kind, memory_format=torch.channels_last))
        near, player = maps.float().unbind(1)
        return Seen(F.softplus(4 * near - 2), player, deep)

    @property
    def kind(self) -> torch.dtype:
        return self.unet.spot.dtype


def where_it_was(near: Tensor, his: Tensor, rotation: Tensor, shift: Tensor, lens: Tensor) -> tuple[Tensor, Tensor]:
    """Where places of the new view, so near (b H W), were in the old one (b H W 2), and how far ahead, as `Motion` says; those that are the
    player's (b H W) go with the eye."""
    flow, ahead = projected(near, rotation, shift, lens, lens)
    return torch.where(his[..., None], places(*near.shape[1:], near.device), flow), torch.where(his, 1.0, ahead)


def in_the_next(here: Tensor, player: Tensor, rotation: Tensor, shift: Tensor, lens: Tensor) -> Tensor:
    """How near all is in the next view (b H W), of what is so near `here` (b H W). Of what comes into view, as beside it at the edge."""
    with exactly(here.device):
        back = rotation.mT, -(rotation.mT @ shift[..., None])[..., 0]
    at, ahead = projected(here, *back, lens, lens)
    near = fallen(here, at, ahead, player <= 0, GAPS)
    turned, _ = projected(torch.zeros_like(here), rotation, shift, lens, lens)
    (beside,) = values_at(turned, here)
    return torch.where((near < 0) | (player > 0), beside, near)
