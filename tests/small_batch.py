"""What the tests of batches share: a recipe of small worlds, t2w in a process of its own, and what lies in a folder afterwards."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
RECIPE = """
prompts: a {red|blue|green} sea
painter: stripes
world: strip
actions: [w-10, d-5]
seconds: 1
"""
# Policies: one that takes its time, one that breaks, one that breaks while a file is there, one that is refused.
POLICIES = """
import time
from pathlib import Path
from t2w.actions.action import Action
from t2w.errors import T2WError

def slow(space, fps, seed):
    def act(frame, t):
        time.sleep(0.05)
        return Action(mouse=(1.0, 0.0))
    return act

def breaks(space, fps, seed):
    def act(frame, t):
        if t == 3:
            raise RuntimeError("a wheel came off")
        return Action()
    return act

def moody(space, fps, seed):
    def act(frame, t):
        if t == 3 and Path("moody").exists():
            Path("moody").unlink()
            raise RuntimeError("not in the mood")
        return Action()
    return act

def refused(space, fps, seed):
    def act(frame, t):
        raise T2WError("this cannot be walked; write another recipe")
    return act
"""


def set_up(here: Path, recipe: str = RECIPE) -> dict:
    """A folder with a recipe r.yaml and p.py of policies; the environment in which the small world and painter are plug-ins."""
    info = here / "site" / "small-0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: small\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[t2w.worlds]\nstrip = strip\n[t2w.painters]\nstripes = stripes\n")
    (here / "r.yaml").write_text(recipe)
    (here / "p.py").write_text(POLICIES)
    path = os.pathsep.join([str(here / "site"), str(ROOT / "tests"), str(ROOT)])
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "XDG_CACHE_HOME": str(here / "cache")}


def start(here: Path, env: dict, *words: str) -> subprocess.Popen:
    command = [sys.executable, "-u", "-m", "t2w", "batch", *words, "--json"]
    return subprocess.Popen(command, cwd=here, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def t2w(here: Path, env: dict, *words: str) -> tuple[int, list[dict]]:
    """(exit code, the lines of --json)."""
    process = start(here, env, *words)
    said, complained = process.communicate(timeout=1200)
    assert "Traceback" not in complained, complained
    return process.returncode, [json.loads(line) for line in said.splitlines()]


def rows(folder: Path) -> list[dict]:
    """results.jsonl without what differs from run to run."""
    found = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    return [{name: value for name, value in row.items() if name != "took"} for row in found]


def files(folder: Path) -> dict[str, str]:
    """Everything under worlds/, hidden leftovers included, with a digest of its bytes."""
    found = sorted(path for path in (folder / "worlds").rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def descendants(pid: int) -> dict[int, str]:
    """Processes that a process has started, and theirs, with their command lines."""
    parents, lines = {}, {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            lines[int(place.name)] = (place / "cmdline").read_text()
        except OSError:
            continue  # it has just ended

    def below(one: int) -> bool:
        return one in parents and (parents[one] == pid or below(parents[one]))

    return {one: line for one, line in lines.items() if below(one)}


def workers(pid: int) -> list[int]:
    """Of a batch; ffmpeg and Python's own helper are none."""
    return [one for one, line in descendants(pid).items() if "spawn_main" in line]
