"""Triangles => a visibility buffer: per sample the nearest surface's number and its inverse depth. No colours here."""

import math

import numpy as np
from numba import njit

from t2w.sim.meshes import FAR_SPHERE
from t2w.sim.rows import BOX, CONE, CYLINDER, PLANT, PRISM, SPHERE, TREE
from t2w.sim.vectors import FAST, INLINE, PLAIN

TERRAIN = 1 << 20  # the number of the ground; instances are numbered by their row, the sky is -1
NEAR = 0.08  # metres
GRID = 129  # height samples a side
PATCH = 8  # cells a side of the terrain patches that are skipped together

# Columns of a projected vertex: clip x, clip y, depth, screen x, screen y, nearness (larger is nearer).
CLIP_X, CLIP_Y, DEPTH, SCREEN_X, SCREEN_Y, NEARNESS = range(6)


@njit(**PLAIN)
def fill(near, ids, ax, ay, an, bx, by, bn, cx, cy, cn, number):
    """Draw one counter-clockwise (on the screen: y down) triangle; the covered span of each line is solved, not searched."""
    h, w = near.shape
    area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    if area <= 0.0:
        return
    x0 = max(math.ceil(min(ax, min(bx, cx)) - 0.5), 0)
    x1 = min(math.floor(max(ax, max(bx, cx)) - 0.5), w - 1)
    y0 = max(math.ceil(min(ay, min(by, cy)) - 0.5), 0)
    y1 = min(math.floor(max(ay, max(by, cy)) - 0.5), h - 1)
    if x0 > x1 or y0 > y1:
        return
    a_dx, a_dy = (by - cy) / area, (cx - bx) / area  # barycentric weights of a and b are linear on the screen
    b_dx, b_dy = (cy - ay) / area, (ax - cx) / area
    a = a_dx * (x0 + 0.5 - cx) + a_dy * (y0 + 0.5 - cy)
    b = b_dx * (x0 + 0.5 - cx) + b_dy * (y0 + 0.5 - cy)
    n_dx = a_dx * (an - cn) + b_dx * (bn - cn)
    n_dy = a_dy * (an - cn) + b_dy * (bn - cn)
    n = cn + a * (an - cn) + b * (bn - cn)
    for y in range(y0, y1 + 1):
        low, high = 0.0, float(x1 - x0)
        for edge in range(3):
            if edge == 0:
                value, slope = a, a_dx
            elif edge == 1:
                value, slope = b, b_dx
            else:
                value, slope = 1.0 - a - b, -a_dx - b_dx
            if slope > 0.0:
                low = max(low, -value / slope)
            elif slope < 0.0:
                high = min(high, -value / slope)
            elif value < 0.0:
                high = -1.0
        if low <= high:
            first = math.ceil(low)
            nearness = n + first * n_dx
            for x in range(x0 + first, x0 + math.floor(high) + 1):
                if nearness > near[y, x]:
                    near[y, x] = nearness
                    ids[y, x] = number
                nearness += n_dx
        a += a_dy
        b += b_dy
        n += n_dy


@njit(**FAST)
def fill_clipped(near, ids, points, a, b, c, number):
    """Draw the triangle of projected vertices a b c, cut at the near plane."""
    h, w = near.shape
    inside = int(points[a, DEPTH] > NEAR) + int(points[b, DEPTH] > NEAR) + int(points[c, DEPTH] > NEAR)
    if inside == 0:
        return
    if inside == 3:
        p, q, r = points[a], points[b], points[c]
        fill(near, ids, p[3], p[4], p[5], q[3], q[4], q[5], r[3], r[4], r[5], number)
        return
    cut = np.empty((4, 3))
    count = 0
    corners = (a, b, c)
    for k in range(3):
        p, q = points[corners[k]], points[corners[(k + 1) % 3]]
        if p[DEPTH] > NEAR:
            cut[count, 0], cut[count, 1], cut[count, 2] = p[SCREEN_X], p[SCREEN_Y], p[NEARNESS]
            count += 1
        if (p[DEPTH] > NEAR) != (q[DEPTH] > NEAR):
            share = (NEAR - p[DEPTH]) / (q[DEPTH] - p[DEPTH])
            cut[count, 0] = ((p[0] + share * (q[0] - p[0])) / NEAR * 0.5 + 0.5) * w
            cut[count, 1] = (0.5 - (p[1] + share * (q[1] - p[1])) / NEAR * 0.5) * h
            cut[count, 2] = 1.0 / NEAR
            count += 1
    o = cut[0]
    for k in range(1, count - 1):
        p, q = cut[k], cut[k + 1]
        fill(near, ids, o[0], o[1], o[2], p[0], p[1], p[2], q[0], q[1], q[2], number)


@njit(**INLINE)
def project(matrix, flat, w, h, x, y, z, point):
    """World (x y z) => one row of projected columns. `flat` is the parallel projection of a shadow map."""
    clip_x = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z + matrix[0, 3]
    clip_y = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z + matrix[1, 3]
    depth = matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z + matrix[2, 3]
    inverse = 1.0 if flat else 1.0 / depth
    point[CLIP_X] = clip_x
    point[CLIP_Y] = clip_y
    point[DEPTH] = 1.0 if flat else depth
    point[SCREEN_X] = (clip_x * inverse * 0.5 + 0.5) * w
    point[SCREEN_Y] = (0.5 - clip_y * inverse * 0.5) * h
    point[NEARNESS] = depth if flat else inverse


@njit(**INLINE)
def length(row, column):
    return math.sqrt(row[column] * row[column] + row[column + 1] * row[column + 1] + row[column + 2] * row[column + 2])


@njit(**PLAIN)
def contains(row, x, y, z):
    """Whether the solid, or for foliage its near surroundings, holds the point (x y z), given from the solid's centre."""
    primitive = int(row[16])
    foliage = (row[17] == TREE or row[17] == PLANT) and primitive != CYLINDER
    margin = 0.6 if foliage else 0.0  # leaves this close would fill the picture
    sx, sy, sz = length(row, 0), length(row, 3), length(row, 6)
    px = abs(x * row[0] + y * row[1] + z * row[2]) / (sx * sx) / (1.0 + 2.0 * margin / sx)
    py = abs(x * row[3] + y * row[4] + z * row[5]) / (sy * sy) / (1.0 + 2.0 * margin / sy)
    pz = (x * row[6] + y * row[7] + z * row[8]) / (sz * sz) / (1.0 + 2.0 * margin / sz)
    if px > 0.5 or py > 0.5 or abs(pz) > 0.5:
        return False
    if primitive == BOX or primitive == PRISM:
        return True
    if primitive == SPHERE:
        return px * px + py * py + pz * pz < 0.25
    radius = 0.5 * (0.5 - pz) if primitive == CONE else 0.5
    return px * px + py * py < radius * radius


@njit(**PLAIN)
def hidden(row, view, spread, far):
    """Whether an instance is out of sight: behind, beyond, beside, smaller than a pixel, or around the eye."""
    dx, dy, dz = row[9] - view[0], row[10] - view[1], row[11] - view[2]
    depth = dx * view[3] + dy * view[4] + dz * view[5]
    radius = 0.9 * max(length(row, 0), max(length(row, 3), length(row, 6)))
    if depth < -radius or depth > far or radius < depth * 0.006:
        return True
    beside = spread * max(depth, 0.0) + radius * 1.8 + 0.2
    square = dx * dx + dy * dy + dz * dz
    if square - depth * depth > beside * beside:
        return True
    reach = radius * 2.0 + 1.0
    return square < reach * reach and contains(row, -dx, -dy, -dz)


@njit(**FAST)
def draw_instances(near, ids, matrix, flat, rows, count, meshes, base, view, spread, far):
    """Draw the first `count` rows as numbers base, base + 1 ...; view = eye, forward (6,), spread = tan of the half diagonal."""
    h, w = near.shape
    vertices, vertex_start, faces, face_start = meshes
    points = np.empty((64, 6))
    for k in range(count):
        row = rows[k]
        if not flat and hidden(row, view, spread, far):
            continue
        mesh = int(row[16])
        if mesh == SPHERE and not flat:
            depth = (row[9] - view[0]) * view[3] + (row[10] - view[1]) * view[4] + (row[11] - view[2]) * view[5]
            if depth > 12.0 * max(length(row, 0), max(length(row, 3), length(row, 6))):
                mesh = FAR_SPHERE
        first = vertex_start[mesh]
        for i in range(first, vertex_start[mesh + 1]):
            vx, vy, vz = vertices[i, 0], vertices[i, 1], vertices[i, 2]
            x = row[0] * vx + row[3] * vy + row[6] * vz + row[9]
            y = row[1] * vx + row[4] * vy + row[7] * vz + row[10]
            z = row[2] * vx + row[5] * vy + row[8] * vz + row[11]
            project(matrix, flat, w, h, x, y, z, points[i - first])
        for f in range(face_start[mesh], face_start[mesh + 1]):  # seen with y down, outward faces run the other way round
            fill_clipped(near, ids, points, faces[f, 2], faces[f, 1], faces[f, 0], base + k)


@njit(**FAST)
def draw_terrain(near, ids, matrix, flat, heights, points, view, spread, far):
    """Draw the ground, patch by patch, with every second height sample where it is far."""
    h, w = near.shape
    for top in range(0, GRID - 1, PATCH):
        for left in range(0, GRID - 1, PATCH):
            step = 1
            if not flat:
                dx = left + PATCH / 2 - view[0]
                dy = top + PATCH / 2 - view[1]
                dz = heights[top + PATCH // 2, left + PATCH // 2] - view[2]
                depth = dx * view[3] + dy * view[4] + dz * view[5]
                if depth < -9.0 or depth > far + 8.0:
                    continue
                beside = spread * max(depth, 0.0) + 12.0
                if dx * dx + dy * dy + dz * dz - depth * depth > beside * beside:
                    continue
                step = 1 if depth < 22.0 else 2
            for y in range(top, top + PATCH + 1, step):
                for x in range(left, left + PATCH + 1, step):
                    project(matrix, flat, w, h, float(x), float(y), heights[y, x], points[y * GRID + x])
            for y in range(top, top + PATCH, step):
                for x in range(left, left + PATCH, step):
                    a = y * GRID + x
                    b = a + step
                    c = a + GRID * step
                    fill_clipped(near, ids, points, a, c, b, TERRAIN)
                    fill_clipped(near, ids, points, b, c, c + step, TERRAIN)
