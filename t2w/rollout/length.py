"""How long a film is: as asked, else as its script lasts, else ten seconds."""

from t2w.worlds.protocol import WorldSpec

SECONDS = 10.0
LONGEST = 3600.0
MOST_FRAMES = 216_000  # an hour at 60 frames a second


def length(spec: WorldSpec, seconds: float | None, frames: int | None, of_script: int | None) -> int:
    """New frames. `frames` goes before `seconds`; `of_script`: how many actions a script has."""
    if frames is not None:
        return frames
    if seconds is not None:
        return spec.frames(seconds)
    return spec.frames(SECONDS) if of_script is None else max(1, of_script)


def beyond(spec: WorldSpec, frames: int) -> str | None:
    """What there is to say of a film that is longer than its world was made for."""
    if spec.horizon is None or frames <= spec.frames(spec.horizon):
        return None
    return f"the world {spec.name} was made for {spec.horizon:g} seconds; beyond that it may lose its way"
