"""The networks: what was taught in one pass is what a rollout does step by step, and dreams keep to themselves."""

import math
from dataclasses import replace

import pytest
import torch

from t2w.nn import autoencoder, parallax
from t2w.nn.autoencoder import build
from t2w.nn.carrier import Carrier
from t2w.nn.dynamics import TINY, Dynamics, DynamicsConfig, Sight
from t2w.nn.flow_matching import on_the_way, sample
from t2w.nn.imagine import LOOKED, Dream, Sampling
from t2w.nn.parallax import Manner, Parallax, histories
from t2w.nn.view import flow, moved, window
from t2w.train.dynamics import Row, guess, lanes
from t2w.train.muon import orthogonal


def awake(config: DynamicsConfig = TINY) -> Dynamics:
    """A dynamics whose every weight is something, as after training."""
    torch.manual_seed(0)
    model = Dynamics(config)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.1 * torch.randn(weight.shape))
    return model.eval().requires_grad_(False)


def frames(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, TINY.channels, TINY.height, TINY.width)


def test_a_new_frame_alone_is_what_the_whole_row_says():
    """The cache of keys and values must give what training's two lanes gave."""
    model, t = awake(), 4
    past, now = frames(2, t - 1), frames(2, t - 1)
    past_tau, tau = torch.full((2, t - 1), 0.9), torch.rand(2, t - 1)
    led, told, heading = torch.randn(2, t, TINY.actions), torch.ones(2, t), torch.randn(2, t, 2)
    told[:, 0] = 0
    whole, _ = model(
        torch.cat([past, now], 1),
        torch.cat([past[:, :1], past[:, :-1], past], 1),
        torch.cat([past_tau, tau], 1),
        torch.cat([led[:, :-1], led[:, 1:]], 1),
        torch.cat([told[:, :-1], told[:, 1:]], 1),
        lanes(heading, heading[:, 1:]),
    )
    memory = None
    for i in range(t - 1):
        here, before, then = slice(i, i + 1), slice(max(i - 1, 0), max(i - 1, 0) + 1), slice(i + 1, i + 2)
        clean = past[:, here], past[:, before], past_tau[:, here], led[:, here], told[:, here]
        sight = Sight(torch.tensor([i]), heading[:, here], torch.tensor([max(i - 1, 0)]), None, torch.arange(i), heading[:, :i])
        _, kept = model(*clean, sight, memory)
        memory = kept if memory is None else [tuple(torch.cat(pair, 1) for pair in zip(old, new)) for old, new in zip(memory, kept)]
        new = now[:, here], past[:, here], tau[:, here], led[:, then], told[:, then]
        sight = Sight(torch.tensor([i + 1]), heading[:, then], torch.tensor([i]), None, torch.arange(i + 1), heading[:, : i + 1])
        alone, _ = model(*new, sight, memory)
        assert torch.allclose(alone[:, 0], whole[:, t - 1 + i], atol=1e-5)


def test_cold_a_frame_is_found_from_the_one_before_it_alone():
    model, t = awake(), 5
    z, now, tau = frames(2, t), frames(2, t - 1), torch.rand(2, t - 1)
    actions, heading = torch.randn(2, t, TINY.actions), torch.randn(2, t, 2)
    rows = Row.of({"actions": actions, "heading": heading, "jump": torch.zeros(2)})
    cold = guess(model, rows, z[:, :-1], torch.full((2, t - 1), 0.9), now, tau, cold=True)
    for i in range(t - 1):
        two = slice(i, i + 2)
        pair = Row.of({"actions": actions[:, two], "heading": heading[:, two] - heading[:, i : i + 1], "jump": torch.zeros(2)})
        alone = guess(model, pair, z[:, i : i + 1], torch.full((2, 1), 0.9), now[:, i : i + 1], tau[:, i : i + 1])
        assert torch.allclose(alone[:, 0], cold[:, i], atol=1e-4), i


def test_untrained_a_world_stands_still():
    """The network says what changes; before it has learnt anything, nothing does."""
    torch.manual_seed(0)
    first = frames(1)
    dream = Dream(Dynamics(TINY), first, torch.Generator().manual_seed(0), Sampling(context_noise=0.0))
    assert torch.allclose(dream.step(torch.zeros(1, TINY.actions)), first, atol=1e-5)


def test_a_dream_remembers_its_first_frame_and_a_window():
    dream = Dream(awake(), frames(1), torch.Generator().manual_seed(0), Sampling(denoising_steps=1, window=3))
    dream.step(torch.zeros(1, TINY.actions))
    first = dream.memory[0][0][:, :1].clone()
    for _ in range(6):
        dream.step(torch.zeros(1, TINY.actions))
    assert dream.frames == 4 and dream.memory[0][0].shape[1] == 4
    assert torch.equal(dream.memory[0][0][:, :1], first)


def in_one_pass(model: Dynamics, s: Sampling, seen: list, actions: torch.Tensor, noise: torch.Tensor, carried: list) -> torch.Tensor:
    """The next frame with nothing kept: the network on the whole past at once, `seen` (t of (b c h w)) under `actions` (t b a);
    `carried` (t of (b c h w)) is each of these as its action carries it on, or empty.

    A frame looks at those of its window and at the very first, just before the window. So the first stands in the row t times, once
    for each place where someone looks for it, then come the others.
    """
    t, b = len(seen), len(noise)
    time = torch.tensor([*range(t), *range(1, t + 1)])
    allowed = torch.eye(2 * t, dtype=torch.bool)
    for i in range(1, t + 1):
        window = s.window - (i < t)  # as in training, a past frame's is shorter by one: with that frame it is the next one's
        allowed[t - 1 + i, max(0, i - window - 1)] = True
        allowed[t - 1 + i, t - 1 + max(1, i - window) : t - 1 + i] = True
    last = torch.tensor([0] * t + [t - 2 + i if i > 1 else 0 for i in range(1, t + 1)])
    clean = torch.full((b, 2 * t - 1), 1 - s.context_noise)
    led, before = torch.cat([torch.zeros(b, t, TINY.actions), actions.swapaxes(0, 1)], 1), torch.stack([seen[0]] * t + seen, 1)
    heading = torch.cat([torch.zeros(b, t, 2), actions.swapaxes(0, 1)[..., -2:].cumsum(1)], 1)

    def found(x: torch.Tensor, tau: torch.Tensor, known: float) -> torch.Tensor:
        told = torch.tensor([[0.0] * t + [1.0] * (t - 1) + [known]]).expand(b, -1)
        row = torch.stack([seen[0]] * t + seen[1:] + [x], 1)
        believed = torch.cat([heading[:, :-1], heading[:, -1:] - (1 - known) * led[:, -1:, -2:]], 1)
        onward = torch.stack([seen[0]] * t + carried[:-1] + [carried[-1] if known else seen[-1]], 1) if carried else None
        sight = Sight(time, believed, last, allowed)
        return model(row, before, torch.cat([clean, tau[:, None]], 1), led, told, sight, carried=onward)[0][:, -1]

    def guess(x: torch.Tensor, tau: torch.Tensor) -> torch.Tensor:
        guidance = s.guidance if tau[0] == 0 else 1.0
        return found(x, tau, 0.0) + guidance * (found(x, tau, 1.0) - found(x, tau, 0.0))

    return sample(guess, noise, s.denoising_steps)


@pytest.mark.parametrize("carrying", [False, True])
def test_a_dream_is_what_the_network_says_of_the_whole_past(carrying):
    """Keeping keys and values, doing several looks in one and forgetting must change nothing."""
    model, s = awake(replace(TINY, depth=4)), Sampling(denoising_steps=2, guidance=1.5, window=3)
    last, actions, seen, carried = frames(2), torch.randn(7, 2, TINY.actions), [], []
    carrier = Carrier(Parallax(parallax.TINY).requires_grad_(False), build(autoencoder.TINY).eval()) if carrying else None
    dream, generator = Dream(model, last, torch.Generator().manual_seed(0), s, carrier), torch.Generator().manual_seed(0)
    for t in range(7):
        noises, clean = torch.randn(2 + carrying, *last.shape, generator=generator), torch.full((2,), 1 - s.context_noise)
        seen.append(on_the_way(last, noises[0], clean))
        dreamt = dream.step(actions[t])
        if carrying:
            carried.append(on_the_way(dream.carried.latents, noises[1], clean))
        last = in_one_pass(model, s, seen, actions[: t + 1], noises[-1], carried)
        assert torch.allclose(dreamt, last, atol=1e-4), t


def test_what_kind_of_view_it_is_a_dream_decides_but_once():
    """A world seen from above was taken for one seen from behind, as soon as it had come apart a little, and went the wrong way."""
    torch.manual_seed(0)
    carrier = Carrier(Parallax(parallax.TINY).requires_grad_(False), build(autoencoder.TINY).eval())
    for part in carrier.parallax.move[-1].parameters():
        part.mul_(100)
    dream, found = Dream(awake(), frames(1), torch.Generator().manual_seed(0), Sampling(), carrier), []
    for _ in range(3):
        dream.step(torch.zeros(1, TINY.actions))
        standing = carrier.motion(dream.picture(), torch.zeros(1, 1, TINY.actions))
        found.append(dream.motion.manner.gait.equal(standing.manner.gait) or dream.motion.manner.lens.equal(standing.lens))
        assert dream.around.last.lens.equal(dream.motion.manner.lens)
    assert not any(found)  # the later pictures would have said otherwise


def test_between_two_looks_how_near_all_is_moves_on(monkeypatch):
    torch.manual_seed(0)
    carrier = Carrier(Parallax(parallax.TINY).requires_grad_(False), build(autoencoder.TINY).eval())
    looks, look = [], carrier.parallax.seen
    monkeypatch.setattr(carrier.parallax, "seen", lambda picture: looks.append(look(picture)) or looks[-1])
    dream = Dream(awake(), frames(1), torch.Generator().manual_seed(0), Sampling(), carrier)
    for t in range(3 * LOOKED):
        before = dream.around
        dream.step(torch.zeros(1, TINY.actions))
        assert len(looks) == 1 + t // LOOKED
        told = before.last.near if t % LOOKED else looks[-1].near
        shown = torch.where((before.near >= 0) & (looks[-1].player <= 0), before.near, told) if before else told
        assert dream.motion.seen.near.equal(shown) and dream.motion.player.equal(looks[-1].player)


def test_how_far_down_one_looks_follows_from_the_first_picture_and_the_mouse():
    torch.manual_seed(0)
    net, ways = Parallax(parallax.TINY).eval().requires_grad_(False), torch.tensor([[9.0, 0.0, 0.0], [0.0, 0.0, 9.0], [9.0, 0.0, 0.0]])
    manner = Manner(torch.tensor([[1.0, 0.0]]).repeat(3, 1), torch.tensor([0.1, 0.1, 1.15]), ways, torch.ones(3, 2), torch.zeros(3, 3))
    action = torch.zeros(3, 1, parallax.TINY.actions)
    action[..., -2:] = torch.tensor([0.25, 0.5])  # to the right and down, of 12 degrees
    history = parallax.histories(action, parallax.TINY.gait)[:, -1]
    after = net(torch.rand(3, 3, 96, 160), history, manner).manner
    # Not who looks from above; nor farther than it goes.
    assert after.tilt.tolist() == pytest.approx([0.1 + math.radians(6), 0.1, 1.2], abs=1e-3)
    assert after.facing[1].tolist() == pytest.approx([math.cos(math.radians(3)), math.sin(math.radians(3))], abs=1e-4)
    assert after.lens is manner.lens and after.gait is manner.gait


def test_a_fork_dreams_the_same_and_does_not_disturb():
    dream, action = Dream(awake(), frames(1), torch.Generator().manual_seed(0)), torch.ones(1, TINY.actions)
    dream.step(action)
    fork, other = dream.fork(), dream.fork()
    other.step(-action)
    assert torch.equal(fork.step(action), dream.step(action))


def test_guidance_of_one_changes_nothing_and_more_does():
    first, action, model = frames(1), torch.ones(1, TINY.actions), awake()
    made = [Dream(model, first, torch.Generator().manual_seed(0), Sampling(guidance=w)).step(action) for w in (1.0, 1.0001, 3.0)]
    assert torch.allclose(made[0], made[1], atol=1e-2) and not torch.allclose(made[0], made[2], atol=1e-2)


def test_an_action_is_told_with_those_before_it():
    history = histories(torch.tensor([[[1.0], [2.0], [3.0]]]), 2)
    assert history.tolist() == [[[[1, 1], [0, 0]], [[2, 1], [1, 1]], [[3, 1], [2, 1]]]]


def test_noise_that_stays_turns_with_the_view():
    """Come back, and it is the same; turned by one latent, it has moved by one; without `steady` it is new in every frame."""
    dream = Dream(awake(), frames(1), torch.Generator().manual_seed(0), Sampling(denoising_steps=1, steady=1.0))
    fresh = Dream(awake(), frames(1), torch.Generator().manual_seed(0), Sampling(denoising_steps=1))
    one = torch.zeros(1, TINY.actions)
    one[:, -2] = 2 * dream.dynamics.lens[0] / TINY.width * 180 / torch.pi / TINY.turn
    seen, new = [], []
    for action in (0 * one, one, -one, 0 * one):
        dream.step(action), fresh.step(action)
        seen.append(dream.noise), new.append(fresh.noise)
    assert seen[0].equal(seen[2]) and seen[2].equal(seen[3]) and not new[2].equal(new[3])
    assert seen[1][..., :-1].equal(seen[0][..., 1:]) and not seen[1].equal(seen[0])
    panorama = torch.arange(12.0).view(1, 1, 3, 4)
    assert window(panorama, torch.tensor([[3.0, -1.0]]), 2, 2)[0, 0].tolist() == [[11, 8], [3, 0]]


def test_steps_that_know_the_data_arrive_there():
    data, noise = torch.randn(3, 5), torch.randn(3, 5)
    for steps in (1, 4):
        assert torch.allclose(sample(lambda x, tau: data, noise, steps), data, atol=1e-5)
    assert torch.equal(on_the_way(data, noise, torch.zeros(3)), noise)


def test_a_turned_view_shows_what_stood_beside():
    """A turn to the right moves what is in the middle to the left, by as much as the lens says."""
    frame = torch.zeros(1, 1, 1, 9, 41)
    frame[..., 4, 20] = 1.0
    for right, down in ((0.2, 0.0), (-0.2, 0.0), (0.0, 0.2)):
        found = moved(frame, flow(torch.tensor([[[right, down]]]), torch.tensor([1.0, 1.0]), 9, 41))[0, 0, 0]
        y, x = divmod(found.argmax().item(), 41)
        assert (x, y) == (round(20 - right * 41 / 2), round(4 - down * 9 / 2))


def test_muon_makes_a_matrix_nearly_orthogonal():
    values = torch.linalg.svdvals(orthogonal(torch.randn(3, 24, 64, generator=torch.Generator().manual_seed(0))))
    assert values.min() > 0.5 and values.max() < 1.3
