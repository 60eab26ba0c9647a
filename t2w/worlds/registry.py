"""World names to worlds: ours, those of installed plug-ins, and local folders. Listing reads light specs and imports no torch."""

import difflib
import importlib
import json
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

from t2w.errors import MISSING, T2WError
from t2w.worlds.protocol import World, WorldSpec

# Each names a module with `SPEC: WorldSpec` and `load(device, dtype) -> World`; its top imports nothing heavy.
OURS = {
    "starter": "t2w.worlds.genie",
    "sim": "t2w.worlds.sim",
}
GROUP = "t2w.worlds"  # entry points of plug-ins: the same kind of module, or an object with the same two names


def names() -> list[str]:
    return [*OURS, *sorted({e.name for e in entry_points(group=GROUP)} - set(OURS))]


def spec(name: str) -> WorldSpec:
    """The spec of a world by its name, or of a local folder that holds a world of ours."""
    if folder := _folder(name):
        return _module(OURS["starter"]).spec(folder)
    return _provider(name).SPEC


def load(name: str, device: str = "auto", dtype: str = "auto") -> World:
    if folder := _folder(name):
        return _module(OURS["starter"]).load(device, dtype, folder=folder)
    return _provider(name).load(device, dtype)


def unknown(kind: str, name: str, known: list[str]) -> T2WError:
    """The sentence for a name that is not in a list: what was meant, perhaps, and what there is."""
    close = difflib.get_close_matches(name, known, 1)
    meant = f"; did you mean {close[0]!r}?" if close else ";"
    return T2WError(f"no {kind} named {name!r}{meant} there are: {', '.join(known)}")


def _provider(name: str) -> ModuleType:
    if name in OURS:
        return _module(OURS[name])
    for entry in entry_points(group=GROUP, name=name):
        try:
            return entry.load()
        except (ImportError, AttributeError) as error:
            raise T2WError(f"the plug-in of world {name!r} ({entry.value}) does not load: {error}", MISSING) from error
    raise unknown("world", name, names())


def _module(path: str) -> ModuleType:
    return importlib.import_module(path)


def _folder(name: str) -> Path | None:
    """The folder `name` when it is one and its config.json says Genie; a folder of another kind is refused in a sentence."""
    folder = Path(name)
    if name in names() or not folder.is_dir():
        return None
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except FileNotFoundError:
        raise T2WError(f"{name} holds no world: a world's folder has a config.json and *.safetensors") from None
    except (OSError, ValueError) as error:
        raise T2WError(f"{folder / 'config.json'} cannot be read: {error}") from error
    if not isinstance(config, dict) or config.get("_class_name") != "Genie":
        raise T2WError(f'{folder / "config.json"} does not say "_class_name": "Genie", so t2w cannot tell which world it is')
    return folder
