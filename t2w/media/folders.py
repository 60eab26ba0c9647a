"""A folder's name in, the folder there and writable, or a sentence why not; and its name as a shell takes it."""

import os
import shlex
from pathlib import Path

from t2w.errors import FAILED, T2WError


def make_folder(folder: Path) -> Path:
    """The folder, made with its parents if it was not there. Raises T2WError where nothing can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "no permission to write there")
    except OSError as error:
        reason = (
            "a file has that name" if isinstance(error, FileExistsError | NotADirectoryError) else (error.strerror or str(error)).lower()
        )
        raise T2WError(f"cannot use the folder {folder}: {reason}; choose another", FAILED) from error
    return folder


def quoted(path: Path | str) -> str:
    """As it is pasted into a shell, this one or Windows'."""
    return shlex.quote(str(path)) if os.name == "posix" else f'"{path}"'
