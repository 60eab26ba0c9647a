"""kill -9 at any moment: what has a final name is whole, and the same command again succeeds and leaves nothing else."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from t2w.cli import app

N = 30
COMMAND = ("new", "a red tower in a desert at noon", "--world", "sim", "--painter", "sim", "-n", "2", "--frames", str(N))
COMMAND += ("--clean", "--frames-out", "png", "--out", "w", "--json")


def run_until(event: str, count: int, here: Path) -> None:
    """Starts the command and kills it when the event has come `count` times."""
    command = [sys.executable, "-u", "-m", "t2w", *COMMAND]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen(command, cwd=here, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for line in process.stdout:
        count -= json.loads(line)["event"] == event
        if count == 0:
            break
    process.send_signal(signal.SIGKILL)
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL


def whole(here: Path) -> set[str]:
    """Every file under a final name is read to its end; their names."""
    from t2w.media.metadata import read_metadata
    from t2w.media.pixels import read_picture
    from t2w.media.video import read_film

    found = [path for path in here.rglob("*") if path.is_file() and not path.name.startswith(".")]
    for path in found:
        if path.suffix == ".png":
            read_picture(path)
            read_metadata(path)
        elif path.suffix == ".mp4":
            assert len(list(read_film(path))) == N + 1
        else:
            rows = path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]
            assert len([json.loads(row) for row in rows]) == (N if path.suffix == ".jsonl" else 1)
    return {str(path.relative_to(here)) for path in found}


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
@pytest.mark.parametrize(("event", "count"), [("stage", 1), ("candidate", 2), ("sheet", 1), ("frame", 1), ("frame", 3)])
def test_a_killed_run_leaves_no_half_file_and_can_be_run_again(tmp_path, monkeypatch, event, count):
    run_until(event, count, tmp_path)
    assert "w/takes/01/take.json" not in whole(tmp_path)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, COMMAND)
    assert result.exit_code == 0 and json.loads(result.stdout.splitlines()[-1])["ok"]
    films = {f"w/takes/01/{name}" for name in ("take.mp4", "clean.mp4", "take.json", "actions.jsonl")}
    pictures = {f"png/{t:06d}.png" for t in range(N + 1)}
    assert whole(tmp_path) == films | pictures | {"w/world.json", "w/sheet.png", "w/frames/1.png", "w/frames/2.png"}
    assert not [path for path in tmp_path.rglob(".*")]  # what the killed run had begun is swept up


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="asks Linux for a process's children")
def test_who_collects_ends_with_the_one_that_sent_for_him(tmp_path):
    words = ("collect", "--out", tmp_path, "--episodes", "4000", "--only", "start", "--workers", "2")
    process = subprocess.Popen([sys.executable, "-m", "t2w", *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        began = wait_for(lambda: len(workers := [pid for pid in children.read_text().split() if at_work(pid)]) == 2 and workers)
    finally:
        process.kill()
        process.wait()
    wait_for(lambda: not any(map(at_work, began)))


def at_work(pid: str) -> bool:
    """Whether this is a process that records: it has been sent for by another, and lives."""
    try:
        return "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for(found, seconds: float = 60):
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return value
