"""Actions to the 25 numbers that Oasis reads a frame, and back: Minecraft's controls as VPT (Baker et al. 2022) writes them down.

Degrees of view turn are pressed together before they are told, so that small turns count for more: sign(x) ln(1 + 2.7 |x|) / ln 3.7 of
x = degrees / 20, as Oasis's authors did to the recordings (open-oasis, issue 9). The first of its two camera numbers is the pitch, though
they call it X (issue 35). They rounded to steps of 1/40; here a turn keeps its value, or slow ones would be lost.
"""

from math import copysign, exp, log

import numpy as np

from t2w.actions.action import Action, ActionSpace
from t2w.errors import T2WError

# Minecraft's names in the order of the vector, and t2w's keys for them; ESC has none, for it would end the game.
CONTROLS = {
    "inventory": "e",
    "ESC": None,
    **{f"hotbar.{slot}": str(slot) for slot in range(1, 10)},
    "forward": "w",
    "back": "s",
    "left": "a",
    "right": "d",
    "cameraX": None,
    "cameraY": None,
    "jump": "space",
    "sneak": "shift",
    "sprint": "ctrl",
    "swapHands": "f",
    "attack": "lmb",
    "use": "rmb",
    "pickItem": "mmb",
    "drop": "q",
}
NAMES = tuple(CONTROLS)
PITCH, YAW = NAMES.index("cameraX"), NAMES.index("cameraY")
TURN = 20.0  # degrees in one frame, more are not told
PRESS = 2.7
SPACE = ActionSpace(keys=tuple(key for key in CONTROLS.values() if key), mouse=True, turn=TURN)


def vector(action: Action) -> np.ndarray:
    """float32 (25,): each control 0 or 1, the camera in [-1, 1]. Keys that Minecraft lacks are left out."""
    numbers = np.array([key in action.keys for key in CONTROLS.values()], np.float32)
    dx, dy = action.mouse
    numbers[PITCH], numbers[YAW] = pressed(dy), pressed(dx)
    return numbers


def action(numbers: np.ndarray) -> Action:
    """The inverse of `vector`. Raises T2WError for what no action makes."""
    wrong = [name for name, n in zip(NAMES, numbers, strict=True) if not (abs(n) <= 1 if name.startswith("camera") else n in (0, 1))]
    if wrong:
        raise T2WError(f"{wrong[0]} is {numbers[NAMES.index(wrong[0])]:g}; the camera is a number from -1 to 1, all else is 0 or 1")
    if numbers[NAMES.index("ESC")]:
        raise T2WError("ESC is pressed, for which t2w has no key; set it to 0")
    keys = frozenset(key for key, n in zip(CONTROLS.values(), numbers, strict=True) if key and n)
    return Action(keys, (degrees(float(numbers[YAW])), degrees(float(numbers[PITCH]))))


def pressed(degrees: float) -> float:
    """Degrees of one frame => the camera's number in [-1, 1]."""
    x = min(abs(degrees) / TURN, 1.0)
    return copysign(log(1 + PRESS * x) / log(1 + PRESS), degrees)


def degrees(pressed: float) -> float:
    """The inverse of `pressed`."""
    return copysign((exp(abs(pressed) * log(1 + PRESS)) - 1) / PRESS * TURN, pressed)
