"""Few steps instead of many: adversarial diffusion distillation in latents (Sauer et al. 2024, "LADD"), for painter and outpainter.

By the former model, frozen, pictures are judged: what goes on in its blocks when it is shown a noisy picture and what is told of it is told
apart by small heads, true from made, and what is truly told from what is not. And where a picture is half done already, the former one says
with guidance what should become of it. So guidance is learnt, too, and what is guessed from noise alone need not be the mean of all that
could be.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from diffusers import PRXTransformer2DModel
from einops import rearrange
from torch import Tensor, nn

from t2w.nn.critic import pull, told_apart
from t2w.nn.flow import on_the_way

FRESH = 0.4  # share of pictures that are guessed from noise alone
LEAST = 0.15  # of noise, in the others
PULL, STEER = 1.0, 0.6  # of the heads to what is true, and to what is told, beside that of the former model
SLOPE = 1.0  # what heads pay for being steep, measured over STEP
STEP = 0.1  # of how much what they see varies

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
class Asked:
    data: Tensor  # (n c h w)
    told: Told
    lie: Told  # the same, but for something that is not so
    lies: Tensor  # (n) whether there is something


def distilled(
    model: nn.Module, former: Former, heads: nn.Module, asked: Asked, generator: torch.Generator
) -> tuple[Tensor, Tensor, dict[str, float]]:
    """The loss of a model and of the heads beside it; what the model has made (n c h w); figures."""
    data, told, lie, guess = asked.data, asked.told, asked.lie, former.guess
    n, height = len(data), data.shape[2]

    def noise(like: Tensor) -> Tensor:
        return torch.randn(like.shape, generator=generator, device=like.device)

    def level() -> Tensor:
        return torch.rand(n, generator=generator, device=data.device)

    # Some are guessed from noise alone; the others from what was made of that, noisy again, as in the steps that follow.
    own, sigma = noise(data), LEAST + (1 - LEAST) * level()
    sigma[: round(FRESH * n)] = 1
    with torch.no_grad():
        first = guess(model, own, torch.ones_like(sigma), told)
    noisy = on_the_way(first, own, 1 - sigma)
    made = guess(model, noisy, sigma, told)
    weight = ((1 - sigma) / sigma.square())[:, None, None, None]  # of the way, not of where it leads; none where all is noise
    off = (weight * (made - former.guided(noisy, sigma, told)).square()).mean()

    shown, leaf, over = level(), made.detach().requires_grad_(), noise(data)
    made_shown, true_shown = (on_the_way(z, over, 1 - shown) for z in (leaf, data))
    of_made, of_made_lie = (former.seen(made_shown, shown, said) for said in (told, lie))
    with torch.no_grad():
        of_true, of_true_lie = (former.seen(true_shown, shown, said) for said in (told, lie))
    true, true_lie, seems, lie_seems = (heads(seen, height) for seen in (of_true, of_true_lie, of_made, of_made_lie))
    push = (sigma[:, None, None, None] * torch.autograd.grad(off, made, retain_graph=True)[0]).square().mean().sqrt()
    pulled = PULL * pull(told_apart(seems, true), leaf, push) + STEER * pull(told_apart(seems, lie_seems), leaf, push)

    of_made = [part.detach() for part in of_made]
    seems, steep = heads(of_made, height), torch.zeros_like(off)
    for parts, before in ((of_made, seems), (of_true, true)):
        near = heads([part + STEP * part.std() * noise(part) for part in parts], height)
        steep = steep + SLOPE / 2 * ((near - before) / STEP).square().mean()
    figures = {"off": off.item(), "told apart": (true > seems).float().mean().item(), "steep": steep.item()}
    figures["lies told"] = ((true - true_lie).mean(1) > 0)[asked.lies].float().mean().nan_to_num(0.5).item()
    return off + told_apart(true, seems) + told_apart(true, true_lie) + steep + (made * pulled).sum(), made, figures
