"""A final path in, a temporary path beside it out; a file gets its final name only when it is whole."""

import errno
import os
import platform
import re
import secrets
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from t2w.errors import FAILED, T2WError

LEFTOVER = re.compile(r"\..*\.(?P<host>[0-9a-f]{8})-(?P<pid>\d+)-[0-9a-f]{6}\.tmp(\.\w+)?")


@contextmanager
def atomically(path: str | Path) -> Iterator[Path]:
    """Yields a path that does not exist yet; what is written there is renamed to `path`, or removed if the block raises.

    Every OSError of the block is told as a T2WError about `path`.
    """
    path = Path(path)
    temporary = temporary_name(path)
    with explained(path):
        try:
            yield temporary
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(folder: str | Path) -> Iterator[Path]:
    """Yields a temporary folder beside `folder`; when all is written, its files are moved in, those that name the others last."""
    folder = Path(folder)
    with explained(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as temporary:
            yield Path(temporary)
            for path in sorted(Path(temporary).rglob("*"), key=lambda path: (path.suffix == ".json", -len(path.parts))):
                if path.is_file():
                    final = folder / path.relative_to(temporary)
                    final.parent.mkdir(parents=True, exist_ok=True)
                    os.replace(path, final)


def temporary_name(path: Path) -> Path:
    """A hidden name in the same folder. It says who is writing, so that `sweep` knows what a dead run has left; it keeps the suffix."""
    return path.with_name(f".{path.name[:40]}.{_host()}-{os.getpid()}-{secrets.token_hex(3)}.tmp{path.suffix}")


def sweep(folder: str | Path) -> None:
    """Removes the temporary files that killed runs of this machine left in `folder`."""
    if os.name != "posix":
        return  # elsewhere os.kill(pid, 0) does not ask, it kills
    for entry in Path(folder).iterdir():
        name = LEFTOVER.fullmatch(entry.name)
        if name and name["host"] == _host() and not _alive(int(name["pid"])):
            entry.unlink(missing_ok=True)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns an OSError into a sentence about `path`."""
    try:
        yield
    except OSError as error:
        raise T2WError(f"could not write {path}: {_reason(error, path)}", FAILED) from error


def _reason(error: OSError, path: Path) -> str:
    if error.errno in (errno.EACCES, errno.EPERM):
        return "no permission to write there; choose another folder with --out"
    if error.errno == errno.ENOENT and not path.parent.exists():
        return f"there is no folder {path.parent}"
    if error.errno in (errno.EISDIR, errno.EEXIST) or path.is_dir():
        return "a folder has that name"
    return (error.strerror or str(error)).lower()  # "no space left on device", "read-only file system", …


def _host() -> str:
    return f"{zlib.crc32(platform.node().encode()):08x}"


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
