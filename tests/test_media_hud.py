"""What is drawn: the HUD, the contact sheet, pictures in the terminal."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

from t2w.actions.action import KEYS as ALL_KEYS
from t2w.media.hud import Hud, enlarge, wrap
from t2w.media.keycaps import ACCENT, CLUSTERS
from t2w.media.mouse import BUTTONS
from t2w.media.shapes import spell, text_width
from t2w.media.sheet import contact_sheet
from t2w.media.terminal import show

KEYS = ("w", "a", "s", "d", "space", "e", "lmb")


def action(*keys, mouse=(0.0, 0.0)):
    return SimpleNamespace(keys=frozenset(keys), mouse=mouse)


def grey(height=96, width=160) -> np.ndarray:
    return np.full((height, width, 3), 90, np.uint8)


def accent(frame: np.ndarray) -> np.ndarray:
    """Which pixels are lit (h w)."""
    return np.abs(frame.astype(int) - ACCENT).max(axis=-1) < 40


@pytest.mark.parametrize(
    "size, expected", [((96, 160), (384, 640)), ((64, 64), (640, 640)), ((288, 512), (576, 1024)), ((704, 1280), (704, 1280))]
)
def test_frames_grow_by_whole_numbers_to_640(size, expected):
    assert enlarge(grey(*size)).shape == (*expected, 3)
    assert Hud(KEYS, 15).draw(grey(*size), action(), 0).shape == (*expected, 3)


def test_each_held_key_lights_another_place():
    hud = Hud(KEYS, 15)
    assert not accent(hud.draw(grey(), action(), 3)).any()
    places = [accent(hud.draw(grey(), action(key), 3)) for key in KEYS]
    assert all(place.sum() > 100 for place in places)
    assert np.sum(places, axis=0).max() == 1, "no two keys share a pixel"


def test_keys_stand_as_on_a_keyboard():
    y, x = {}, {}
    for key in KEYS[:5]:
        lit = np.argwhere(accent(Hud(KEYS, 15).draw(grey(), action(key), 0)))
        y[key], x[key] = lit.mean(axis=0)
    assert x["a"] < x["s"] < x["d"] and abs(x["w"] - x["s"]) < 2 and y["w"] < y["s"] < y["space"]


def test_every_key_of_the_project_has_a_place():
    known = {*CLUSTERS[0], *CLUSTERS[1], *BUTTONS}
    assert known >= set(ALL_KEYS)
    Hud(tuple(known), 15, "all of them").draw(grey(), action(*known, mouse=(3, 4)), 0)


@pytest.mark.parametrize("mouse, axis, sign", [((9, 0), 1, 1), ((-9, 0), 1, -1), ((0, 9), 0, 1), ((0, -9), 0, -1)])
def test_the_arrow_points_where_the_view_turns(mouse, axis, sign):
    hud = Hud((), 15)
    lit = np.argwhere(accent(hud.draw(grey(), action(mouse=mouse), 0))).mean(axis=0)
    dial = np.argwhere((hud.draw(grey(), action(), 0)[200:] < 60).all(axis=-1)).mean(axis=0) + (200, 0)
    assert sign * (lit - dial)[axis] > 5


def test_the_middle_stays_free_and_the_start_frame_has_no_action():
    drawn = Hud(KEYS, 15, "word " * 2000).draw(grey(), None, 0)
    assert (drawn[60:250] == 90).all() and (drawn != 90).any()


def test_time_runs():
    hud = Hud((), 15, mouse=False)
    assert not np.array_equal(hud.draw(grey(), None, 0), hud.draw(grey(), None, 1))


def test_the_frame_itself_is_not_written_on():
    frame = grey(384, 640)
    Hud(KEYS, 15, "snow").draw(frame, action("w"), 0)
    assert (frame == 90).all()


@pytest.mark.parametrize("size", [(8, 8), (16, 640), (640, 8)])
def test_odd_shapes_do_not_break_it(size):
    Hud(KEYS, 15, "a very long prompt " * 50).draw(grey(*size), action("w", mouse=(1, 1)), 10**6)


def test_words_are_spelled_with_the_letters_there_are():
    assert spell("Café — “naïve”\n Straße 🎉") == 'Cafe - "naive" Strasse'
    assert spell("雪の森") == "" and spell("") == ""


def test_long_words_wrap_and_end_in_dots():
    lines = wrap("snow falls on tall pines " * 20, 16, 300, most=2)
    assert len(lines) == 2 and lines[1].endswith("...") and all(text_width(line, 16) <= 300 for line in lines)
    assert wrap("x" * 900, 16, 300, most=1)[0].endswith("...")
    assert wrap("short", 16, 300, most=2) == ["short"] and wrap("", 16, 300, most=2) == []


@pytest.mark.parametrize("count", [1, 4, 11])
def test_the_sheet_shows_every_candidate_with_its_number(count):
    pictures = [np.full((96, 160, 3), 60 + i, np.uint8) for i in range(count)]
    sheet = contact_sheet(pictures, [f"seed {i}" for i in range(count)], "a snowy forest")
    assert all((sheet == 60 + i).all(axis=-1).sum() > 10_000 for i in range(count))
    assert accent(sheet).any() and not accent(contact_sheet(pictures, [""] * count, numbered=False)).any()


def console(**settings) -> Console:
    return Console(
        file=io.StringIO(), **{"force_terminal": True, "color_system": "truecolor", "width": 80, "height": 24, "_environ": {}} | settings
    )


def test_pictures_fit_the_terminal():
    out = console()
    assert show([grey()] * 4, out)
    text = out.file.getvalue()
    assert "38;2;90;90;90;48;2;90;90;90" in text and text.count("\n") <= 23 and all(number in text for number in "1234")


@pytest.mark.parametrize(
    "settings", [{"no_color": True}, {"force_terminal": False}, {"color_system": None}, {"_environ": {"TERM": "dumb"}}, {"width": 9}]
)
def test_nothing_is_printed_where_colours_cannot_be_shown(settings):
    out = console(**settings)
    assert not show([grey()], out) and out.file.getvalue() == ""
