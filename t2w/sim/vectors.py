"""Three-number tuples for compiled code: dot products, blends, limits. Colours and directions alike."""

import math

from numba import njit

FAST = {"cache": True, "fastmath": True, "error_model": "numpy"}
# For code that makes no arrays: without reference counting, handing arrays around in tuples is free.
PLAIN = {**FAST, "_nrt": False}
INLINE = {**PLAIN, "forceinline": True}  # inlined by LLVM: small functions cost nothing inside the pixel loop


@njit(**INLINE)
def clamp(value, low, high):
    return min(max(value, low), high)


@njit(**INLINE)
def dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@njit(**INLINE)
def mix(a, b, share):
    """a where share is 0, b where it is 1."""
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share)


@njit(**INLINE)
def scaled(a, k):
    return (a[0] * k, a[1] * k, a[2] * k)


@njit(**INLINE)
def times(a, b):
    return (a[0] * b[0], a[1] * b[1], a[2] * b[2])


@njit(**INLINE)
def along(origin, direction, k):
    """origin + k * direction."""
    return (origin[0] + k * direction[0], origin[1] + k * direction[1], origin[2] + k * direction[2])


@njit(**INLINE)
def unit(a):
    return scaled(a, 1.0 / math.sqrt(dot(a, a) + 1e-12))


@njit(**INLINE)
def faded(u):
    """exp(-u) for u >= 0 within 0.001, without the slow call."""
    return 1.0 / (1.0 + u * (1.0 + u * (0.48 + u * 0.235)))
