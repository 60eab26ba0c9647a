"""The rollout engine: ask the policy, step the world, yield the frame with the action that led to it. Nothing is written here."""

from collections.abc import Iterator

import numpy as np

from t2w.actions.action import Action
from t2w.actions.policy import Policy
from t2w.errors import T2WError
from t2w.worlds.protocol import Session, World


def rollout(
    world: World, frame: np.ndarray, policy: Policy, n: int, *, prompt: str = "", seed: int = 0
) -> Iterator[tuple[np.ndarray, Action]]:
    """The n new frames that follow `frame`, each with the action that led to it."""
    return walk(world.begin(frame, prompt=prompt, seed=seed), frame, policy, n, chunk=world.spec.chunk)


def walk(session: Session, frame: np.ndarray, policy: Policy, n: int, *, chunk: int | None = 1) -> Iterator[tuple[np.ndarray, Action]]:
    """As `rollout`, on from where a session stands. `frame` is the last one seen; a policy sees the newest frame before each chunk."""
    done = 0
    while done < n:
        wanted = n - done if chunk is None else chunk
        shown = frame.view()
        shown.flags.writeable = False  # it is written to the film yet
        actions = [_an_action(policy(shown, done + k), done + k) for k in range(wanted)]
        frames = session.step(actions)
        # The last chunk may reach beyond n: the world steps whole chunks, the caller gets n frames.
        yield from list(zip(frames, actions, strict=True))[: n - done]
        frame, done = frames[-1], done + wanted


def _an_action(found: object, t: int) -> Action:
    if not isinstance(found, Action):
        raise T2WError(f"for action {t} the policy returned {type(found).__name__}; it must return an Action")
    return found
