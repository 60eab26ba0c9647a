"""The player as seen from outside, and the arm and tool as seen from inside: a player's row in, instance rows out."""

import math

from numba import njit

from t2w.sim.rows import BOX, CHARACTER, CONE, CYLINDER, PLAIN, SPHERE, TOOL, WINDOW, put
from t2w.sim.walking import ATTACK, GROUND, PHASE, PITCH, SPEED, SWIM, VZ, YAW, X, Y, Z

KNIGHT, ROBOT, EXPLORER, WIZARD = range(4)  # the order of spec.CHARACTERS


@njit(cache=True)
def part(rows, n, primitive, at, local_x, local_y, local_z, sx, sy, sz, tilt, color, shade, material, kind):
    """A piece at local coordinates (right, ahead, up) of a body at `at` = (x, y, z, yaw)."""
    c, s = math.cos(at[3]), math.sin(at[3])
    x, y = at[0] + c * local_x - s * local_y, at[1] + s * local_x + c * local_y
    r, g, b = color[0] * shade, color[1] * shade, color[2] * shade
    return put(rows, n, primitive, x, y, at[2] + local_z, sx, sy, sz, at[3], tilt, r, g, b, material, kind)


@njit(cache=True)
def limb(rows, n, at, joint_x, joint_y, joint_z, wide, long, angle, color, shade, kind):
    """A box that hangs from a joint, swung forward by angle."""
    y, z = joint_y + math.sin(angle) * long / 2, joint_z - math.cos(angle) * long / 2
    return part(rows, n, BOX, at, joint_x, y, z, wide, wide, long, angle, color, shade, PLAIN, kind)


@njit(cache=True)
def posture(player):
    """Angles of left leg, right leg, left arm, right arm, and how far the body lies forward (0 upright, 1 swimming)."""
    walking = min(player[SPEED] / 3.0, 1.0)
    swing = math.sin(player[PHASE]) * 0.95 * walking
    legs, arms, lies = (swing, -swing), (-swing * 0.9, swing * 0.9), 0.0
    if player[SWIM] > 0.5:
        stroke, kick = player[PHASE] * 1.6, math.sin(player[PHASE] * 3.0) * 0.35
        legs, arms, lies = (-1.0 + kick, -1.0 - kick), (stroke, stroke + math.pi), 1.0
    elif player[GROUND] < 0.5:
        rise = max(-1.0, min(1.0, player[VZ] / 5.0))
        legs, arms = (0.75, -0.5), (1.3 + 0.9 * rise, 1.3 + 0.9 * rise)
    right = arms[1]
    if player[ATTACK] > 0:
        right = 2.6 * math.sin(player[ATTACK] / 0.4 * math.pi)
    return legs[0], legs[1], arms[0], right, lies


@njit(cache=True)
def character(rows, n, player, who, color):
    """Draws the player's figure, 1.8 m tall; its feet stand on the player's place."""
    left_leg, right_leg, left_arm, right_arm, lies = posture(player)
    bounce = abs(math.cos(player[PHASE])) * 0.05 * min(player[SPEED] / 3.0, 1.0) if player[GROUND] > 0.5 else 0.0
    at = (player[X], player[Y], player[Z] + bounce, player[YAW])
    hip_y, hip_z = -0.35 * lies, 0.75 + 0.12 * lies
    n = limb(rows, n, at, -0.13, hip_y, hip_z, 0.2, 0.75, left_leg, color, 0.45, CHARACTER)
    n = limb(rows, n, at, 0.13, hip_y, hip_z, 0.2, 0.75, right_leg, color, 0.40, CHARACTER)
    n = part(rows, n, BOX, at, 0.0, -0.02 * lies, 1.08, 0.52, 0.30, 0.68, -0.85 * lies, color, 1.0, PLAIN, CHARACTER)
    arm_y, arm_z = 0.25 * lies, 1.38 - 0.05 * lies
    n = limb(rows, n, at, -0.35, arm_y, arm_z, 0.16, 0.65, left_arm, color, 0.8, CHARACTER)
    n = limb(rows, n, at, 0.35, arm_y, arm_z, 0.16, 0.65, right_arm, color, 0.75, CHARACTER)
    steel = (0.75, 0.77, 0.82)
    hand_y, hand_z = arm_y + math.sin(right_arm) * 0.7, arm_z - math.cos(right_arm) * 0.7
    n = limb(rows, n, at, 0.35, hand_y, hand_z, 0.07, 0.8, right_arm + 1.5, steel, 1.0, TOOL)
    return head(rows, n, at, 0.42 * lies, lies, who, color)


@njit(cache=True)
def head(rows, n, at, ahead, lies, who, color):
    """Helmet, visor, hat and rucksack, or pointed hat and robe."""
    skin, steel, dark, felt = (0.85, 0.65, 0.50), (0.62, 0.64, 0.68), (0.05, 0.05, 0.05), (0.50, 0.36, 0.20)
    low = -0.08 * lies
    if who == KNIGHT:
        n = part(rows, n, SPHERE, at, 0.0, ahead, 1.62 + low, 0.36, 0.36, 0.40, 0.0, steel, 1.0, PLAIN, CHARACTER)
        return part(rows, n, BOX, at, 0.0, ahead + 0.16, 1.62 + low, 0.26, 0.06, 0.06, 0.0, dark, 1.0, PLAIN, CHARACTER)
    if who == ROBOT:
        n = part(rows, n, BOX, at, 0.0, ahead, 1.60 + low, 0.38, 0.36, 0.34, 0.0, steel, 1.0, PLAIN, CHARACTER)
        return part(rows, n, BOX, at, 0.0, ahead + 0.17, 1.63 + low, 0.26, 0.04, 0.09, 0.0, (0.2, 0.9, 1.0), 1.0, WINDOW, CHARACTER)
    n = part(rows, n, SPHERE, at, 0.0, ahead, 1.60 + low, 0.34, 0.34, 0.38, 0.0, skin, 1.0, PLAIN, CHARACTER)
    if who == EXPLORER:
        n = part(rows, n, CYLINDER, at, 0.0, ahead, 1.74 + low, 0.62, 0.62, 0.05, 0.0, felt, 1.0, PLAIN, CHARACTER)
        n = part(rows, n, CYLINDER, at, 0.0, ahead, 1.83 + low, 0.34, 0.34, 0.18, 0.0, felt, 1.0, PLAIN, CHARACTER)
        return part(rows, n, BOX, at, 0.0, -0.24, 1.10 + 0.2 * lies, 0.4, 0.22, 0.5, -0.85 * lies, felt, 0.85, PLAIN, CHARACTER)
    n = part(rows, n, CONE, at, 0.0, ahead, 2.05 + low, 0.5, 0.5, 0.7, 0.0, color, 0.7, PLAIN, CHARACTER)
    return part(rows, n, CONE, at, 0.0, -0.2 * lies, 0.72 + 0.1 * lies, 0.74, 0.7, 0.84, -0.85 * lies, color, 0.9, PLAIN, CHARACTER)


@njit(cache=True)
def arm(rows, n, player, eye, color):
    """First person: forearm, hand and tool before the eye; they bob with the steps, sink and rise with jumps, swing with blows."""
    yaw, pitch = player[YAW], player[PITCH]
    c, s, cp, sp = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
    walking = min(player[SPEED] / 4.0, 1.0)
    strike = math.sin(player[ATTACK] / 0.4 * math.pi) if player[ATTACK] > 0 else 0.0
    right = 0.36 - 0.20 * strike + 0.025 * walking * math.sin(player[PHASE])
    up = -0.36 + 0.08 * strike - 0.035 * walking * abs(math.cos(player[PHASE])) - 0.012 * max(-6.0, min(6.0, player[VZ]))
    ahead = 0.62 + 0.18 * strike
    turn, tilt = yaw + 0.25 + 0.6 * strike, pitch + 0.35 - 0.5 * strike
    if player[SWIM] > 0.5:
        stroke = math.sin(player[PHASE] * 1.6)
        ahead, up, tilt = ahead + 0.12 * stroke, up - 0.05 + 0.06 * stroke, tilt + 0.25 * stroke
    for piece in range(3):
        x = eye[0] - s * cp * ahead + c * right + s * sp * up
        y = eye[1] + c * cp * ahead + s * right - c * sp * up
        z = eye[2] + sp * ahead + cp * up
        if piece == 0:
            n = put(rows, n, BOX, x, y, z, 0.085, 0.34, 0.085, turn, tilt, color[0], color[1], color[2], PLAIN, TOOL)
            ahead, up, right = ahead + 0.17, up + 0.06 - 0.05 * strike, right - 0.03
        elif piece == 1:
            n = put(rows, n, BOX, x, y, z, 0.075, 0.09, 0.085, turn, tilt, 0.85, 0.65, 0.50, PLAIN, TOOL)
            ahead, up = ahead + 0.08, up + 0.10 - 0.06 * strike
        else:
            n = put(rows, n, BOX, x, y, z, 0.03, 0.03, 0.40, turn, pitch - 0.2 - 1.3 * strike, 0.75, 0.77, 0.82, PLAIN, TOOL)
    return n
