"""kill -9 twenty times at random moments, of the batch, of a worker, of everything at once; and a disk that is full half-way."""

import os
import random
import shutil
import signal
import subprocess
import time

import pytest
from small_batch import RECIPE, descendants, files, rows, set_up, start, t2w, workers

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="needs signals")]
WHOM = ("parent", "worker", "everything")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """(folder, environment, seconds) of a batch that nobody has touched."""
    here = tmp_path_factory.mktemp("undisturbed")
    env, began = set_up(here), time.monotonic()
    assert t2w(here, env, "r.yaml", "--out", "b", "--workers", "2")[0] == 0
    return here, env, time.monotonic() - began


@pytest.mark.parametrize("k", range(20))
def test_killed_at_a_random_moment_it_ends_the_same(k, undisturbed, tmp_path):
    before, env, seconds = undisturbed
    shutil.copytree(before / "site", tmp_path / "site")
    (tmp_path / "r.yaml").write_text(RECIPE)
    process = start(tmp_path, env, "r.yaml", "--out", "b", "--workers", "2")
    time.sleep(random.Random(k).uniform(0.15, 0.95) * seconds)
    working, all_of_them = workers(process.pid), [process.pid, *descendants(process.pid)]
    killed = {"parent": [process.pid], "worker": working[:1], "everything": all_of_them}[WHOM[k % 3]]
    for pid in killed:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    said, _ = process.communicate(timeout=1200)
    once = {line for line in said.splitlines() if '"state": "done"' in line}
    code, lines = t2w(tmp_path, env, "r.yaml", "--out", "b", "--workers", "2")
    assert code == 0 and lines[-1]["takes"] == {"done": 6}
    assert files(tmp_path / "b") == files(before / "b") and rows(tmp_path / "b") == rows(before / "b")
    twice = [
        line["place"] for line in lines if line.get("state") == "done" and line["took"] is not None and f'"{line["place"]}"' in str(once)
    ]
    assert not twice


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 3 MiB, where one may be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)], capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_stops_it_and_space_lets_it_go_on(small_disk, tmp_path):
    env = set_up(tmp_path, RECIPE.replace("w-10, d-5", "w-10, d-5, w-3, d-3, w-5, d-4") + "clean: true\n")
    (small_disk / "ballast").write_bytes(bytes(2_400_000))
    words = ("r.yaml", "--out", str(small_disk / "b"), "--workers", "2")
    code, said = t2w(tmp_path, env, *words)
    assert code == 1 and "no space left" in said[-1]["error"] and "make space, and the same command goes on" in said[-1]["error"]
    assert t2w(tmp_path, env, *words)[0] == 1  # still full, still in order
    (small_disk / "ballast").unlink()
    code, said = t2w(tmp_path, env, *words)
    assert code == 0 and said[-1]["takes"] == {"done": 18}
    assert t2w(tmp_path, env, "r.yaml", "--out", "b")[0] == 0
    assert files(small_disk / "b") == files(tmp_path / "b")
