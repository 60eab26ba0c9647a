"""Walks on and turns to the right all the time. A policy is made by a callable (space, fps, seed)."""

from t2w.actions.action import Action, ActionSpace


def spin(space: ActionSpace, fps: float, seed: int):
    action = Action(frozenset({"w"} & set(space.keys)), (min(90 / fps, space.turn), 0.0) if space.mouse else (0.0, 0.0))
    return lambda frame, t: action
