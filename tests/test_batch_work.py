"""One job of a batch: what is written, and in which order."""

import json
import os
from pathlib import Path

from small_batch import set_up

from t2w.batch import recipe, work
from t2w.batch.plan import plan
from t2w.media.metadata import read_metadata


def test_take_json_comes_last_and_once_with_the_weights_in_it(tmp_path, monkeypatch):
    set_up(tmp_path, "prompts: a sea\npainter: stripes\nworld: strip\nactions: w-3\nclean: true\n")
    monkeypatch.syspath_prepend(tmp_path / "site")
    found = plan(recipe.read(tmp_path / "r.yaml"))
    (paint,), (roll,), models, replace, written = found.paints, found.rolls, work.Models(), os.replace, []
    list(work.do(paint, None, tmp_path, models))
    monkeypatch.setattr(os, "replace", lambda old, new: (written.append(Path(new).name), replace(old, new)))
    *frames, made = work.do(roll, 1, tmp_path, models)
    assert frames == [1, 1, 1] and written.count("take.json") == 1 and written[-1] == "take.json"
    take = tmp_path / roll.folder / "takes" / "01"
    said = json.loads((take / "take.json").read_text())
    assert list(said)[-3:] == ["sha256", "seconds", "weights"] and said["weights"] == roll.weights
    assert "weights" not in read_metadata(take / "take.mp4")
    assert made == work.Made(said["sha256"], True) and list(work.do(roll, 1, tmp_path, models)) == [work.Made(said["sha256"], False)]
