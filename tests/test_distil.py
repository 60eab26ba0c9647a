"""Few steps instead of many: what was the mean of two pictures becomes one of them, and the one that was asked for."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from t2w.nn.outpainter import TINY, Outpainter
from t2w.train.distil import Asked, Critics, Text, distilled
from t2w.train.outpainter import former_of, guess
from t2w.train.reader import Reader, taught

SIZE = (TINY.channels, TINY.height, TINY.width)
N = 16


def told(first: Tensor) -> dict[str, Tensor]:
    zeros = torch.zeros(len(first), *SIZE)
    return {"seen": zeros, "known": zeros[:, :1], "first": zeros + first}


def noise(generator: torch.Generator, *size: int) -> Tensor:
    return torch.randn(size, generator=generator)


def pictures(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """All of a picture's latents are near 1, or near -1: and which (n 1 1 1)."""
    sign = noise(generator, N, 1, 1, 1).sign()
    return sign + 0.1 * noise(generator, N, *SIZE), sign


@pytest.fixture(scope="module")
def learnt() -> Outpainter:
    """A model that has learnt pictures, in many steps and told nothing."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(0)
    model = Outpainter(TINY)
    learner = torch.optim.AdamW(model.parameters(), 3e-3)
    for _ in range(150):
        data, _ = pictures(generator)
        sigma = 0.02 + 0.98 * torch.rand(N, generator=generator)
        s = sigma[:, None, None, None]
        off = guess(model, (1 - s) * data + s * noise(generator, *data.shape), sigma, told(torch.zeros(N, 1, 1, 1))) - data
        (off / s).square().mean().backward()
        learner.step()
        learner.zero_grad()
    return model


@torch.no_grad()
def guessed(model: Outpainter, generator: torch.Generator, sign: Tensor) -> Tensor:
    """The mean of each picture that it makes of noise alone in one step (n)."""
    return guess(model, noise(generator, len(sign), *SIZE), torch.ones(len(sign)), told(sign)).mean((1, 2, 3))


def distil(model: Outpainter, generator: torch.Generator, steps: int, reader: Reader | None = None) -> dict[str, float]:
    """With a reader, it is told which picture it is to be."""
    former = former_of(model)
    critics = Critics(former, TINY.channels if reader else 0)
    learner = torch.optim.AdamW([*model.parameters(), *critics.parameters()], 1e-3, betas=(0.0, 0.95))
    for _ in range(steps):
        data, sign = pictures(generator)
        said = told(sign if reader else torch.zeros_like(sign))
        asked = Asked(data, said, text=Text(reader, words(sign))) if reader else Asked(data, said, lie=said)
        value, made, figures = distilled(model, former, critics, asked, generator)
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        learner.step()
        learner.zero_grad()
    assert made.shape == data.shape and all(p.grad is None for p in former.parameters())
    return figures


def words(sign: Tensor) -> Tensor:
    """The answers to the one question of the reader (n 1)."""
    return (sign[:, 0, 0] > 0).long()


def test_what_is_guessed_from_noise_alone_is_a_picture_and_not_the_mean_of_all(learnt):
    generator = torch.Generator().manual_seed(0)
    model, none = deepcopy(learnt), torch.zeros(64, 1, 1, 1)
    before = guessed(model, generator, none).abs().mean()
    assert before < 0.5
    figures = distil(model, generator, 150)
    assert 0 <= figures["told apart"] <= 1
    assert guessed(model, generator, none).abs().mean() > before + 0.3


def test_what_is_guessed_is_what_is_told_where_a_reader_says_what_is_to_be_seen(learnt, tmp_path):
    generator = torch.Generator().manual_seed(0)
    model, sign = deepcopy(learnt), noise(generator, 64, 1, 1, 1).sign()
    data, shown = pictures(generator)
    items = [{"latents": z, "shows": words(s[None])[0]} for z, s in zip(data, shown)]
    reader = taught(tmp_path / "reader.safetensors", Reader(*SIZE, (("sign", ("minus", "plus")),), d=16), items, steps=60, seed=0)
    figures = distil(model, generator, 60, reader)
    assert figures["misread"] < 0.1
    assert (guessed(model, generator, sign).sign() == sign.flatten()).float().mean() > 0.9
