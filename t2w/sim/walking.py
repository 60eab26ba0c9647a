"""The player's body: one short step of walking, jumping, swimming, pushing; walls, trees and lava answer. Edits the player's row."""

import math

from numba import njit

from t2w.sim.ground import height_at

# The player's row. THROWN: seconds without control after touching lava; SAFE: the last dry place under the feet.
X, Y, Z, VX, VY, VZ, GROUND, SWIM, YAW, PITCH, PHASE, ATTACK, THROWN, SPEED, SAFE_X, SAFE_Y = range(16)
PLAYER = 16
EVENTS = ("break", "hit", "door", "jump", "push", "land", "swim", "burn")
BREAK, HIT, DOOR, JUMP, PUSH, LAND, SWIMMING, BURN = 1, 2, 4, 8, 16, 32, 64, 128

SIZE = 128.0
EDGE = 4.0
RADIUS = 0.3  # wider than the near plane's corners, so that no wall is ever cut open
TALL = 1.7
STEEP = 1.1
STEP_UP = 0.4
GRAVITY = 16.0
LEAP = 6.2


@njit(cache=True)
def climb(heights, x, y, z, nx, ny):
    """Where a step from (x, y) to (nx, ny) ends: too steep a slope is slid along, or stops it."""
    here = height_at(heights, x, y)
    there = height_at(heights, nx, ny)
    if there - z <= 0.05 or there - here <= STEEP * math.hypot(nx - x, ny - y) + 1e-6:
        return nx, ny
    if height_at(heights, nx, y) - here <= STEEP * abs(nx - x) + 1e-6:
        return nx, y
    if height_at(heights, x, ny) - here <= STEEP * abs(ny - y) + 1e-6:
        return x, ny
    return x, y


@njit(cache=True)
def around_circles(x, y, z, circles, radius):
    """Out of trunks, low crowns, posts and towers (x y r top)."""
    for c in range(circles.shape[0]):
        dx = x - circles[c, 0]
        dy = y - circles[c, 1]
        r = circles[c, 2] + radius
        if abs(dx) < r and abs(dy) < r and z < circles[c, 3]:
            d = math.hypot(dx, dy)
            if 1e-6 < d < r:
                x = circles[c, 0] + dx / d * r
                y = circles[c, 1] + dy / d * r
    return x, y


@njit(cache=True)
def around_boxes(x, y, z, boxes, ground):
    """Out of walls (x0 x1 y0 y1 z0 z1 active) by the shortest way, or up on a low one; also the ground's height there."""
    for b in range(boxes.shape[0]):
        x0, x1, y0, y1 = boxes[b, 0] - RADIUS, boxes[b, 1] + RADIUS, boxes[b, 2] - RADIUS, boxes[b, 3] + RADIUS
        top = boxes[b, 5]
        if not (boxes[b, 6] > 0 and x0 < x < x1 and y0 < y < y1 and z < top + 0.02 and z + TALL > boxes[b, 4]):
            continue
        if z >= top - STEP_UP:
            ground = max(ground, top)
            continue
        west, east, south, north = x - x0, x1 - x, y - y0, y1 - y
        least = min(min(west, east), min(south, north))
        if least == west:
            x = x0
        elif least == east:
            x = x1
        elif least == south:
            y = y0
        else:
            y = y1
    return x, y, ground


@njit(cache=True)
def against_crates(player, x, y, crates, ground):
    """Pushes crates (x y z half vx vy vz alive) that stand in the way, or steps on them."""
    z = player[Z]
    pushed = 0
    for c in range(crates.shape[0]):
        half = crates[c, 3]
        reach = half + RADIUS
        dx = crates[c, 0] - x
        dy = crates[c, 1] - y
        top = crates[c, 2] + 2 * half
        if not (crates[c, 7] > 0 and abs(dx) < reach and abs(dy) < reach and z < top + 0.02 and z + TALL > crates[c, 2]):
            continue
        if z >= top - 0.35:
            ground = max(ground, top)
            continue
        if abs(dx) > abs(dy):
            side = 1.0 if dx > 0 else -1.0
            crates[c, 4] = side * max(abs(player[VX]) * 0.8, 0.6)
            x -= side * (reach - abs(dx)) * 0.6
        else:
            side = 1.0 if dy > 0 else -1.0
            crates[c, 5] = side * max(abs(player[VY]) * 0.8, 0.6)
            y -= side * (reach - abs(dy)) * 0.6
        pushed = PUSH
    return x, y, ground, pushed


@njit(cache=True)
def around_creatures(x, y, z, creatures):
    for c in range(creatures.shape[0]):
        dx = x - creatures[c, 0]
        dy = y - creatures[c, 1]
        d = math.hypot(dx, dy)
        if 1e-6 < d < 0.8 and abs(z - creatures[c, 2]) < 1.0:
            x = creatures[c, 0] + dx / d * 0.8
            y = creatures[c, 1] + dy / d * 0.8
    return x, y


@njit(cache=True)
def inside(x, y, z, shelter):
    return shelter[0] < x < shelter[1] and shelter[2] < y < shelter[3] and shelter[4] - 0.5 < z < shelter[5]


@njit(cache=True)
def throw_back(player):
    """Lava: a hop towards the last dry place, without control until it is over."""
    dx = player[SAFE_X] - player[X]
    dy = player[SAFE_Y] - player[Y]
    d = math.hypot(dx, dy)
    if d < 1e-3:
        d = max(math.hypot(player[VX], player[VY]), 1e-3)
        dx, dy = -player[VX], -player[VY]
    player[VX] = dx / d * 4.5
    player[VY] = dy / d * 4.5
    player[VZ] = 6.0
    player[GROUND] = 0.0
    player[THROWN] = 0.7


@njit(cache=True)
def speed_up(player, wish_x, wish_y, jump, depth, h):
    """Velocities after h seconds: feet grip the ground, water carries, gravity pulls. Returns the jump event."""
    swim = player[SWIM] > 0.5
    speed = 2.4 if swim else (4.6 if depth < 0.3 else 3.2)
    grip = min(1.0, h * (10.0 if player[GROUND] > 0.5 else (3.0 if swim else 2.5)))
    player[VX] += (wish_x * speed - player[VX]) * grip
    player[VY] += (wish_y * speed - player[VY]) * grip
    if swim:
        player[VZ] += ((depth - 1.15) * 9.0 - player[VZ] * 4.0 + jump * 7.0) * h
        return 0
    player[VZ] -= GRAVITY * h
    if jump > 0.5 and player[GROUND] > 0.5:
        player[VZ] = LEAP
        player[GROUND] = 0.0
        return JUMP
    return 0


@njit(cache=True)
def settle(player, ground, h):
    """The vertical part: falls, lands, follows the slope downhill. Returns the landing event."""
    event = 0
    player[Z] += player[VZ] * h
    held = player[GROUND] > 0.5 and player[Z] < ground + 0.25 and player[VZ] <= 0 and player[SWIM] < 0.5
    if player[Z] <= ground + 0.001 or held:
        if player[VZ] < -7.0:
            event = LAND
        player[Z] = ground
        player[VZ] = max(player[VZ], 0.0)
        player[GROUND] = 1.0
    else:
        player[GROUND] = 0.0
    return event


@njit(cache=True)
def walk(player, wish_x, wish_y, jump, heights, water, lava, circles, boxes, shelter, crates, creatures, h):
    """h seconds of the player under a wished direction (world axes, length 0 or 1); returns event bits."""
    if player[THROWN] > 0:
        wish_x, wish_y, jump = 0.0, 0.0, 0.0
    x, y = player[X], player[Y]
    depth = -1.0 if lava else water - player[Z]
    player[SWIM] = 1.0 if depth > 0.9 else 0.0
    events = speed_up(player, wish_x, wish_y, jump, depth, h)
    nx = x + player[VX] * h
    ny = y + player[VY] * h
    if player[SWIM] < 0.5 and player[THROWN] <= 0:  # who is thrown out of lava gets up any bank
        nx, ny = climb(heights, x, y, player[Z], nx, ny)
    nx, ny = around_creatures(nx, ny, player[Z], creatures)
    nx = min(max(nx, EDGE), SIZE - EDGE)
    ny = min(max(ny, EDGE), SIZE - EDGE)
    nx, ny = around_circles(nx, ny, player[Z], circles, RADIUS)
    ground = height_at(heights, nx, ny)
    nx, ny, ground = around_boxes(nx, ny, player[Z], boxes, ground)
    nx, ny, ground, pushed = against_crates(player, nx, ny, crates, ground)
    ground = max(ground, height_at(heights, nx, ny))
    events |= pushed
    if lava and ground < water + 0.02 and player[Z] + player[VZ] * h < water + 0.15:
        throw_back(player)
        player[Z] = max(player[Z], height_at(heights, x, y))
        return events | BURN
    player[X], player[Y] = nx, ny
    events |= settle(player, ground, h)
    if inside(nx, ny, player[Z], shelter) and player[Z] + TALL + 0.1 > shelter[5]:
        player[Z] = max(ground, shelter[5] - TALL - 0.1)
        player[VZ] = min(player[VZ], 0.0)
    if player[GROUND] > 0.5:
        player[SAFE_X], player[SAFE_Y] = nx, ny
    return events
