"""Few steps instead of many: adversarial diffusion distillation in latents (Sauer et al. 2024, "LADD"), for painter and outpainter.

The former model, frozen, is the discriminator's backbone: small heads on the features of its blocks tell true pictures from made ones, both
shown to it with noise, and the right condition from a wrong one. Where a picture is half done already, the former one's guess with guidance is
the target. So guidance is distilled, too, and what is guessed from noise alone need not be the mean of all that could be. A second
discriminator sees latents without noise, patch by patch, where they smear what the former one hardly sees; and a painter's pictures are read by
a classifier that knows what was asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from diffusers import PRXTransformer2DModel
from einops import rearrange
from torch import Tensor, nn

from t2w.nn.critic import STEP, Residual, heeded, pull, steepness, told_apart
from t2w.nn.flow_matching import Draw, on_the_way
from t2w.nn.reader import Reader
from t2w.train.reader import hazy, misread

FRESH = 0.4  # share of pictures that are guessed from noise alone
LEAST = 0.15  # of noise, in the others
PULL, STEER = 1.0, 0.6  # of the heads to what is true, and to what is told, beside that of the former model
CLOSE, READ = 4.0, 3.0  # the same of who sees pictures close up, and of who reads them
SLOPE, BEND = 1.0, 0.3  # what heads, and who looks close up, pay for being steep

Told = dict[str, Tensor]  # what a model is told of n pictures (n … each)
Guess = Callable[[nn.Module, Tensor, Tensor, Told], Tensor]  # a model, noisy latents (n c h w), the share of noise (n) => what they will be


class Head(nn.Module):
    def __init__(self, d: int, width: int = 96):
        super().__init__()
        self.norm = nn.LayerNorm(d, elementwise_affine=False)
        self.layers = nn.Sequential(
            nn.Conv2d(d, width, 1), nn.SiLU(), nn.Conv2d(width, width, 3, padding=1), nn.SiLU(), nn.Conv2d(width, 1, 1)
        )

    def forward(self, seen: Tensor, height: int) -> Tensor:
        """What a block has seen (n k d), in so many rows => how true each place is (n k)."""
        return self.layers(rearrange(self.norm(seen), "n (h w) d -> n d h w", h=height)).flatten(1).float()


class Heads(nn.Module):
    """forward(): what the former model's blocks have seen => how true each place seems to each head (n k)."""

    def __init__(self, former: "Former"):
        super().__init__()
        self.patch = former.transformer.config.patch_size
        self.heads = nn.ModuleList(Head(former.transformer.config.hidden_size) for _ in former.blocks)

    def forward(self, seen: list[Tensor], height: int) -> Tensor:
        """`height` in latents."""
        return torch.cat([head(part, height // self.patch) for head, part in zip(self.heads, seen)], 1)


class CloseUp(nn.Module):
    """forward(): latent pictures (n c h w) => how true each patch looks (n k): of seven latents across, and of twenty-five."""

    def __init__(self, channels: int, d: int = 96):
        super().__init__()
        self.fine = nn.Sequential(nn.Conv2d(channels, d, 3, padding=1), Residual(d), nn.SiLU())
        self.coarse = nn.Sequential(nn.Conv2d(d, d, 3, stride=2, padding=1), Residual(d), Residual(d), nn.SiLU())
        self.true = nn.ModuleList(nn.Conv2d(d, 1, 1) for _ in range(2))

    def forward(self, pictures: Tensor) -> Tensor:
        fine = self.fine(pictures.contiguous(memory_format=torch.channels_last))
        return torch.cat([true(seen).flatten(1) for true, seen in zip(self.true, (fine, self.coarse(fine)))], 1).float()


class Critics(nn.Module):
    """Heads, and who sees latent pictures of so many channels close up. forward(): what either says of what it is shown."""

    def __init__(self, former: "Former", channels: int):
        super().__init__()
        self.heads, self.close_up = Heads(former), CloseUp(channels)

    def forward(self, seen: list[Tensor] | Tensor, *height: int) -> Tensor:
        return self.heads(seen, *height) if height else self.close_up(seen)


class Former(nn.Module):
    """The model that is learnt from. Its transformer is a part of it; `silent` makes of what is told, that nothing is."""

    def __init__(self, model: nn.Module, transformer: PRXTransformer2DModel, guess: Guess, silent: Callable[[Told], Told], guidance: float):
        super().__init__()
        self.model, self.transformer = model.requires_grad_(False).eval(), transformer
        self.guess, self.silent, self.guidance = guess, silent, guidance
        self.blocks = range(1, len(transformer.blocks), 2)  # that heads look into
        self._seen: list[Tensor] = []
        for k in self.blocks:
            transformer.blocks[k].register_forward_hook(lambda _, __, out: self._seen.append(out))

    def seen(self, noisy: Tensor, sigma: Tensor, told: Told) -> list[Tensor]:
        """What goes on in its blocks (n k d each)."""
        self._seen.clear()
        self.guess(self.model, noisy, sigma, told)
        return list(self._seen)

    @torch.no_grad()
    def guided(self, noisy: Tensor, sigma: Tensor, told: Told) -> Tensor:
        silent = self.silent(told)
        both = {name: torch.cat([part, silent[name]]) for name, part in told.items()}
        believed, blind = self.guess(self.model, noisy.repeat(2, 1, 1, 1), sigma.repeat(2), both).chunk(2)
        return blind + self.guidance * (believed - blind)


@dataclass(frozen=True)
class Text:
    """Who reads pictures, and what is to be read (n q), as answers to the reader's questions; -1 where nothing is told."""

    reader: Reader
    says: Tensor


@dataclass(frozen=True)
class Asked:
    data: Tensor  # (n c h w)
    told: Told
    lie: Told | None = None  # the same, but for something that is not so: heads learn to tell
    text: Text | None = None  # the same in words
    judged: Told | None = None  # what heads are told, where that is less than what the model is


def distilled(
    model: nn.Module, former: Former, critics: nn.Module, asked: Asked, generator: torch.Generator
) -> tuple[Tensor, Tensor, dict[str, float]]:
    """The loss of a model and of its critics beside it; what the model has made (n c h w); figures."""
    data, told, guess, draw = asked.data, asked.told, former.guess, Draw(asked.data, generator)
    # Some are guessed from noise alone; the others from what was made of that, noisy again, as in the steps that follow.
    own, sigma = draw.noise(data), LEAST + (1 - LEAST) * draw.level()
    sigma[: round(FRESH * len(data))] = 1
    with torch.no_grad():
        first = guess(model, own, torch.ones_like(sigma), told)
    noisy = on_the_way(first, own, 1 - sigma)
    made = guess(model, noisy, sigma, told)
    weight = ((1 - sigma) / sigma.square())[:, None, None, None]  # of the way, not of where it leads; none where all is noise
    off = (weight * (made - former.guided(noisy, sigma, told)).square()).mean()
    push = (sigma[:, None, None, None] * torch.autograd.grad(off, made, retain_graph=True)[0]).square().mean().sqrt()
    leaf = made.detach().requires_grad_()
    pulled, learnt, figures = by_heads(critics, former, leaf, asked, push, draw)
    closer, seen, more = by_close_up(critics, leaf, data, push, draw)
    pulled, learnt, figures = pulled + closer, learnt + seen, figures | more
    if asked.text:
        read, more = by_reader(asked.text, leaf, push, draw)
        pulled, figures = pulled + read, figures | more
    return off + learnt + (made * pulled).sum(), made, {"off": off.item()} | figures


def by_heads(
    heads: nn.Module, former: Former, leaf: Tensor, asked: Asked, push: Tensor, draw: Draw
) -> tuple[Tensor, Tensor, dict[str, float]]:
    """Where heads pull what was made (n c h w), their own loss, figures. `push`: how hard the former model does."""
    over, shown, height = draw.noise(leaf), draw.level(), leaf.shape[2]
    made, true = (on_the_way(z, over, 1 - shown) for z in (leaf, asked.data))

    def seen(of_made: Tensor, of_true: Tensor, told: Told) -> tuple[list[Tensor], list[Tensor]]:
        with torch.no_grad():
            of_true = former.seen(of_true, shown, told)
        return former.seen(of_made, shown, told), of_true

    of_made, of_true = seen(made, true, asked.judged or asked.told)
    seems, truth = heads(of_made, height), heads(of_true, height)
    pulled = PULL * pull(told_apart(seems, truth), leaf, push)
    figures, learnt = {"told apart": (truth > seems).float().mean().item()}, torch.zeros_like(push)
    if asked.lie:
        lie_seems, lie = (heads(part, height) for part in seen(made, true, asked.lie))
        pulled, learnt = pulled + STEER * pull(told_apart(seems, lie_seems), leaf, push), told_apart(truth, lie)
        figures["lies told"] = ((truth - lie).mean(1) > 0).float().mean().item()
    of_made = [part.detach() for part in of_made]
    seems = heads(of_made, height)
    steep = sum(bent(lambda part: heads(part, height), *pair, draw) for pair in ((of_made, seems), (of_true, truth)))
    return pulled, learnt + told_apart(truth, seems) + SLOPE * steep, figures | {"steep": steep.item()}


def by_close_up(close_up: nn.Module, leaf: Tensor, data: Tensor, push: Tensor, draw: Draw) -> tuple[Tensor, Tensor, dict[str, float]]:
    """The same of who looks at pictures close up. The more often that one is fooled, the less it pulls."""
    seems, truth = close_up(leaf), close_up(data)
    knows = (truth > seems).float().mean()
    pulled = CLOSE * pull(told_apart(seems, truth), leaf, heeded(knows) * push)
    steep = sum(bent(lambda part: close_up(*part), *pair, draw) for pair in (([leaf.detach()], seems), ([data], truth)))
    return pulled, told_apart(truth, seems) + BEND * steep, {"close up": knows.item(), "steep, close up": steep.item()}


def by_reader(text: Text, leaf: Tensor, push: Tensor, draw: Draw) -> tuple[Tensor, dict[str, float]]:
    """Where a reader pulls what was made (n c h w), figures. Who is read as told is not pulled any more."""
    wrong = misread(text.reader(hazy(leaf, draw)), text.says)
    return READ * pull(wrong, leaf, push * wrong.detach().clamp(max=1)), {"misread": wrong.item()}


def bent(critic: Callable[[list[Tensor]], Tensor], seen: list[Tensor], said: Tensor, draw: Draw) -> Tensor:
    """How steep a critic is at what it has seen."""
    return steepness(said, critic([part + STEP * part.std() * draw.noise(part) for part in seen]))
