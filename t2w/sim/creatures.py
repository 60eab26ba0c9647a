"""Creatures wander, turn from obstacles and flee when struck. Edits their rows (x y z yaw phase timer speed flee)."""

import math

from numba import njit

from t2w.sim.crates import chance
from t2w.sim.ground import height_at
from t2w.sim.walking import EDGE, SIZE, X, Y

WIDE = 0.5


@njit(cache=True)
def strike_creature(player, fx, fy, creatures):
    """Creatures within reach of a blow in direction (fx, fy) run away from it."""
    hit = False
    for c in range(creatures.shape[0]):
        dx = creatures[c, 0] - player[X]
        dy = creatures[c, 1] - player[Y]
        d = math.hypot(dx, dy)
        if d < 2.2 and dx * fx + dy * fy > 0.5 * d:
            creatures[c, 7] = 3.0
            creatures[c, 3] = math.atan2(-dx, dy)
            hit = True
    return hit


@njit(cache=True)
def can_stand(x, y, z, heights, water, lava, circles, boxes, crates):
    if not (EDGE < x < SIZE - EDGE and EDGE < y < SIZE - EDGE):
        return False
    ground = height_at(heights, x, y)
    if ground < (water + 0.15 if lava else water - 0.2) or abs(ground - z) > 0.5:
        return False
    for b in range(boxes.shape[0]):
        if boxes[b, 0] - WIDE < x < boxes[b, 1] + WIDE and boxes[b, 2] - WIDE < y < boxes[b, 3] + WIDE:
            return False
    for k in range(circles.shape[0]):
        r = circles[k, 2] + WIDE
        dx, dy = x - circles[k, 0], y - circles[k, 1]
        if abs(dx) < r and abs(dy) < r and z < circles[k, 3] and dx * dx + dy * dy < r * r:
            return False
    for k in range(crates.shape[0]):
        reach = crates[k, 3] + 0.45
        if crates[k, 7] > 0 and abs(x - crates[k, 0]) < reach and abs(y - crates[k, 1]) < reach:
            return False
    return True


@njit(cache=True)
def wander(creatures, player, heights, water, lava, circles, boxes, crates, random, dt):
    """dt seconds of all creatures."""
    for c in range(creatures.shape[0]):
        creatures[c, 5] -= dt
        creatures[c, 7] = max(creatures[c, 7] - dt, 0.0)
        fleeing = creatures[c, 7] > 0
        if creatures[c, 5] <= 0:
            creatures[c, 5] = 1.0 + 3.0 * chance(random)
            u = chance(random)
            creatures[c, 6] = 0.0 if u < 0.3 else 0.8 + u
            if not fleeing:
                creatures[c, 3] += (u - 0.5) * 4.0
        speed = 4.0 if fleeing else creatures[c, 6]
        x, y = creatures[c, 0], creatures[c, 1]
        nx = x - math.sin(creatures[c, 3]) * speed * dt
        ny = y + math.cos(creatures[c, 3]) * speed * dt
        before = math.hypot(x - player[X], y - player[Y])
        after = math.hypot(nx - player[X], ny - player[Y])
        if speed > 0:
            stuck = not can_stand(x, y, creatures[c, 2], heights, water, lava, circles, boxes, crates)
            clear = stuck or can_stand(nx, ny, creatures[c, 2], heights, water, lava, circles, boxes, crates)
            if clear and not (after < 0.9 and after < before):
                creatures[c, 0], creatures[c, 1] = nx, ny
            else:
                creatures[c, 3] += 6.0 * dt
        creatures[c, 2] = height_at(heights, creatures[c, 0], creatures[c, 1])
        creatures[c, 4] += dt * speed * 3.0
