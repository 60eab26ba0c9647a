"""World names to worlds: ours, those of installed plug-ins, and local folders. Listing reads light specs and imports no torch."""

import difflib
import importlib
import inspect
import json
from pathlib import Path
from types import ModuleType

from t2w.actions import plugins
from t2w.errors import T2WError
from t2w.worlds.protocol import World, WorldSpec
from t2w.worlds.weights.fetch import Model

# Each names a module with `SPEC: WorldSpec` and `load(device, dtype) -> World`; its top imports nothing heavy. One whose weights may
# lie anywhere has `spec(place: Path) -> WorldSpec` too, and its load takes the place third: it is named as oasis:PLACE.
OURS = {
    "starter": "t2w.worlds.genie",
    "sim": "t2w.worlds.sim",
    "oasis": "t2w.worlds.oasis.world",
    "sana-wm": "t2w.worlds.sana_wm",
    "cosmos3": "t2w.worlds.cosmos3",
}
GROUP = "t2w.worlds"  # entry points of plug-ins: the same kind of module, or an object with the same names


def names() -> list[str]:
    return [*OURS, *plugins.names(GROUP, tuple(OURS))]


def spec(name: str) -> WorldSpec:
    """The spec of a world by its name, as NAME:PLACE, or of a local folder that holds a world of ours."""
    if folder := _folder(name):
        return _module(OURS["starter"]).spec(folder)
    provider, place = _placed(name)
    return provider.SPEC if place is None else provider.spec(place)


def load(name: str, device: str = "auto", dtype: str = "auto", memory: str = "auto") -> World:
    """The world. `memory` is told to those that ask for it: whose `load` takes it."""
    if folder := _folder(name):
        return _module(OURS["starter"]).load(device, dtype, folder=folder)
    provider, place = _placed(name)
    how = {"memory": memory} if "memory" in inspect.signature(provider.load).parameters else {}
    return provider.load(device, dtype, **how) if place is None else provider.load(device, dtype, place, **how)


def ready(name: str) -> None:
    """Refuse a world whose weights are not on this disk, with the command that gets them; loads nothing. A provider may have `ready(place)`."""
    if _folder(name):
        return
    provider, place = _placed(name)
    if hasattr(provider, "ready"):
        provider.ready("" if place is None else place)


def models() -> list[Model]:
    """What can be fetched for our worlds: a provider may have `MODELS`."""
    return [model for name in OURS for model in getattr(_module(OURS[name]), "MODELS", ())]


def on_disk(name: str) -> bool:
    """Whether its weights are here."""
    try:
        ready(name)
    except T2WError:
        return False
    return True


def unknown(kind: str, name: str, known: list[str]) -> T2WError:
    """The sentence for a name that is not in a list: what was meant, perhaps, and what there is."""
    close = difflib.get_close_matches(name, known, 1)
    meant = f"; did you mean {close[0]!r}?" if close else ";"
    return T2WError(f"no {kind} named {name!r}{meant} there are: {', '.join(known)}")


def _placed(name: str) -> tuple[ModuleType, Path | None]:
    """The provider of NAME or NAME:PLACE, and the place."""
    world, colon, place = name.partition(":")
    if not colon or world not in names():
        return _provider(name), None
    provider = _provider(world)
    if not hasattr(provider, "spec"):
        raise T2WError(f"the world {world} has all it needs and takes no folder; write it as {world}, not {name}")
    if not place:
        raise T2WError(f"{name} lacks the folder; write {world}:FOLDER, or {world} alone")
    return provider, Path(place)


def _provider(name: str) -> ModuleType:
    if name in OURS:
        return _module(OURS[name])
    if found := plugins.entry(GROUP, name):
        provider = plugins.load(found)
        plugins.spec(found, provider, WorldSpec)
        return provider
    raise unknown("world", name, names())


def _module(path: str) -> ModuleType:
    return importlib.import_module(path)


def _folder(name: str) -> Path | None:
    """The folder `name` when it is one and its config.json says Genie; a folder of another kind is refused in a sentence."""
    folder = Path(name)
    if not name or name in names() or not folder.is_dir():
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
