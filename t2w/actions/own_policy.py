"""The user's own policy: `module:callable` or `file.py:callable` goes in, the callable (space, fps, seed) -> policy comes out."""

import inspect
import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from t2w.errors import T2WError


def maker(name: str) -> Callable:
    """Raises T2WError for a missing module, file or name, and for what does not take (space, fps, seed)."""
    found = _imported(name)
    try:
        takes = inspect.signature(found)
    except ValueError:  # written in C, does not tell
        return found
    try:
        takes.bind("space", "fps", "seed")
    except TypeError:
        raise T2WError(f"{name!r} takes {takes}; it must take (space, fps, seed) and return a policy (frame, t) -> Action") from None
    return found


def _imported(name: str) -> Callable:
    module_name, _, attribute = name.rpartition(":")
    if not module_name or not attribute:
        raise T2WError(f"{name!r} is no policy; write module:callable, such as mine.policies:wander, or mine.py:wander")
    module = _file(Path(module_name)) if module_name.endswith(".py") else _module(module_name)
    found: object = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            own = [key for key, value in vars(module).items() if callable(value) and getattr(value, "__module__", "") == module.__name__]
            raise T2WError(f"{module_name} has no {attribute!r}; " + (f"it has: {', '.join(own)}" if own else "define it there"))
        found = getattr(found, part)
    if not callable(found):
        raise T2WError(f"{name!r} is of type {type(found).__name__}; a policy is made by a callable (space, fps, seed) -> policy")
    return found


def _module(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name + ".").startswith(error.name + "."):
            file = Path(name.replace(".", "/") + ".py")
            hint = (
                f"the file {str(file)!r} is named as {file}:callable" if file.is_file() else "install it, or name a file: mine.py:callable"
            )
            raise T2WError(f"no module named {error.name!r}; {hint}") from None
        raise _broken(name, error) from None
    except (ImportError, SyntaxError) as error:
        raise _broken(name, error) from None


def _file(path: Path) -> ModuleType:
    if not path.is_file():
        raise T2WError(f"no file {str(path)!r}; name the Python file that holds the policy")
    try:
        return _run(path.absolute(), path.stat().st_mtime_ns)
    except (ImportError, SyntaxError) as error:
        raise _broken(str(path), error) from None


@cache
def _run(path: Path, written: int) -> ModuleType:
    """The file as it was `written`, run once."""
    spec = spec_from_file_location(f"t2w_policy_{path.stem}", path)
    module = sys.modules[spec.name] = module_from_spec(spec)  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


def _broken(name: str, error: ImportError | SyntaxError) -> T2WError:
    return T2WError(f"importing {name!r} fails: {error}; mend it, or install what it needs")
