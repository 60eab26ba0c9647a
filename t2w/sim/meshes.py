"""The unit solids behind the primitives => vertices and triangles, outward faces counter-clockwise seen from outside."""

import math
from typing import NamedTuple

import numpy as np

RING = 8  # sides of cones and cylinders
FAR_SPHERE = 5  # the mesh after the five primitives: a plain icosahedron for spheres far away


class Meshes(NamedTuple):
    vertices: np.ndarray  # (n 3)
    vertex_start: np.ndarray  # mesh k owns vertices vertex_start[k] : vertex_start[k + 1]
    faces: np.ndarray  # (m 3) indices counted from the first vertex of the mesh
    face_start: np.ndarray


def box():
    vertices = [(x, y, z) for z in (-0.5, 0.5) for y in (-0.5, 0.5) for x in (-0.5, 0.5)]
    quads = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    return vertices, split(quads)


def split(quads):
    return [triangle for a, b, c, d in quads for triangle in ((a, b, c), (a, c, d))]


def ring(z):
    return [(0.5 * math.cos(2 * math.pi * i / RING), 0.5 * math.sin(2 * math.pi * i / RING), z) for i in range(RING)]


def cone():
    vertices = ring(-0.5) + [(0, 0, 0.5), (0, 0, -0.5)]
    faces = []
    for i in range(RING):
        following = (i + 1) % RING
        faces += [(i, following, RING), (following, i, RING + 1)]
    return vertices, faces


def cylinder():
    vertices = ring(-0.5) + ring(0.5) + [(0, 0, 0.5)]  # the underside is never seen
    faces = []
    for i in range(RING):
        following = (i + 1) % RING
        faces += split([(i, following, RING + following, RING + i)]) + [(RING + i, RING + following, 2 * RING)]
    return vertices, faces


def prism():
    vertices = [(-0.5, -0.5, -0.5), (0.5, -0.5, -0.5), (0.5, 0.5, -0.5), (-0.5, 0.5, -0.5), (-0.5, 0, 0.5), (0.5, 0, 0.5)]
    faces = split([(0, 1, 5, 4), (2, 3, 4, 5), (0, 3, 2, 1)]) + [(1, 2, 5), (3, 0, 4)]
    return vertices, faces


def icosahedron(radius):
    g = (1 + 5**0.5) / 2
    corners = [(-1, g, 0), (1, g, 0), (-1, -g, 0), (1, -g, 0), (0, -1, g), (0, 1, g)]
    corners += [(0, -1, -g), (0, 1, -g), (g, 0, -1), (g, 0, 1), (-g, 0, -1), (-g, 0, 1)]
    faces = [(0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4), (11, 10, 2), (10, 7, 6), (7, 1, 8)]
    faces += [(3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8), (3, 8, 9), (4, 9, 5), (2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1)]
    return np.array(corners) / math.hypot(1, g) * radius, faces


def sphere():
    """The icosahedron with every face cut in four."""
    corners, coarse = icosahedron(1.0)
    vertices = [tuple(c) for c in corners]
    middles = {}

    def middle(a, b):
        key = (min(a, b), max(a, b))
        if key not in middles:
            point = np.add(vertices[a], vertices[b])
            middles[key] = len(vertices)
            vertices.append(tuple(point / np.linalg.norm(point)))
        return middles[key]

    faces = []
    for a, b, c in coarse:
        ab, bc, ca = middle(a, b), middle(b, c), middle(c, a)
        faces += [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    return np.array(vertices) * 0.5, faces


def meshes() -> Meshes:
    """One mesh per primitive in the order of rows.py, then the far sphere."""
    parts = [box(), cone(), sphere(), cylinder(), prism(), icosahedron(0.52)]
    vertices = [np.array(v, np.float64) for v, _ in parts]
    faces = [np.array(f, np.int64) for _, f in parts]
    starts = [np.cumsum([0] + [len(p) for p in group]) for group in (vertices, faces)]
    return Meshes(np.concatenate(vertices), starts[0], np.concatenate(faces), starts[1])
