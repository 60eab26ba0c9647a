"""An action: the keys held and the degrees of view turn during one frame. A space turns it into the vector a network reads, and back."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from t2w.errors import T2WError

KEYS = (
    *("w", "a", "s", "d", "space", "shift", "ctrl", "e", "q", "f", "r", "tab"),
    *(str(digit) for digit in range(10)),
    *("up", "down", "left", "right", "lmb", "rmb", "mmb", "scroll_up", "scroll_down"),
)


@dataclass(frozen=True)
class Action:
    """Action t leads from frame t to frame t+1. `mouse` is in degrees of this one frame: dx right +, dy down +. Raises T2WError for what is no
    key, and for degrees that are no two finite numbers."""

    keys: frozenset[str] = frozenset()
    mouse: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        if isinstance(self.keys, str) or not isinstance(self.keys, Iterable):
            raise T2WError(f"an action's keys are a set such as {{'w', 'space'}}, not {_short(self.keys)}")
        try:
            right, down = map(float, self.mouse)
        except (TypeError, ValueError):
            right = down = math.nan
        if not (math.isfinite(right) and math.isfinite(down)):
            raise T2WError(f"an action's mouse is two finite numbers of degrees such as (4.0, 0.0), not {_short(self.mouse)}")
        object.__setattr__(self, "keys", frozenset(legal_key(key) for key in self.keys))
        object.__setattr__(self, "mouse", (right, down))

    def to_row(self) -> dict:
        """The JSON form: {"keys": ["space", "w"], "mouse": [dx, dy]}."""
        return {"keys": sorted(self.keys), "mouse": list(self.mouse)}

    @classmethod
    def from_row(cls, row: object) -> "Action":
        """The inverse of `to_row`; more fields than these two are allowed and ignored. Raises T2WError."""
        if not isinstance(row, dict):
            raise T2WError(f'an action is an object such as {{"keys": ["w"], "mouse": [0, 0]}}, not {_short(row)}')
        if "keys" not in row and "mouse" not in row:
            raise T2WError('an action has "keys", "mouse" or both, such as {"keys": ["w"], "mouse": [0, 0]}')
        keys, mouse = row.get("keys", []), row.get("mouse", [0.0, 0.0])
        if not isinstance(keys, list):
            raise T2WError(f'"keys" is a list such as ["w", "space"], not {_short(keys)}')
        if not (isinstance(mouse, list) and len(mouse) == 2 and all(is_number(degrees) for degrees in mouse)):
            raise T2WError(f'"mouse" is two numbers of degrees such as [4.0, 0.0], not {_short(mouse)}')
        return cls(keys, mouse)


@dataclass(frozen=True)
class ActionSpace:
    """What a world understands: `keys` in the order of the vector, the mouse or not, and `turn`, the most degrees of view turn in one frame."""

    keys: tuple[str, ...]
    mouse: bool = True
    turn: float = 12.0

    def __post_init__(self) -> None:
        assert set(self.keys) <= set(KEYS) and len(set(self.keys)) == len(self.keys) and self.turn > 0, self

    @property
    def size(self) -> int:
        return len(self.keys) + 2 * self.mouse

    def vector(self, action: Action) -> np.ndarray:
        """float32 (a,): each key 0 or 1 in order, then dx/turn and dy/turn clipped to [-1, 1]. What the space lacks is left out."""
        held = [float(key in action.keys) for key in self.keys]
        turned = [degrees / self.turn for degrees in self.clipped(action).mouse] if self.mouse else []
        return np.array(held + turned, np.float32)

    def action(self, vector: Sequence[float] | np.ndarray) -> Action:
        """The inverse of `vector`."""
        assert len(vector) == self.size, f"{len(vector)} numbers for {self}"
        keys = frozenset(key for key, value in zip(self.keys, vector) if value > 0.5)
        mouse = (float(vector[-2]) * self.turn, float(vector[-1]) * self.turn) if self.mouse else (0.0, 0.0)
        return Action(keys, mouse)

    def clipped(self, action: Action) -> Action:
        """The action, turning by no more than this space's most."""
        right, down = (max(-self.turn, min(self.turn, degrees)) for degrees in action.mouse)
        return action if (right, down) == action.mouse else Action(action.keys, (right, down))

    def lacks(self, action: Action) -> set[str]:
        """The keys of `action`, and "mouse", that this space does not understand."""
        turned = {"mouse"} if any(action.mouse) and not self.mouse else set()
        return set(action.keys - set(self.keys)) | turned


def legal_key(name: object) -> str:
    """`name` if it is a key, else a T2WError that offers the nearest one."""
    if isinstance(name, str) and name in KEYS:
        return name
    near = get_close_matches(str(name).lower(), KEYS, 1)
    raise T2WError(f"unknown key {_short(name)}; " + (f"did you mean {near[0]!r}?" if near else f"the keys are {' '.join(KEYS)}"))


def is_number(value: object) -> bool:
    """True for a finite int or float that is not a bool."""
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # an int too large for a float
        return False


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
