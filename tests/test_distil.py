"""Few steps instead of many: what was the mean of two pictures becomes one of them."""

import torch
from torch import Tensor, nn

from t2w.nn.outpainter import TINY, Outpainter
from t2w.train.distil import Asked, Heads, distilled
from t2w.train.outpainter import former_of, guess


def told(n: int) -> dict[str, Tensor]:
    size = {"seen": TINY.channels, "known": 1, "first": TINY.channels}
    return {name: torch.zeros(n, c, TINY.height, TINY.width) for name, c in size.items()}


def test_what_is_guessed_from_noise_alone_is_a_picture_and_not_the_mean_of_all():
    """All of a picture's latents are near 1, or near -1."""
    torch.manual_seed(0)
    generator, model, n = torch.Generator().manual_seed(0), Outpainter(TINY), 16

    def noise(*size: int) -> Tensor:
        return torch.randn(size, generator=generator)

    def pictures() -> Tensor:
        size = (n, TINY.channels, TINY.height, TINY.width)
        return noise(n, 1, 1, 1).sign() + 0.1 * noise(*size)

    @torch.no_grad()
    def decided() -> float:
        own = noise(64, TINY.channels, TINY.height, TINY.width)
        return guess(model, own, torch.ones(64), told(64)).mean((1, 2, 3)).abs().mean().item()

    learner = torch.optim.AdamW(model.parameters(), 3e-3)
    for _ in range(150):
        data = pictures()
        sigma = 0.02 + 0.98 * torch.rand(n, generator=generator)
        s = sigma[:, None, None, None]
        off = guess(model, (1 - s) * data + s * noise(*data.shape), sigma, told(n)) - data
        (off / s).square().mean().backward()
        learner.step()
        learner.zero_grad()
    before = decided()
    assert before < 0.5
    former = former_of(model)
    heads = Heads(former)
    learner = torch.optim.AdamW([*model.parameters(), *heads.parameters()], 1e-3, betas=(0.0, 0.95))
    for _ in range(150):
        asked = Asked(pictures(), told(n), told(n), torch.zeros(n, dtype=torch.bool))
        value, made, figures = distilled(model, former, heads, asked, generator)
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        learner.step()
        learner.zero_grad()
    assert made.shape == asked.data.shape and 0 <= figures["told apart"] <= 1
    assert decided() > before + 0.3
    assert all(p.grad is None for p in former.parameters())
