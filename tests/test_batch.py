"""Batches: what is planned is made, once, whoever is stopped on the way."""

import os
import signal
import time

import pytest
from small_batch import RECIPE, files, rows, set_up, start, t2w, workers

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs signals")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An undisturbed batch: its folder, its environment, the result of the command."""
    here = tmp_path_factory.mktemp("whole")
    env = set_up(here)
    code, said = t2w(here, env, "r.yaml", "--out", "b")
    assert code == 0
    return here, env, said[-1]


def test_what_is_planned_is_made(whole):
    here, _, result = whole
    found = rows(here / "b")
    assert result["takes"] == {"done": 6} and result["candidates"] == {"done": 3}
    assert len(found) == 6 and {row["status"] for row in found} == {"done"} and all(row["sha256"] for row in found)
    for row in found:
        assert all((here / "b" / row[name]).exists() for name in ("folder", "take", "film", "poster", "sheet"))
    assert len(files(here / "b")) == 3 * 3 + 6 * 3


def test_the_plan_is_told_before_and_nothing_is_written(tmp_path):
    env = set_up(tmp_path)
    code, said = t2w(tmp_path, env, "r.yaml", "--out", "b", "--dry-run")
    stages = {stage["name"]: (stage["jobs"], stage["left"]) for stage in said[-1]["stages"]}
    assert code == 0 and stages == {"paint": (3, 3), "roll": (6, 60)} and not (tmp_path / "b").exists()
    assert said[-1]["seconds"] is None and said[-1]["memory_mib"] is None  # the world does not say
    assert {(model["kind"], model["name"], model["here"]) for model in said[-1]["models"]} == {
        ("painter", "stripes", True),
        ("world", "strip", True),
    }


@pytest.mark.parametrize("verb", ["resume", "retry", "status", "cancel"])
def test_where_there_is_no_batch_nothing_is_made(verb, tmp_path):
    code, said = t2w(tmp_path, set_up(tmp_path), verb, "typo")
    assert code == 2 and "is no batch" in said[-1]["error"] and not (tmp_path / "typo").exists()


def test_the_same_command_again_does_nothing(whole):
    here, env, _ = whole
    before = {path: path.stat().st_mtime_ns for path in (here / "b" / "worlds").rglob("*")}
    code, said = t2w(here, env, "r.yaml", "--out", "b")
    assert code == 0 and said[-1]["takes"] == {"done": 6} and not [line for line in said if line["event"] == "job"]
    assert before == {path: path.stat().st_mtime_ns for path in (here / "b" / "worlds").rglob("*")}


def test_one_changed_prompt_is_all_that_is_made_again(whole, tmp_path):
    env = set_up(tmp_path)
    t2w(tmp_path, env, "r.yaml", "--out", "b")
    (tmp_path / "r.yaml").write_text(RECIPE.replace("blue", "yellow"))
    code, said = t2w(tmp_path, env, "r.yaml", "--out", "b")
    assert code == 0 and [line["stage"] for line in said if line["event"] == "job"] == ["paint", "roll", "roll"]
    assert [row["prompt"] for row in rows(tmp_path / "b")][2:4] == ["a yellow sea"] * 2
    assert any("of an earlier recipe" in line.get("text", "") for line in said)
    (tmp_path / "r.yaml").write_text(RECIPE)
    code, said = t2w(tmp_path, env, "r.yaml", "--out", "b")  # what was made for it before is still there
    assert not [line for line in said if line["event"] == "job"] and rows(tmp_path / "b") == rows(whole[0] / "b")


def test_what_is_deleted_is_made_again_the_same(whole, tmp_path):
    env = set_up(tmp_path)
    t2w(tmp_path, env, "r.yaml", "--out", "b")
    first, second, third, *_ = rows(tmp_path / "b")
    (tmp_path / "b" / first["take"] / "take.json").unlink()
    (tmp_path / "b" / third["poster"]).unlink()
    for name in ("queue.sqlite", "queue.sqlite-wal", "queue.sqlite-shm"):
        (tmp_path / "b" / name).unlink(missing_ok=True)
    code, said = t2w(tmp_path, env, "r.yaml", "--out", "b", "--workers", "2")
    made = [line["place"] for line in said if line["event"] == "job" and line["took"] is not None]
    assert code == 0 and sorted(made) == sorted([third["folder"], first["take"]]) and files(tmp_path / "b") == files(whole[0] / "b")
    assert second["take"] not in made


def test_a_job_that_breaks_is_tried_again_then_told_and_the_rest_goes_on(tmp_path):
    env = set_up(tmp_path, RECIPE + "policy: [p.py:breaks, p.py:moody, p.py:refused]\n")
    (tmp_path / "moody").touch()
    code, said = t2w(tmp_path, env, "r.yaml", "--out", "b", "--workers", "2")
    assert code == 3 and said[-1]["takes"] == {"done": 9, "failed": 6}
    again = [line["error"] for line in said if line.get("state") == "again"]
    assert len(again) == 4 and sum("a wheel came off" in error for error in again) == 3  # refused is refused the first time
    errors = {row["policy"]: row["error"] for row in rows(tmp_path / "b") if row["status"] == "failed"}
    assert "RuntimeError: a wheel came off" in errors["p.py:breaks"] and "write another recipe" in errors["p.py:refused"]
    (tmp_path / "p.py").write_text((tmp_path / "p.py").read_text().replace('raise RuntimeError("a wheel came off")', "return Action()"))
    assert t2w(tmp_path, env, "resume", "b")[0] == 3
    code, said = t2w(tmp_path, env, "retry", "b")
    assert code == 3 and said[-1]["takes"] == {"done": 12, "failed": 3}


def test_the_artist_is_asked(tmp_path):
    from t2w.dream import picked

    env = set_up(tmp_path, RECIPE + "candidates: 3\npick: ask\n")
    code, said = t2w(tmp_path, env, "r.yaml", "--out", "b")
    assert code == 0 and said[-1]["takes"] == {"waiting": 6} and {row["poster"] for row in rows(tmp_path / "b")} == {None}
    first = rows(tmp_path / "b")[0]
    list(picked(tmp_path / "b" / first["folder"], 2))
    code, said = t2w(tmp_path, env, "resume", "b")
    assert code == 0 and said[-1]["takes"] == {"waiting": 4, "done": 2}
    assert rows(tmp_path / "b")[0]["poster"] == f"{first['folder']}/frames/2.png"
    list(picked(tmp_path / "b" / first["folder"], 3))  # thought better of it
    code, said = t2w(tmp_path, env, "r.yaml", "--out", "b")
    assert [line["state"] for line in said if line["event"] == "job"] == ["done"] * 2 and rows(tmp_path / "b")[0]["pick"] == 3


def test_what_is_made_is_sent_to_a_url_too(whole, tmp_path):
    here, env, _ = whole
    url = f"file://{tmp_path / 'away'}"
    code, said = t2w(here, env, "resume", "b", "--to", url)
    assert code == 0 and files(tmp_path / "away") == files(here / "b")
    assert {"index.html", "results.jsonl"} <= {path.name for path in (tmp_path / "away").iterdir()} and not (
        tmp_path / "away/logs"
    ).exists()
    code, said = t2w(here, env, "resume", "b", "--to", "nowhere://x")
    assert code == 2 and "give a URL that fsspec knows" in said[-1]["error"]


def save_world(folder, seed: int) -> None:
    """A world of ours with random weights."""
    import torch

    from t2w.nn import autoencoder, dynamics
    from t2w.nn.imagine import Sampling
    from t2w.worlds.pretrained import save_world

    torch.manual_seed(seed)  # the weights' first values
    model, keys = dynamics.Dynamics(dynamics.TINY), ["w", "a", "s", "d", "space", "e", "lmb"]
    save_world(model, autoencoder.build(autoencoder.TINY), folder, Sampling(denoising_steps=1, window=2), fps=15.0, keys=keys, turn=12.0)


def test_after_new_weights_only_what_they_decide_is_made_again(tmp_path):
    env = set_up(tmp_path, "prompts: a {red|blue} sea\npainter: stripes\nmatrix: {world: [strip, ./world]}\nframes: 2\n")
    save_world(tmp_path / "world", 0)
    code, said = t2w(tmp_path, env, "r.yaml", "--out", "b")
    assert code == 0 and said[-1]["takes"] == {"done": 4} and said[-1]["candidates"] == {"done": 4}
    before = rows(tmp_path / "b")
    next((tmp_path / "b" / row["take"] / "take.json").unlink() for row in before if row["world"] == "./world")
    save_world(tmp_path / "world", 1)
    code, said = t2w(tmp_path, env, "resume", "b")
    assert code == 2 and "the world ./world has other weights now" in said[-1]["error"]
    code, said = t2w(tmp_path, env, "r.yaml", "--out", "b")
    assert code == 0 and [line["stage"] for line in said if line["event"] == "job"] == ["roll"] * 2
    after = rows(tmp_path / "b")
    changed = {row["world"] for row, other in zip(after, before, strict=True) if row["sha256"] != other["sha256"]}
    assert changed == {"./world"} and {row["take"][-2:] for row in after if row["world"] == "./world"} == {"02"}
    for name in ("queue.sqlite", "queue.sqlite-wal", "queue.sqlite-shm"):
        (tmp_path / "b" / name).unlink(missing_ok=True)
    code, said = t2w(tmp_path, env, "r.yaml", "--out", "b")  # what lies there says itself what made it
    assert code == 0 and rows(tmp_path / "b") == after and {line["took"] for line in said if line["event"] == "job"} == {None}
    assert said[-1]["frames_per_s"] == 0  # found, not made


def wait_for(process, event: str) -> None:
    for line in process.stdout:
        if f'"event": "{event}"' in line:
            return
    raise AssertionError(process.stderr.read())


def slow(here, takes: int = 1):
    recipe = RECIPE.replace("actions: [w-10, d-5]", "policy: p.py:slow").replace("seconds: 1", "seconds: 3")
    return set_up(here, f"{recipe}takes: {takes}\n")


def test_two_at_once_is_one_too_many(tmp_path):
    env = slow(tmp_path, takes=4)
    process = start(tmp_path, env, "r.yaml", "--out", "b")
    wait_for(process, "progress")
    code, said = t2w(tmp_path, env, "r.yaml", "--out", "b")
    assert code == 1 and "another t2w batch is at work in b" in said[-1]["error"]
    code, said = t2w(tmp_path, env, "status", "b")
    assert code == 0 and said[-1]["running"] and said[-1]["roll"]
    code, said = t2w(tmp_path, env, "cancel", "b")
    assert code == 0 and said[-1]["running"]
    assert process.wait(timeout=60) == 1 and "cancelled" in process.stdout.read()
    assert "cancelled" in {row["status"] for row in rows(tmp_path / "b")}
    (tmp_path / "p.py").write_text((tmp_path / "p.py").read_text().replace("sleep(0.05)", "sleep(0)"))
    code, said = t2w(tmp_path, env, "resume", "b")
    assert code == 0 and said[-1]["takes"] == {"done": 12}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    here = tmp_path_factory.mktemp("undisturbed")
    env = slow(here)
    (here / "p.py").write_text((here / "p.py").read_text().replace("sleep(0.05)", "sleep(0)"))
    assert t2w(here, env, "r.yaml", "--out", "b")[0] == 0
    return here / "b"


@pytest.mark.parametrize("whom", ["interrupt", "deaf", "worker", "parent", pytest.param("all", marks=pytest.mark.slow)])
def test_whoever_is_stopped_the_same_command_goes_on(whom, tmp_path, undisturbed):
    env = slow(tmp_path)
    process = start(tmp_path, env, "r.yaml", "--out", "b", "--workers", "2")
    wait_for(process, "progress")
    while not list((tmp_path / "b").rglob(".take.mp4*")):
        time.sleep(0.05)
    working = workers(process.pid)
    assert working
    if whom in ("interrupt", "deaf"):
        for pid in working * (whom == "deaf"):
            os.kill(pid, signal.SIGSTOP)  # cannot hear that it is to end, and is killed
        process.send_signal(signal.SIGINT)
        said, complained = process.communicate(timeout=60)
        assert process.returncode == 130 and "Traceback" not in complained and '"error": "interrupted"' in said
        assert not list((tmp_path / "b").rglob(".*.tmp*"))
    elif whom == "worker":
        os.kill(working[0], signal.SIGKILL)
        assert process.wait(timeout=60) == 0 and '"state": "again"' in process.stdout.read()
    else:
        for pid in [process.pid, *working * (whom == "all")]:
            os.kill(pid, signal.SIGKILL)
        process.communicate()
    code, said = t2w(tmp_path, env, "r.yaml", "--out", "b")
    assert code == 0 and said[-1]["takes"] == {"done": 3}
    assert files(tmp_path / "b") == files(undisturbed) and rows(tmp_path / "b") == rows(undisturbed)
