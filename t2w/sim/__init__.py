"""The toy world: a spec becomes a scene, physics moves it, a small rasteriser paints it. Needs numba, so nothing is imported here."""
