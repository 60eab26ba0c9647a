"""Scripts of all formats read, and held against a world: what it will not understand is said before anything is loaded."""

from pathlib import Path

from t2w.actions import script as scripts
from t2w.actions.script import Script
from t2w.worlds.protocol import WorldSpec


def read(source: str) -> Script:
    """The script in a file or a short form; recordings of Minecraft too, which only torch can read. Raises T2WError."""
    if Path(source).suffix != ".pt":
        return scripts.read(source)
    from t2w.worlds.oasis import recordings

    return recordings.script(source)


def lacks(script: Script, spec: WorldSpec) -> list[str]:
    """One sentence for each key, the mouse, turns or the words that the script uses and the world lacks; each names place, key and world."""
    known = {*spec.space.keys, *["mouse"] * spec.space.mouse}
    knows = f"it knows {' '.join(spec.space.keys)}{' and the mouse' if spec.space.mouse else ''}"
    found = [
        f"{place}: the world {spec.name} does not understand {'the mouse' if name == 'mouse' else f'the key {name!r}'}; {knows}"
        for name, place in script.uses().items()
        if name not in known
    ]
    fastest = max((abs(degrees) for action in script.actions(spec.fps) for degrees in action.mouse), default=0.0)
    if spec.space.mouse and fastest > spec.space.turn + 1e-6:
        most = f"the world {spec.name} turns by {spec.space.turn:g} at most"
        found.append(f"{script.source}: it turns by up to {fastest:g} degrees in a frame; {most}, what is beyond is lost")
    if script.says(spec.fps):
        found.append(f"{script.source}: the world {spec.name} takes no words on the way; what is said is left out")
    return found
