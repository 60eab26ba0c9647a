"""A painter that needs few steps, from one that needs many: adversarial diffusion distillation in latents (Sauer et al. 2024, "LADD").

By the former painter, frozen, pictures are judged: what goes on in its blocks when it is shown a noisy picture and words is told apart by small
heads, true from made, and true words from false ones. And where a picture is half done already, it says with guidance what should become
of it. So guidance is learnt, too, and what is guessed from noise alone need not be the mean of all that could be.
"""

from typing import NamedTuple

import torch
from diffusers import PRXTransformer2DModel
from einops import rearrange
from torch import Tensor, nn

from t2w.nn.critic import told_apart
from t2w.nn.flow import on_the_way
from t2w.train.loop import Batch, Loss

GUIDANCE = 3.0  # of the former painter
FRESH = 0.4  # share of pictures that are guessed from noise alone
LEAST = 0.15  # of noise, in the others
PULL, STEER = 1.0, 0.6  # of the heads to what is true, and to what the words say, beside that of the former painter
SLOPE = 1.0  # what heads pay for being steep, measured over STEP
STEP = 0.1  # of how much what they see varies


class Said(NamedTuple):
    words: Tensor  # (b n k), as the text model understands them
    mask: Tensor  # (b n)

    @property
    def whole(self) -> Tensor:
        """As one (b 2k): at their end, and in the mean."""
        counts = self.mask[..., None].float()
        end = self.words.take_along_dim(counts.sum(1, keepdim=True).long() - 1, 1)[:, 0]
        return torch.cat([end, (self.words * counts).sum(1) / counts.sum(1)], 1).float()


class Head(nn.Module):
    def __init__(self, d: int, words: int, width: int = 96):
        super().__init__()
        self.norm = nn.LayerNorm(d, elementwise_affine=False)
        self.layers = nn.Sequential(nn.Conv2d(d, width, 1), nn.SiLU(), nn.Conv2d(width, width, 3, padding=1), nn.SiLU())
        self.out, self.words = nn.Conv2d(width, 1, 1), nn.Linear(words, width, bias=False)

    def forward(self, seen: Tensor, whole: Tensor, height: int) -> Tensor:
        """What a block has seen (b n d), in so many rows, and what was said (b k) => how true each place is (b n)."""
        x = self.layers(rearrange(self.norm(seen), "b (h w) d -> b d h w", h=height))
        return (self.out(x)[:, 0] + (x * self.words(whole)[..., None, None]).mean(1)).flatten(1).float()


class Heads(nn.Module):
    """forward(): what the former painter has seen, and what was said (b k) => how true each place seems to each head (b n)."""

    def __init__(self, former: "Former"):
        super().__init__()
        d, words = former.transformer.config.hidden_size, former.text_encoder.config.hidden_size
        self.heads = nn.ModuleList(Head(d, 2 * words) for _ in former.blocks)

    def forward(self, seen: list[Tensor], whole: Tensor, height: int) -> Tensor:
        return torch.cat([head(part, whole, height) for head, part in zip(self.heads, seen)], 1)


class Former(nn.Module):
    """The painter that is learnt from. `silence` are the tokens of no words (1 n), and their mask (1 n)."""

    def __init__(self, transformer: PRXTransformer2DModel, text_encoder: nn.Module, silence: tuple[Tensor, Tensor]):
        super().__init__()
        self.transformer, self.text_encoder = transformer.requires_grad_(False).eval(), text_encoder.requires_grad_(False).eval()
        self.silence = silence
        self.blocks = range(1, len(transformer.blocks), 2)  # that heads look into
        self._seen: list[Tensor] = []
        for k in self.blocks:
            transformer.blocks[k].register_forward_hook(lambda _, __, out: self._seen.append(out))

    @torch.no_grad()
    def hears(self, tokens: Tensor, mask: Tensor) -> Said:
        return Said(self.text_encoder(input_ids=tokens, attention_mask=mask).last_hidden_state, mask)

    def seen(self, noisy: Tensor, sigma: Tensor, said: Said) -> list[Tensor]:
        """What goes on in its blocks (b n d each)."""
        self._seen.clear()
        self._way(noisy, sigma, said)
        return list(self._seen)

    @torch.no_grad()
    def guided(self, noisy: Tensor, sigma: Tensor, said: Said) -> Tensor:
        """The way from data to noise (b c h w), as it paints."""
        silent = self.hears(*(part.to(noisy.device).expand(len(noisy), -1) for part in self.silence))
        both = Said(*(torch.cat(parts) for parts in zip(said, silent)))
        told, untold = self._way(noisy.repeat(2, 1, 1, 1), sigma.repeat(2), both).float().chunk(2)
        return untold + GUIDANCE * (told - untold)

    def _way(self, noisy: Tensor, sigma: Tensor, said: Said) -> Tensor:
        how = {"timestep": sigma, "encoder_hidden_states": said.words, "attention_mask": said.mask, "return_dict": False}
        return self.transformer(hidden_states=noisy, **how)[0]


def distil_loss(former: Former, heads: nn.Module) -> Loss:
    def loss(model: nn.Module, batch: Batch, generator: torch.Generator) -> tuple[Tensor, dict[str, float]]:
        data, tokens, mask = batch["latents"], batch["tokens"], batch["mask"]
        said, lie = former.hears(tokens, mask), former.hears(batch["lie"], batch["lie mask"])
        n, height, fresh = len(data), data.shape[2] // former.transformer.config.patch_size, round(FRESH * len(data))

        def noise(like: Tensor) -> Tensor:
            return torch.randn(like.shape, generator=generator, device=like.device)

        def level() -> Tensor:
            return torch.rand(n, generator=generator, device=data.device)

        # Some are guessed from noise alone; the others from what was made of that, noisy again, as in the steps that follow.
        own, sigma = noise(data), LEAST + (1 - LEAST) * level()
        sigma[:fresh] = 1
        s = sigma[:, None, None, None]
        with torch.no_grad():
            first = own - model(own, torch.ones_like(sigma), tokens, mask).float()
        noisy = on_the_way(first, own, 1 - sigma)
        way = model(noisy, sigma, tokens, mask).float()
        made = noisy - s * way
        off = ((1 - s) * (way - former.guided(noisy, sigma, said)).square()).mean()

        shown, leaf = level(), made.detach().requires_grad_()
        over = noise(data)
        made_shown, true_shown = (on_the_way(z, over, 1 - shown) for z in (leaf, data))
        of_made, of_made_lie = (former.seen(made_shown, shown, words) for words in (said, lie))
        with torch.no_grad():
            of_true, of_true_lie = (former.seen(true_shown, shown, words) for words in (said, lie))
        true, true_lie = heads(of_true, said.whole, height), heads(of_true_lie, lie.whole, height)
        made_seems, lie_seems = heads(of_made, said.whole, height), heads(of_made_lie, lie.whole, height)
        (push,) = torch.autograd.grad(off, way, retain_graph=True)

        def towards(goal: Tensor) -> Tensor:
            (pull,) = torch.autograd.grad(goal, leaf, retain_graph=True)
            return push.square().mean().sqrt() / pull.square().mean().sqrt().clamp(min=1e-12) * pull

        pull = PULL * towards(told_apart(made_seems, true)) + STEER * towards(told_apart(made_seems, lie_seems))

        of_made = [part.detach() for part in of_made]
        steep, seems = torch.zeros_like(off), heads(of_made, said.whole, height)
        for parts, before in ((of_made, seems), (of_true, true)):
            near = heads([part + STEP * part.std() * noise(part) for part in parts], said.whole, height)
            steep = steep + SLOPE / 2 * ((near - before) / STEP).square().mean()
        lies = (tokens != batch["lie"]).any(1)
        figures = {"off": off.item(), "told apart": (true > seems).float().mean().item(), "steep": steep.item()}
        figures["lies told"] = ((true - true_lie).mean(1) > 0)[lies].float().mean().nan_to_num(0.5).item()
        return off + told_apart(true, seems) + told_apart(true, true_lie) + steep + (made * pull).sum(), figures

    return loss
