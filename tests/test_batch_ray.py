"""A batch on a real Ray of this machine: two workers, one of them killed on the way; the same bytes as without Ray."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
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
def test_no_news_comes_of_a_job_that_has_ended(tmp_path, monkeypatch):
    ray = pytest.importorskip("ray")
    from t2w.batch import recipe
    from t2w.batch.cluster import Cluster
    from t2w.batch.plan import plan
    from t2w.batch.worker import Done, Progress

    monkeypatch.setenv("PYTHONPATH", set_up(tmp_path, RECIPE)["PYTHONPATH"], prepend=os.pathsep)
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.chdir(tmp_path)
    paint, *_ = plan(recipe.read(tmp_path / "r.yaml")).paints
    with Cluster(tmp_path / "b", 1, 1, "ray") as cluster:
        cluster.give(0, (paint, None))
        ray.wait([*cluster.orders])  # it has ended before it is asked how far it is
        said = [word for _ in range(3) for _, word in cluster.listen(1.0)]
    assert [type(word) for word in said] == [Progress, Done] and said[0].n == paint.n


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


def free_port() -> int:
    """Below those that Ray gives to its workers."""
    with socket.socket() as place:
        for port in range(9200, 9900):
            try:
                place.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise AssertionError("no port is free")


def refused(here: Path, env: dict, port: int, seconds: float) -> str:
    began = time.monotonic()
    code, said = t2w(here, env, "r.yaml", "--out", "b", "--on", f"ray://127.0.0.1:{port}")
    assert code == 1 and time.monotonic() - began < seconds
    return said[-1]["error"]


def test_where_nobody_listens_is_a_sentence(tmp_path):
    pytest.importorskip("ray")
    env = set_up(tmp_path, RECIPE)
    assert "nobody answers at ray://127.0.0.1:" in refused(tmp_path, env, free_port(), 120)


@pytest.fixture(scope="module")
def head(tmp_path_factory):
    """(port, token) of a true cluster, which asks for a token."""
    pytest.importorskip("ray")
    port, token = free_port(), {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0123456789abcdef" * 2}
    words = ["--head", "--block", "--port=0", f"--ray-client-server-port={port}", "--include-dashboard=false", "--num-cpus=2"]
    env = set_up(tmp_path_factory.mktemp("head")) | token
    with tempfile.TemporaryDirectory(prefix="ray") as place:  # a short path: Ray's sockets lie there
        command = [sys.executable, "-c", "from ray.scripts.scripts import main; main()", "start", *words, f"--temp-dir={place}"]
        process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            time.sleep(0.5)
        assert process.poll() is None
        yield port, token
        process.terminate()
        process.wait()


@pytest.mark.slow
def test_a_cluster_elsewhere_makes_the_same_and_asks_for_its_token(head, tmp_path):
    port, token = head
    env = set_up(tmp_path, "prompts: a {red|blue} sea\npainter: stripes\nworld: strip\nactions: w-10\n") | token
    assert "RAY_AUTH_TOKEN" in refused(tmp_path, env | {"RAY_AUTH_TOKEN": "f" * 32}, port, 300)
    code, said = t2w(tmp_path, env, "r.yaml", "--out", "b", "--on", f"ray://127.0.0.1:{port}")
    assert code == 0 and said[-1]["takes"] == {"done": 2}, said[-1]
    assert t2w(tmp_path, env, "r.yaml", "--out", "here", "--threads", "1")[0] == 0
    assert files(tmp_path / "b") == files(tmp_path / "here") and rows(tmp_path / "b") == rows(tmp_path / "here")
