"""The ground under a point: a height map (129, 129) and x, y in metres in, metres out."""

from numba import njit

SIZE = 128  # metres and cells a side


@njit(cache=True)
def height_at(height, x, y):
    """Bilinear; outside the world, the height at its edge."""
    x = min(max(x, 0.0), SIZE - 1e-3)
    y = min(max(y, 0.0), SIZE - 1e-3)
    i, j = int(x), int(y)
    u, v = x - i, y - j
    near = height[j, i] * (1.0 - u) + height[j, i + 1] * u
    far = height[j + 1, i] * (1.0 - u) + height[j + 1, i + 1] * u
    return near * (1.0 - v) + far * v
