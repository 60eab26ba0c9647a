"""Few steps instead of many: what was the mean of two pictures becomes one of them, and of these one that was asked for."""

import torch
from torch import Tensor, nn

from t2w.nn.flow_matching import Draw
from t2w.nn.outpainter import TINY, Outpainter
from t2w.train.distil import Asked, Critics, Text, by_close_up, by_reader, distilled
from t2w.train.outpainter import former_of, guess
from t2w.train.reader import Reader, taught

SIZE = (TINY.channels, TINY.height, TINY.width)
N = 4


def told(n: int) -> dict[str, Tensor]:
    zeros = torch.zeros(n, *SIZE)
    return {"seen": zeros, "known": zeros[:, :1], "first": zeros}


def noise(generator: torch.Generator, *size: int) -> Tensor:
    return torch.randn(size, generator=generator)


def pictures(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """All of a picture's latents are near 1, or near -1: and which (n 1 1 1)."""
    sign = noise(generator, N, 1, 1, 1).sign()
    return sign + 0.1 * noise(generator, N, *SIZE), sign


@torch.no_grad()
def decided(model: Outpainter, generator: torch.Generator) -> float:
    """How far from 0 the mean of each picture is that it makes of noise alone in one step."""
    own = noise(generator, 64, *SIZE)
    return guess(model, own, torch.ones(64), told(64)).mean((1, 2, 3)).abs().mean().item()


def words(sign: Tensor) -> Tensor:
    """The answers to the one question of the reader (n 1)."""
    return (sign[:, 0, 0] > 0).long()


def test_what_is_guessed_from_noise_alone_is_a_picture_and_not_the_mean_of_all():
    torch.manual_seed(0)
    generator, model = torch.Generator().manual_seed(0), Outpainter(TINY)
    learner = torch.optim.AdamW(model.parameters(), 3e-3)
    for _ in range(150):
        data, _ = pictures(generator)
        sigma = 0.02 + 0.98 * torch.rand(N, generator=generator)
        s = sigma[:, None, None, None]
        off = guess(model, (1 - s) * data + s * noise(generator, *data.shape), sigma, told(N)) - data
        (off / s).square().mean().backward()
        learner.step()
        learner.zero_grad()
    before = decided(model, generator)
    assert before < 0.5
    former = former_of(model)
    critics = Critics(former, TINY.channels)
    learner = torch.optim.AdamW([*model.parameters(), *critics.parameters()], 2e-3, betas=(0.0, 0.95))
    for _ in range(60):
        data, _ = pictures(generator)
        value, made, figures = distilled(model, former, critics, Asked(data, told(N), lie=told(N)), generator)
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        learner.step()
        learner.zero_grad()
    assert made.shape == data.shape and "told apart" in figures
    assert decided(model, generator) > before + 0.3
    assert all(p.grad is None for p in former.parameters())


def test_a_reader_pulls_what_was_made_until_it_is_read_as_told(tmp_path):
    generator = torch.Generator().manual_seed(0)
    data, sign = pictures(generator)
    items = [{"latents": z, "shows": words(s[None])[0]} for z, s in zip(data, sign)]
    reader, again = (Reader(*SIZE, (("sign", ("minus", "plus")),), d=16) for _ in range(2))
    assert list(taught(tmp_path / "reader.safetensors", reader, items, steps=60, seed=0))[-1]["at"] == 60
    assert not list(taught(tmp_path / "reader.safetensors", again, items, steps=60, seed=1))  # it has learnt already
    assert all((a == b).all() for a, b in zip(reader.parameters(), again.parameters()))
    made, misread = noise(generator, N, *SIZE), []
    for _ in range(30):
        leaf = made.requires_grad_()
        pulled, figures = by_reader(Text(reader, words(sign)), leaf, torch.tensor(0.05), Draw(leaf, generator))
        made = (leaf - pulled).detach()
        misread.append(figures["misread"])
    assert misread[0] > 0.5 and misread[-1] < 0.1
    assert (made.mean((1, 2, 3)).sign() == sign.flatten()).float().mean() > 0.9


def test_who_is_fooled_close_up_does_not_pull():
    generator = torch.Generator().manual_seed(0)
    leaf, push = noise(generator, N, *SIZE).requires_grad_(), torch.tensor(1.0)
    for true, knows in ((leaf.detach() + 1, 1), (leaf.detach() - 1, 0)):
        pulled, _, figures = by_close_up(lambda seen: seen.mean(1), leaf, true, push, Draw(leaf, generator))
        assert figures["close up"] == knows and bool(pulled.abs().sum() > 0) == bool(knows)
