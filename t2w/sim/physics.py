"""One frame of the world: the player's keys and mouse in, all state arrays moved on, event bits out."""

import math

from numba import njit

from t2w.sim.crates import scatter, slide, strike_crate
from t2w.sim.creatures import strike_creature, wander
from t2w.sim.walking import (
    ATTACK,
    BREAK,
    DOOR,
    EVENTS,
    HIT,
    PHASE,
    PITCH,
    SPEED,
    SWIM,
    SWIMMING,
    THROWN,
    VX,
    VY,
    YAW,
    X,
    Y,
    walk,
)

__all__ = ["EVENTS", "step"]

SUBSTEPS = 4
LOWEST, HIGHEST = -1.2, 1.0  # pitch
BLOW = 0.4  # seconds of a blow; it lands half way


@njit(cache=True)
def turn_door(player, door, boxes):
    """Opens or shuts the door (box, target, x, y, cooldown, openness) when it is within reach."""
    if door[0] < 0 or door[4] > 0 or math.hypot(door[2] - player[X], door[3] - player[Y]) > 2.6:
        return False
    door[1] = 1.0 - door[1]
    door[4] = 0.6
    boxes[int(door[0]), 6] = 1.0 - door[1]
    return True


@njit(cache=True)
def blow(player, act, fx, fy, crates, creatures, debris, random, dt):
    """The striking arm; returns event bits at the moment it lands."""
    events = 0
    if act[6] > 0.5 and player[ATTACK] <= 0:
        player[ATTACK] = BLOW
    lands = player[ATTACK] > BLOW / 2 and player[ATTACK] - dt <= BLOW / 2
    player[ATTACK] = max(player[ATTACK] - dt, 0.0)
    if lands:
        if strike_crate(player, fx, fy, crates, debris, random):
            events |= BREAK
        if strike_creature(player, fx, fy, creatures):
            events |= HIT
    return events


@njit(cache=True)
def step(player, act, heights, water, lava, circles, boxes, shelter, crates, creatures, door, debris, random, dt):
    """act (9,): w a s d jump interact attack, then the turn right and down in radians."""
    player[YAW] -= act[7]
    player[PITCH] = min(max(player[PITCH] - act[8], LOWEST), HIGHEST)
    fx, fy = -math.sin(player[YAW]), math.cos(player[YAW])
    ahead, right = act[0] - act[2], act[3] - act[1]
    wish_x, wish_y = fx * ahead + fy * right, fy * ahead - fx * right
    length = math.hypot(wish_x, wish_y)
    if length > 1e-9:
        wish_x /= length
        wish_y /= length
    events = blow(player, act, fx, fy, crates, creatures, debris, random, dt)
    if act[5] > 0.5 and turn_door(player, door, boxes):
        events |= DOOR
    door[4] = max(door[4] - dt, 0.0)
    door[5] += (door[1] - door[5]) * min(1.0, dt * 6.0)
    h = dt / SUBSTEPS
    for _ in range(SUBSTEPS):
        events |= walk(player, wish_x, wish_y, act[4], heights, water, lava, circles, boxes, shelter, crates, creatures, h)
        slide(crates, heights, water, lava, circles, boxes, h)
    player[THROWN] = max(player[THROWN] - dt, 0.0)
    player[SPEED] = math.hypot(player[VX], player[VY])
    player[PHASE] += dt * (player[SPEED] * 2.2 + (1.5 if player[SWIM] > 0 else 0.0))
    wander(creatures, player, heights, water, lava, circles, boxes, crates, random, dt)
    scatter(debris, heights, dt)
    if player[SWIM] > 0:
        events |= SWIMMING
    return events
