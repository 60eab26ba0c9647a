"""The shape of the code: who may import whom, how long a file may be, what importing may cost."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "t2w").rglob("*.py"))
ROWS = (
    ("cli",),
    ("batch", "evaluate"),
    ("dream", "train"),
    ("rollout", "start", "data"),
    ("worlds",),
    ("nn", "sim", "media"),
    ("actions",),
    ("errors", "processes"),
)
ROW = {room: row for row, rooms in enumerate(ROWS) for room in rooms}
HEAVY = ("torch", "diffusers", "transformers", "numba", "numpy", "PIL", "rich", "yaml", "pydantic", "imageio")


def room(module: str) -> str | None:
    """t2w.media.hud => media; t2w itself belongs to none."""
    parts = module.split(".")
    return parts[1] if parts[0] == "t2w" and len(parts) > 1 else None


def imports(path: Path) -> set[str]:
    """Rooms that a file imports from, at the top or inside its functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {room(name.name) for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are written out from t2w"
            modules = [f"t2w.{name.name}" for name in node.names] if node.module == "t2w" else [node.module]
            found |= {room(module) for module in modules if room(module) in ROW or node.module != "t2w"}
    return found - {None}


def own_room(path: Path) -> str:
    return path.relative_to(ROOT / "t2w").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", [path for path in FILES if own_room(path) in ROW], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_from_rows_below_its_own(path):
    own = own_room(path)
    above = {other for other in imports(path) if other != own and ROW[other] <= ROW[own]}
    assert not above, f"{own} may not import from {above}"


def test_every_file_has_a_room():
    assert {own_room(path) for path in FILES} - set(ROW) <= {"__init__", "__main__"}


def test_files_stay_small():
    """One file, one idea. Split it rather than raise the number."""
    files = [*FILES, *(ROOT / "tests").glob("*.py")]
    long = {str(path.relative_to(ROOT)): n for path in files if (n := len(path.read_text("utf-8").splitlines())) > 300}
    assert not long, f"split these: {long}"


def test_every_file_says_what_it_is_for():
    silent = [str(path.relative_to(ROOT)) for path in FILES if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert not silent


UNWANTED = {
    r"except Exception|except BaseException|except:": "say which error",
    r"strict=False": "a weight that does not fit is an error",
    r"sys\.path\b": "t2w is a package",
    r"class \w*(Manager|Factory|Registry)\b": "name it after what it is",
    r"np\.random\.seed|random\.seed\(|torch\.manual_seed(?!\(.*# the weights' first values)": "seeds are arguments",
    r"torch_dtype": "diffusers says dtype now",
    r"[\"'](/home|/root|/tmp|/work|/mnt)/": "paths of one machine",
}


@pytest.mark.parametrize("pattern", UNWANTED, ids=UNWANTED.values())
def test_habits_that_the_project_does_without(pattern):
    found = [
        f"{path.relative_to(ROOT)}:{i}"
        for path in FILES
        for i, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert not found, UNWANTED[pattern]


def test_the_command_line_imports_nothing_heavy():
    code = f"import sys, t2w.cli; print(*(m for m in {HEAVY!r} if m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip() == ""


@pytest.mark.parametrize(("said", "kept"), [(None, "1000"), ("7", "7")])
def test_threads_that_wait_spin_briefly_unless_the_user_says_otherwise(said, kept):
    env = {name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"} | ({"GOMP_SPINCOUNT": said} if said else {})
    code = "import os; from t2w.cli import making; making.settle(False); print(os.environ['GOMP_SPINCOUNT'])"
    assert subprocess.run([sys.executable, "-c", code], env=env, check=True, capture_output=True, text=True).stdout.strip() == kept


def test_every_verb_has_an_example_in_its_help():
    from typer.main import get_command

    from t2w.cli import app

    def verbs(command, name):
        inner = getattr(command, "commands", {})
        return [verb for word, sub in inner.items() for verb in verbs(sub, f"{name} {word}")] if inner else [(name, command.help or "")]

    without = [name for name, text in verbs(get_command(app), "t2w") if f"Example: {name}" not in text]
    assert not without
