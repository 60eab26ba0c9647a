"""One script, unchanged, on four worlds: the starter, the simulator, SANA-WM and Oasis; and a film whose HUD shows what the script says."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import tiny_clips
import tiny_oasis
import tiny_painters
from typer.testing import CliRunner

from t2w.cli import app

VISIT = Path(__file__).parents[1] / "recipes" / "actions" / "visit.yaml"
SCRIPT = """steps:
  - {hold: [w], for: 0.2s}
  - {hold: [w, space], for: 0.2s}
  - {look: {right: 6}, for: 0.2s}
  - {hold: [e, q], for: 0.2s}
"""
# What each lacks, by line of the script. The keys of SANA-WM are a camera's.
LACKS = {"starter": {"q": 5}, "sim": {"q": 5}, "sana-wm": {"space": 3, "e": 5, "q": 5}, "oasis": {}}


@pytest.fixture(scope="module")
def places(tmp_path_factory) -> dict[str, str]:
    place = tmp_path_factory.mktemp("worlds")
    tiny_clips.save_sana(place / "sana")
    tiny_oasis.save(place / "oasis")
    return {"starter": "starter", "sim": "sim", "sana-wm": f"sana-wm:{place / 'sana'}", "oasis": f"oasis:{place / 'oasis'}"}


def run(*words: object) -> list[dict]:
    result = CliRunner().invoke(app, [*map(str, words), "--device", "cpu", "--offline", "--json"])
    assert result.exit_code == 0, (result.output, result.exception)
    return [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("world", [pytest.param("starter", marks=pytest.mark.weights), "sim", "sana-wm", "oasis"])
def test_the_same_file_walks_in_every_world_and_what_one_lacks_is_told_by_key_and_line(world, places, tmp_path, monkeypatch):
    from t2w.media.video import read_film
    from t2w.worlds import registry

    monkeypatch.chdir(tmp_path)
    Path("walk.yaml").write_text(SCRIPT)
    rows = run("new", "a red cabin", "--painter", "sim", "--world", places[world], "-n", "1", "--actions", "walk.yaml")
    end, fps = rows[-1], registry.spec(places[world]).fps
    assert end["frames"] == round(0.8 * fps) and len(list(read_film(end["take"]))) == end["frames"] + 1
    notes = " ".join(row["text"] for row in rows if row["event"] == "note")
    told = {key: int(line) for line, key in re.findall(r"walk\.yaml:(\d+): the world [\w-]+ does not understand the key '(\w+)'", notes)}
    assert told == LACKS[world]
    kept = [json.loads(line) for line in Path(end["actions"]).read_text().splitlines()]
    assert kept[0]["keys"] == ["w"] and sum(row["mouse"][0] for row in kept) == pytest.approx(6)


def test_a_film_of_tiny_random_pipelines_shows_the_script(places, tmp_path, monkeypatch):
    """The row of the issue: a diffusers folder paints, SANA-WM walks, visit.yaml leads."""
    from t2w.actions.action import Action
    from t2w.media.hud import Hud
    from t2w.media.pixels import read_picture
    from t2w.media.video import read_film
    from t2w.worlds.sana_wm import SPEC

    monkeypatch.chdir(tmp_path)
    painter = tiny_painters.save_sd3(tmp_path / "painter")
    how = ("--painter", painter, "--world", places["sana-wm"], "-n", "1", "--frames-out", "png")
    end = run("new", "a red cabin", *how, "--actions", VISIT)[-1]
    film = list(read_film(end["take"]))
    assert end["frames"] == 160 and len(film) == 161
    rows = [json.loads(line) for line in Path(end["actions"]).read_text().splitlines()]
    hud = Hud(SPEC.space.keys, SPEC.fps, "a red cabin", SPEC.space.mouse, SPEC.space.turn)
    for t in (5, 60, 100, 130):
        action, picture = Action.from_row(rows[t - 1]), read_picture(f"png/{t:06d}.png")
        right, wrong = (np.abs(film[t].astype(int) - hud.draw(picture, shown, t)).max(2) for shown in (action, None))
        differ = np.abs(hud.draw(picture, action, t).astype(int) - hud.draw(picture, None, t)).max(2) > 40
        assert differ.any() and right[differ].mean() < wrong[differ].mean() / 2  # the caps and the mouse, as the script has them
