"""A batch on a real Ray of this machine: two workers, one of them killed on the way; the same bytes as without Ray."""

import os
import signal
import time
from pathlib import Path

import pytest
from small_batch import descendants, files, rows, set_up, start, t2w

from t2w.errors import T2WError

RECIPE = "prompts: a {red|blue|green} sea\npainter: stripes\nworld: strip\npolicy: p.py:slow\nseconds: 3\ntakes: 2\n"


def test_a_cluster_has_a_name_that_can_be_one():
    from t2w.batch.cluster import Cluster

    with pytest.raises(T2WError, match="say ray, which starts one here"):
        Cluster(Path("b"), 1, 1, "slurm")


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks for the actors in /proc")
def test_a_worker_of_ray_is_killed_and_all_takes_are_made(tmp_path):
    pytest.importorskip("ray")
    env = set_up(tmp_path, RECIPE)
    process = start(tmp_path, env, "r.yaml", "--out", "b", "--workers", "2", "--on", "ray")
    for line in process.stdout:
        if '"stage": "roll"' in line:
            break
    working = [pid for pid, line in descendants(process.pid).items() if line.startswith("ray::Hand")]
    assert len(working) == 2
    time.sleep(0.3)
    os.kill(working[0], signal.SIGKILL)
    rest = process.stdout.read()
    assert process.wait(timeout=120) == 0, process.stderr.read()
    assert '"state": "again"' in rest
    (tmp_path / "p.py").write_text((tmp_path / "p.py").read_text().replace("sleep(0.05)", "sleep(0)"))
    assert t2w(tmp_path, env, "r.yaml", "--out", "here", "--threads", "1")[0] == 0
    assert files(tmp_path / "b") == files(tmp_path / "here") and rows(tmp_path / "b") == rows(tmp_path / "here")
    code, said = t2w(tmp_path, env, "r.yaml", "--out", "b")  # and a batch begun there goes on here
    assert code == 0 and not [line for line in said if line["event"] == "job"]
