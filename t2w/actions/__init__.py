"""What is done in a world: actions, the scripts that list them and the policies that choose them. Plain data, no torch."""

from t2w.actions.action import KEYS, Action, ActionSpace

__all__ = ["KEYS", "Action", "ActionSpace"]
