"""The critic beside the dynamics: its own loss, and its pull on what the dynamics has found."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from t2w.nn.critic import STEP, heeded, pull, steepness, told_apart

PULL = 1.0  # the critic's to what is true, beside that of the error at the same frames
STEER = 0.6  # and to what the action says
SLOPE = 3.0  # what the critic pays for being steep


@dataclass(frozen=True)
class Steps:
    """Of n frames: as made and as true, those before them in the dream and in truth, the first of their worlds (n c h w), and actions (n a)."""

    made: Tensor
    true: Tensor
    dreamt: Tensor
    before: Tensor
    first: Tensor
    action: Tensor


def rivalry(
    critic: nn.Module, value: Tensor, found: Tensor, asked: Tensor, steps: Steps, generator: torch.Generator, figures: dict[str, float]
) -> Tensor:
    """The critic's loss, and its pull on the frames that it is asked about (b t), in the measure of the error's own.

    To be true, a step must be the one that its action says: true steps under other actions are to be told apart as well (Reed et al. 2016).
    """
    leaf, n = steps.made.detach().requires_grad_(), len(steps.made)
    both, before = torch.cat([leaf, steps.true]), torch.cat([steps.dreamt, steps.before])
    first, action = torch.cat([steps.first] * 2), torch.cat([steps.action] * 2)
    other = action.roll(n // 2, 0)
    said, of_other = critic(both, before, first, torch.stack([action, other]))
    (made, true), (made_other, true_other) = said.chunk(2), of_other.chunk(2)
    differs = (action != other).any(1)[n:]
    right, heard = (true > made).float().mean(), ((true - true_other).mean((1, 2)) > 0)[differs].float().mean().nan_to_num(0.5)
    push = torch.autograd.grad(value, found, retain_graph=True)[0][asked].square().mean().sqrt()

    def towards(goal: Tensor, skill: Tensor) -> Tensor:
        return pull(goal, leaf, heeded(skill) * push)

    pulled = PULL * towards(told_apart(made, true), right) + STEER * towards(told_apart(made, made_other), heard)
    shake = STEP * torch.randn(both.shape, generator=generator, device=both.device)
    near = critic(both.detach() + shake, before, first, action)
    steep = SLOPE * steepness(said, near)
    figures |= {"told apart": right.item(), "action told": heard.item(), "steep": steep.item()}
    return told_apart(true, made) + told_apart(true, true_other) + steep + (steps.made * pulled).sum()
