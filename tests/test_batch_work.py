"""One job of a batch: what is written, and in which order."""

import json
import os
from dataclasses import replace
from pathlib import Path

from small_batch import set_up

from t2w.batch import recipe, work
from t2w.batch.grid import marked
from t2w.batch.plan import Plan, plan
from t2w.batch.send import Away, files
from t2w.media.metadata import read_metadata

RECIPE = "prompts: a sea\npainter: stripes\nworld: strip\nactions: w-3\nclean: true\n"


def planned(here: Path, monkeypatch) -> Plan:
    """Of a small world and painter, which are plug-ins."""
    set_up(here, RECIPE)
    monkeypatch.syspath_prepend(here / "site")
    return plan(recipe.read(here / "r.yaml"))


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
