"""The plan of a batch: what is in the queue, and what it will take."""

import json
from dataclasses import replace
from io import StringIO

import pytest
from small_batch import RECIPE as SMALL
from small_batch import set_up
from typer.testing import CliRunner

from t2w.batch import figures, recipe
from t2w.batch.estimate import estimate
from t2w.batch.plan import Plan, plan
from t2w.batch.queue import Queue
from t2w.batch.run import prepare
from t2w.cli import app, batch_screen
from t2w.errors import T2WError
from t2w.start import weights

RECIPE = "painter: sim\nworld: sim\nprompts: a {red|blue} cabin\nactions: [w-20, l-20]\npolicy: random\nseconds: 2\ncandidates: 3\n"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def planned(here, text: str = RECIPE) -> Plan:
    (here / "r.yaml").write_text(text)
    return plan(recipe.read(here / "r.yaml"))


def work_off(queue: Queue) -> list[str]:
    """All jobs in the order of the queue, as one worker would take them."""
    done, model = [], None
    while (order := queue.next(model)) is not None:
        job, _ = order
        queue.began(job.key)
        queue.done(job.key, 0.5, "sha" if job.model.startswith("world") else None)
        done.append(job.model.split()[0])
        model = job.model
    return done


def test_candidates_come_first_and_takes_when_theirs_are_painted(tmp_path):
    queue = prepare(tmp_path, planned(tmp_path))
    assert queue.counts() == {"paint": {"pending": 2}, "roll": {"blocked": 6}}
    assert work_off(queue) == ["painter"] * 2 + ["world"] * 6
    assert queue.counts() == {"paint": {"done": 2}, "roll": {"done": 6}}


def test_a_model_is_loaded_once(tmp_path):
    text = "painter: sim\nprompts: [red cabin, blue cabin, white cabin]\nseconds: 1\nmatrix: {world: [sim, starter]}"
    queue = prepare(tmp_path, planned(tmp_path, text))
    assert work_off(queue) == ["painter"] * 3 + ["world"] * 6
    models = [row.world for row in queue.rows()]
    assert models == sorted(models)


def test_a_job_that_fails_takes_with_it_what_needs_it(tmp_path):
    queue = prepare(tmp_path, planned(tmp_path))
    job, _ = queue.next()
    queue.began(job.key)
    queue.failed(job.key, "no brush")
    assert queue.counts() == {"paint": {"failed": 1, "pending": 1}, "roll": {"failed": 3, "blocked": 3}}
    assert {row.error for row in queue.rows() if row.status == "failed"} == {"its candidates could not be painted: no brush"}
    queue.settle(retry=True)
    assert queue.counts() == {"paint": {"pending": 2}, "roll": {"blocked": 6}}


def test_of_a_killed_batch_no_job_runs(tmp_path):
    queue = prepare(tmp_path, planned(tmp_path))
    job, _ = queue.next()
    queue.began(job.key)
    result = CliRunner().invoke(app, ["batch", "status", str(tmp_path), "--json"])
    said = json.loads(result.stdout.splitlines()[-1])
    assert not said["running"] and said["paint"] == {"pending": 2} and queue.counts()["paint"]["running"] == 1


@pytest.mark.parametrize("verb, code", [("status", 2), ("cancel", 2), ("resume", 0), ("retry", 0)])
def test_a_dry_run_changes_nothing_whatever_the_verb(tmp_path, verb, code):
    queue = prepare(tmp_path, planned(tmp_path))
    job, _ = queue.next()
    queue.began(job.key)
    queue.failed(job.key, "no brush")
    before, there = queue.counts(), sorted(tmp_path.iterdir())
    result = CliRunner().invoke(app, ["batch", verb, str(tmp_path), "--dry-run"])
    assert result.exit_code == code and (code == 0 or f"{verb} makes nothing, so it takes no --dry-run" in result.stderr)
    assert queue.counts() == before and not queue.cancelled and sorted(tmp_path.iterdir()) == there


def test_a_take_keeps_its_number_when_the_recipe_grows(tmp_path):
    first = {row.key: row.take for row in prepare(tmp_path, planned(tmp_path)).rows()}
    grown = {row.key: row.take for row in prepare(tmp_path, planned(tmp_path, RECIPE.replace("[w-20,", "[d-20, w-20,"))).rows()}
    assert len(grown) == 8 and first.items() <= grown.items() and len(set(grown.values())) == 8


def test_scripts_are_kept_once_and_come_back(tmp_path):
    found = planned(tmp_path)
    queue = prepare(tmp_path, found)
    assert queue.base.execute("SELECT count(*) FROM scripts").fetchone() == (2,)
    again = Queue(tmp_path)
    for paint in found.paints:
        again.done(paint.key, 1.0, None)
    job, number = again.next()
    assert job in found.rolls and number == 1 and job.walk.actions is not None


def test_time_is_reckoned_from_what_bench_has_measured_and_then_from_the_batch_itself(tmp_path):
    queue = prepare(tmp_path, planned(tmp_path))
    assert estimate(queue, tmp_path, 1).seconds is None
    row = {"name": "sim", "device": "cpu", "dtype": None, "load_s": 2.0, "first_frame_s": 1.5, "peak_mib": 250}
    figures.keep([{**row, "kind": "world", "fps": 90.0}, {**row, "kind": "painter", "fps": 2.0, "load_s": None}])
    found = estimate(queue, tmp_path, 2)
    painter, world = found.models
    assert painter.seconds == pytest.approx(6 / 2 + 1) and world.seconds == pytest.approx(6 * 30 / 90 + 2)
    assert found.seconds == pytest.approx(8) and found.memory_mib == 500 and world.basis == "t2w bench (cpu, no network)"
    job, _ = queue.next()
    queue.done(job.key, 6.0, None)
    assert (
        estimate(queue, tmp_path, 1).models[0].seconds == pytest.approx(6) and estimate(queue, tmp_path, 1).models[0].basis == "this batch"
    )


def test_disk_is_reckoned_larger_for_more_and_longer_films(tmp_path):
    few = estimate(prepare(tmp_path / "a", planned(tmp_path), dry=True), tmp_path, 1)
    many = estimate(prepare(tmp_path / "b", planned(tmp_path, f"{RECIPE}seeds: 0-9\nclean: true"), dry=True), tmp_path, 1)
    assert 10 * few.disk_mib < many.disk_mib < 25 * few.disk_mib and few.free_mib > 0 and not (tmp_path / "a").exists()


def test_weights_that_are_not_here_are_told_with_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    found = estimate(prepare(tmp_path, planned(tmp_path, "prompts: a\npainter: sim\nworld: sana-wm"), dry=True), tmp_path, 1)
    painter, world = found.models
    assert painter.here and not world.here and "sana" in world.missing.lower()


def test_a_damaged_queue_and_a_folder_without_one_are_sentences(tmp_path):
    with pytest.raises(T2WError, match="is no batch"):
        Queue(tmp_path)
    (tmp_path / "queue.sqlite").write_bytes(b"no database at all, by no means, not even a small one" * 100)
    with pytest.raises(T2WError, match="is damaged .* delete it"):
        Queue(tmp_path)


def test_a_queue_of_another_version_is_refused(tmp_path):
    prepare(tmp_path, planned(tmp_path)).note("version", "0")
    with pytest.raises(T2WError, match="of another version"):
        Queue(tmp_path)


def test_what_is_asked_for_in_other_precision_is_another_take(tmp_path):
    (one, *_), (other, *_) = (planned(tmp_path, RECIPE + more).rolls for more in ("", "dtype: float32\n"))
    assert one.key != other.key and replace(other, key=one.key, walk=one.walk, paint=one.paint, folder=one.folder) == one


def test_candidates_are_painted_in_each_precision_that_is_asked_for(tmp_path):
    found = planned(tmp_path, RECIPE + "matrix: {dtype: [auto, float32, bfloat16]}\n")
    assert len(found.paints) == 6 and len(found.rolls) == 18
    of = {paint.folder: paint for paint in found.paints}
    assert len(of) == 6 and all(of[roll.folder].dtype == roll.walk.dtype for roll in found.rolls)


PAINTED = "prompts: land\nworld: sim\nseconds: 1\n"


def test_how_the_painter_is_called_decides_the_pictures_and_is_in_the_plan(tmp_path):
    found = planned(tmp_path, PAINTED + "matrix: {guidance: [2, 4.5], painter-steps: [5, 20], negative: [fog, '']}\n")
    assert len({paint.folder for paint in found.paints}) == len(found.paints) == 8
    settings = found.paints[0].start.settings
    assert (settings["guidance_scale"], settings["num_inference_steps"], settings["negative_prompt"]) == (2.0, 5, "fog")
    figures.keep([{"kind": "painter", "name": "starter", "fps": 2.0, "first_frame_s": 0.5, "device": "cpu", "dtype": "float32"}])
    queue = prepare(tmp_path, found)
    models = {model.asked: model for model in estimate(queue, tmp_path, 1).models if model.kind == "painter"}
    assert len(models) == 8 and {row.painting for row in queue.rows()} == set(models)
    usual, many = (models[f"negative fog, guidance 2, painter-steps {steps}"] for steps in (5, 20))
    assert (usual.fps, many.fps) == (2.0, 0.5)


def test_a_lora_that_is_not_there_is_told_before_anything_is_painted(tmp_path):
    found = planned(tmp_path, PAINTED + "lora: [pixels.safetensors:0.8]\n")
    assert found.paints[0].start.settings["lora"] == [[str(tmp_path / "pixels.safetensors"), 0.8]]
    painter, _ = estimate(prepare(tmp_path, found), tmp_path, 1).models
    assert not painter.here and "there is no LoRA" in painter.missing


def test_a_name_with_brackets_is_told_as_it_is(tmp_path):
    from rich.console import Console

    found = estimate(prepare(tmp_path, planned(tmp_path, PAINTED + "lora: ['[/old].safetensors']\n")), tmp_path, 1)
    console = Console(file=StringIO(), width=400)
    console.print(batch_screen.table(found), batch_screen.status(tmp_path / "b[old]", {"paint": {"pending": 1}}, [], False, 0))
    told = console.file.getvalue()
    assert f"missing: there is no LoRA {tmp_path}/[/old].safetensors" in told and f"resume '{tmp_path}/b[old]' goes on" in told


def test_other_weights_are_other_takes_and_only_those(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(
            '{"_class_name": "Genie", "keys": ["w"], "turn": 1, "width": 8, "height": 8, "fps": 10}'
        )
        (tmp_path / name / "dynamics.safetensors").write_bytes(bytes(100))
    text = f"painter: sim\nprompts: land\nseconds: 1\nmatrix: {{world: [{tmp_path / 'one'}, {tmp_path / 'other'}]}}\n"
    before = planned(tmp_path, text)
    (tmp_path / "one" / "card.json").write_text("{}")  # tells how they were trained
    assert planned(tmp_path, text) == before
    (tmp_path / "one" / "dynamics.safetensors").write_bytes(bytes(99) + b"x")
    after = planned(tmp_path, text)
    assert after.paints == before.paints and [a.key == b.key for a, b in zip(after.rolls, before.rolls, strict=True)] == [False, True]


def test_a_plug_in_is_known_by_its_package_and_a_folder_of_the_same_name_is_not_asked(tmp_path, monkeypatch):
    set_up(tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.chdir(tmp_path)
    before = weights.of_world("starter"), weights.of_painter("sim")
    for name in ("strip", "stripes", "starter", "sim"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "w.safetensors").write_bytes(b"of something else")
    assert (weights.of_world("starter"), weights.of_painter("sim")) == before and before[0]
    assert weights.of_world("strip") == weights.of_painter("stripes") == "small 0.1"
    keys = {roll.key for roll in planned(tmp_path, SMALL).rolls}
    metadata = tmp_path / "site" / "small-0.1.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text().replace("0.1", "0.2"))
    assert weights.of_world("strip") == "small 0.2" and keys.isdisjoint(roll.key for roll in planned(tmp_path, SMALL).rolls)


def test_the_commit_stands_for_what_the_hub_keeps_and_a_lora_belongs_to_its_painter(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    home, lora = tmp_path / "models--org--painter", tmp_path / "l.safetensors"
    (home / "refs").mkdir(parents=True)
    assert weights.of_painter("org/painter") == ""
    for commit in ("a" * 40, "b" * 40):
        (home / "snapshots" / commit).mkdir(parents=True)
        (home / "refs" / "main").write_text(commit)
        assert weights.of_painter("org/painter") == commit[:16]
    found = set()
    for byte in (0, 1):
        lora.write_bytes(bytes([byte]))
        found.add(weights.of_painter("org/painter", (str(lora),)))
    assert len(found) == 2 and found.isdisjoint({"b" * 16})


def test_a_large_file_is_known_by_pieces_of_it(tmp_path):
    file, found = tmp_path / "w.safetensors", set()
    for at in (0, 20 * 2**20, weights.WHOLE):  # the last one lies at the end
        with file.open("wb") as data:
            data.truncate(weights.WHOLE + 1)
            data.seek(at)
            data.write(bytes([1]) * (2**20 if at == 20 * 2**20 else 1))
        found.add(weights.of_painter("org/painter", (str(file),)))
    assert len(found) == 3
