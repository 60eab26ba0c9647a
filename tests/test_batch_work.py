"""One job of a batch: what is written, and in which order."""

import json
import os
import threading
import time
from dataclasses import replace
from pathlib import Path

from small_batch import files as contents
from small_batch import set_up

from t2w import dream
from t2w.batch import recipe, work
from t2w.batch.grid import marked
from t2w.batch.plan import Paint, Plan, plan
from t2w.batch.queue import Queue
from t2w.batch.run import Ended, prepare
from t2w.batch.send import AT_ONCE, Away, Unsent, files, sending
from t2w.media.metadata import read_metadata
from t2w.start.start import Start

RECIPE = "prompts: a sea\npainter: stripes\nworld: strip\nactions: w-3\nclean: true\n"


def planned(here: Path, monkeypatch, text: str = RECIPE) -> Plan:
    """Of a small world and painter, which are plug-ins."""
    set_up(here, text)
    monkeypatch.syspath_prepend(here / "site")
    return plan(recipe.read(here / "r.yaml"))


def work_off(queue: Queue) -> list[tuple[str, int | None]]:
    """All jobs, truly done; (folder, number) of each."""
    done, models = [], work.Models()
    while (order := queue.next()) is not None:
        job, number = order
        *_, made = work.do(job, number, queue.folder, models)
        queue.done(job.key, 0.5, made.sha256)
        done.append((job.folder, number))
    return done


def test_take_json_comes_last_and_once_with_the_weights_in_it(tmp_path, monkeypatch):
    found, models, rename, written = planned(tmp_path, monkeypatch), work.Models(), os.replace, []
    (paint,), (roll,) = found.paints, found.rolls
    list(work.do(paint, None, tmp_path, models))
    monkeypatch.setattr(os, "replace", lambda old, new: (written.append(Path(new).name), rename(old, new)))
    *frames, made = work.do(roll, 1, tmp_path, models)
    assert frames == [1, 1, 1] and written.count("take.json") == 1 and written[-1] == "take.json"
    take = tmp_path / roll.folder / "takes" / "01"
    said = json.loads((take / "take.json").read_text())
    assert list(said)[-3:] == ["sha256", "seconds", "weights"] and said["weights"] == roll.weights
    assert "weights" not in read_metadata(take / "take.mp4")
    assert made == work.Made(said["sha256"], True) and list(work.do(roll, 1, tmp_path, models)) == [work.Made(said["sha256"], False)]


def test_pictures_that_are_to_carry_no_manifest_are_painted_anew(tmp_path, monkeypatch):
    (paint,) = planned(tmp_path, monkeypatch).paints
    for metadata in (True, False):
        job = replace(paint, metadata=metadata)
        assert [*work.do(job, None, tmp_path, work.Models())][-1].fresh and not [*work.do(job, None, tmp_path, work.Models())][-1].fresh
        assert [marked(path) for path in (tmp_path / paint.folder).rglob("*.png")] == [metadata] * 2


def test_what_was_sent_on_the_way_is_not_sent_again_at_the_end(tmp_path, monkeypatch):
    (paint,) = planned(tmp_path, monkeypatch).paints
    list(work.do(paint, None, tmp_path / "b", work.Models()))
    (tmp_path / "b" / "index.html").write_text("written anew each time")
    away = Away(tmp_path / "b", f"file://{tmp_path}/away")
    put, sent = away.disk.put_file, []
    monkeypatch.setattr(away.disk, "put_file", lambda path, name: (sent.append(Path(name).name), put(path, name)))
    away.send(files(tmp_path / "b" / paint.folder))
    assert sorted(sent) == ["1.png", "sheet.png", "world.json"]
    sent.clear()
    away.send_all()
    assert sorted(sent) == ["index.html", "world.json"] and (tmp_path / "away" / paint.folder / "sheet.png").is_file()


def test_a_take_of_the_artists_own_is_never_rolled_over(tmp_path, monkeypatch):
    found, batch = planned(tmp_path, monkeypatch, RECIPE + "candidates: 2\npick: ask\n"), tmp_path / "b"
    (roll,) = found.rolls
    batch.mkdir()
    work_off(prepare(batch, found))
    list(dream.picked(batch / roll.folder, 2))
    *_, own = dream.roll(batch / roll.folder, 2, roll.walk)
    before = {path: path.read_bytes() for path in own.folder.iterdir()}
    queue = prepare(batch, None)
    work_off(queue)
    assert own.folder.name == "01" and before == {path: path.read_bytes() for path in own.folder.iterdir()}
    assert [(row.status, row.take, row.pick) for row in queue.rows()] == [("done", f"{roll.folder}/takes/02", 2)]
    list(dream.picked(batch / roll.folder, 1))  # thought better of it: the batch's take is its own to replace
    again = prepare(batch, None)
    assert work_off(again) == [(roll.folder, 2)] and [row.pick for row in again.rows()] == [1]


def test_a_film_that_is_gone_is_made_again_in_its_place(tmp_path, monkeypatch):
    found, batch = planned(tmp_path, monkeypatch), tmp_path / "b"
    (roll,) = found.rolls
    batch.mkdir()
    work_off(prepare(batch, found))
    take, before = batch / roll.folder / "takes" / "01", contents(batch)
    for name, forgotten in (("take.mp4", False), ("clean.mp4", False), ("take.mp4", True)):
        (take / name).unlink()
        for path in batch.glob("queue.sqlite*") if forgotten else ():
            path.unlink()
        assert (roll.folder, 1) in work_off(prepare(batch, found)) and contents(batch) == before


def ended(folder: Path, n: int) -> list[Ended]:
    """n worlds with a file each, said to be painted."""
    jobs = [Paint(f"{k}", f"worlds/{k}", Start("a sea", "stripes", k, 8, 8), 1) for k in range(n)]
    for job in jobs:
        (folder / job.folder).mkdir(parents=True)
        (folder / job.folder / "sheet.png").write_bytes(b"a picture")
    return [Ended(job, None, "done") for job in jobs]


def test_an_interruption_ends_the_work_first_and_what_waits_to_be_sent_is_left(tmp_path, monkeypatch):
    away, events, ends = Away(tmp_path / "b", f"file://{tmp_path}/away"), ended(tmp_path / "b", 30), threading.Event()
    put, late = away.disk.put_file, []

    def put_later(path: str, name: str) -> None:
        late.append(not ends.wait(5))
        put(path, name)

    monkeypatch.setattr(away.disk, "put_file", put_later)

    def worked():
        try:
            yield from events
        finally:
            ends.set()

    interrupted = sending(worked(), away)
    for _ in range(20):
        next(interrupted)
    interrupted.close()
    assert ends.is_set() and not any(late) and len(late) <= AT_ONCE


def test_what_could_not_be_sent_is_told_at_once_and_sent_at_the_end(tmp_path):
    away, events = Away(tmp_path / "b", f"file://{tmp_path}/away"), ended(tmp_path / "b", 4)
    (tmp_path / "away" / "worlds").mkdir(parents=True)
    for k in (0, 1):
        (tmp_path / "away" / "worlds" / f"{k}").touch()  # a file where a folder should be

    def worked():
        for event in events:
            yield event
            time.sleep(0.2)

    *told, last = sending(worked(), away)
    assert [event for event in (*told, last) if event in events] == events and last in events
    assert [event.error.partition(" to ")[0] for event in told if isinstance(event, Unsent)] == [
        f"could not send {tmp_path}/b/worlds/0/sheet.png"
    ]
    for k in (0, 1):
        (tmp_path / "away" / "worlds" / f"{k}").unlink()
    away.send_all()
    assert len(files(tmp_path / "away")) == 4
