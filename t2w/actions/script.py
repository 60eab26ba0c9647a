"""A file or a short form goes in, a `Script` comes out; and actions are written back in each of the three formats."""

from difflib import get_close_matches
from pathlib import Path

from t2w.actions import rows, short_form
from t2w.actions.action import Action
from t2w.actions.rows import to_rows
from t2w.actions.short_form import to_short
from t2w.actions.steps import Says, Script, error_at
from t2w.errors import T2WError

__all__ = ["SUFFIXES", "Script", "format_of", "read", "to_rows", "to_short", "to_yaml", "write"]

SUFFIXES = {".yaml": "yaml", ".yml": "yaml", ".jsonl": "jsonl", ".txt": "txt"}
MAX_BYTES = 64 * 2**20


def read(source: str | Path) -> Script:
    """The script in a file, by its suffix; or a short form such as `w-30,l-20` where there is no such file. Raises T2WError."""
    if not str(source).strip():
        raise T2WError(f"an empty name is no script; give a .yaml, .jsonl or .txt file, or a short form: {short_form.EXAMPLE}")
    path = Path(source)
    if _exists(path):
        text = _text(path)
        return _parse(format_of(path), text, str(source))
    if isinstance(source, Path) or path.suffix in SUFFIXES:
        raise T2WError(f"no script {str(source)!r}{_near(path)}; give a .yaml, .jsonl or .txt file, or a short form: {short_form.EXAMPLE}")
    if "-" not in source:
        raise T2WError(f"{source[:60]!r} is neither a script file nor a short form such as {short_form.EXAMPLE}")
    return short_form.parse(source)


def write(kind: str, actions: list[Action], fps: float, says: Says = ()) -> str:
    """The text of a script of `kind` yaml, jsonl or txt."""
    if kind == "yaml":
        return to_yaml(actions, fps, says)
    if kind == "jsonl":
        return to_rows(actions, says)
    if says:
        raise T2WError("the short form has no words to say; convert to .yaml or .jsonl")
    return to_short(actions) + "\n"


def to_yaml(actions: list[Action], fps: float, says: Says = ()) -> str:
    """The text of a .yaml script in seconds; at the same frame rate it gives the same actions back."""
    from t2w.actions import yaml_script

    return yaml_script.to_yaml(actions, fps, says)


def format_of(path: Path) -> str:
    """yaml, jsonl or txt, from the suffix."""
    if path.suffix.lower() not in SUFFIXES:
        raise T2WError(f"{str(path)!r} does not end as a script does; name it {', '.join(SUFFIXES)}")
    return SUFFIXES[path.suffix.lower()]


def _parse(kind: str, text: str, source: str) -> Script:
    if kind == "yaml":
        from t2w.actions import yaml_script

        return yaml_script.parse(text, source)
    return rows.parse(text, source) if kind == "jsonl" else short_form.parse(text, source)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a long short form is no legal file name
        return False


def _text(path: Path) -> str:
    try:
        if path.is_dir():
            raise T2WError(f"{str(path)!r} is a folder; give a script inside it")
        if path.stat().st_size > MAX_BYTES:
            raise T2WError(f"{str(path)!r} is larger than {MAX_BYTES // 2**20} MiB; cut the script into shorter ones")
        data = path.read_bytes()
    except OSError as error:
        raise T2WError(f"{str(path)!r} cannot be read: {error.strerror}") from None
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
        raise error_at(str(path), line, column, f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8") from None


def _near(path: Path) -> str:
    try:
        names = [other.name for other in path.parent.iterdir() if other.suffix in SUFFIXES]
    except (OSError, ValueError):
        return ""
    near = get_close_matches(path.name, names, 1)
    return f" (did you mean {str(path.parent / near[0])!r}?)" if near else ""
