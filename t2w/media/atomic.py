"""A final path in, a temporary path beside it out; a file gets its final name only when it is whole."""

import errno
import os
import platform
import re
import secrets
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from t2w.errors import FAILED, T2WError
from t2w.media.folders import make_folder

LEFTOVER = re.compile(r"\..*\.(?P<host>[0-9a-f]{8})-(?P<pid>\d+)-[0-9a-f]{6}\.tmp(\.\w+)?")
CLOCKS = 2.0  # seconds by which a disk's clock and the machine's may differ
LAST = ("config.json", "tokenizer_config.json", "model_index.json")  # what says that a folder can be loaded


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


def write_text(path: str | Path, text: str) -> None:
    """A file of text, whole or not at all; half a character, as file names may hold, is written as JSON does."""
    with atomically(path) as temporary:
        temporary.write_text(text, "utf-8", "backslashreplace", newline="\n")


@contextmanager
def whole_folder(folder: str | Path) -> Iterator[Path]:
    """Yields a hidden folder inside `folder`; when all is written, its files move out, those that name the others last.

    Inside, not beside: `folder` may be a disk of its own, or the only place where one may write. If the block raises, nothing
    has changed. Every OSError of the block is told as a T2WError about `folder`.
    """
    folder = make_folder(Path(folder))
    temporary = temporary_name(folder / "whole")
    with explained(folder):
        try:
            sweep(folder)
            temporary.mkdir()
            yield temporary
            for path in sorted((path for path in temporary.rglob("*") if path.is_file()), key=_turn):
                final = folder / path.relative_to(temporary)
                final.parent.mkdir(parents=True, exist_ok=True)
                os.replace(path, final)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _turn(path: Path) -> tuple[int, int]:
    """Files that name others come last, the outermost of them last of all."""
    return (LAST.index(path.name) + 1 if path.name in LAST else 0, -len(path.parts))


def temporary_name(path: Path) -> Path:
    """A hidden name in the same folder. It says who is writing, so that `sweep` knows what a dead run has left; it keeps the suffix."""
    return path.with_name(f".{path.name[:40]}.{_host()}-{os.getpid()}-{secrets.token_hex(3)}.tmp{path.suffix}")


def sweep(folder: str | Path) -> None:
    """Removes the temporary files and folders that killed runs of this machine left in `folder`."""
    for entry, writer in _begun(folder):
        if not _writes(writer, entry):
            shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink(missing_ok=True)


def at_work(folder: str | Path) -> bool:
    """Whether another process of this machine is writing in `folder`."""
    return Path(folder).is_dir() and any(writer != os.getpid() and _writes(writer, entry) for entry, writer in _begun(folder))


def _begun(folder: str | Path) -> Iterator[tuple[Path, int]]:
    """Temporary files and folders of this machine in `folder`, and the process that has begun each."""
    for entry in Path(folder).iterdir():
        name = LEFTOVER.fullmatch(entry.name)
        if name and name["host"] == _host():
            yield entry, int(name["pid"])


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
    if isinstance(error, IsADirectoryError | FileExistsError):
        return "a folder has that name"
    return (error.strerror or str(error)).lower()  # "no space left on device", "read-only file system", …


def _host() -> str:
    return f"{zlib.crc32(platform.node().encode()):08x}"


def _writes(pid: int, entry: Path) -> bool:
    """Not so a zombie: killed, it writes no more, but keeps its number until its parent asks after it, which in a container may be never. Nor
    who has begun since the file was last written: he has the number of one who is gone."""
    import psutil

    try:
        process, written = psutil.Process(pid), entry.stat().st_mtime
        return process.status() != psutil.STATUS_ZOMBIE and process.create_time() <= written + CLOCKS
    except (psutil.NoSuchProcess, OverflowError, FileNotFoundError):
        return False
    except psutil.AccessDenied:
        return True
