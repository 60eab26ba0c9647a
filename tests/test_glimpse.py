"""What one walks up to: its outlines, and its walls, of which the kept view shows a few places that fill the picture now."""

from dataclasses import replace

import pytest
import torch

from t2w.nn.geometry import ROOM, evened, mean_around, shifted, spread, stopped, warped
from t2w.nn.glimpse import View, looked_up, outlined
from t2w.nn.measure import gradient
from t2w.nn.parallax import Manner, Motion, Seen, where_it_was
from t2w.nn.surroundings import Surroundings
from t2w.nn.view import places

LENS, H, W = torch.tensor([[1.279, 0.7673]]), 48, 80
STILL, NOTHING = torch.eye(3)[None], torch.zeros(1, H, W)


def roof(h: int, w: int, larger: float = 1.0) -> torch.Tensor:
    """(1 h w): what is below a slanting line, so many times enlarged."""
    x, y = (places(h, w, torch.device("cpu")) / larger).unbind(-1)
    return (y > 0.37 * x + 0.03)[None]


def test_an_outline_is_where_it_was_pixel_by_pixel():
    """A roof ten metres off before the sky, seen from four: the places in which nearness is known are steps of five pixels by then."""
    picture = (2.0 * roof(2 * H, 2 * W) - 1)[:, None].expand(-1, 3, -1, -1)
    kept = View(picture, 0.1 * roof(H, W), NOTHING + 1, NOTHING, STILL, torch.zeros(1, 3), LENS)
    new = View(-picture, 0.25 * roof(H, W, 2.5), NOTHING, NOTHING, STILL, torch.tensor([[0.0, 0.0, 6.0]]), LENS)
    true = roof(2 * H, 2 * W, 2.5)
    found, other = outlined(new, kept)
    found = torch.where(other[:, None], -1.0, found)
    place_by_place = warped(kept.picture, looked_up(new, kept)[0])
    wrong, before = (((made[:, 0] > 0) != true).float().mean().item() for made in (found, place_by_place))
    assert wrong < 0.01 and before > 2 * wrong


def test_beside_an_outline_what_it_hid_is_not_made_of_it():
    """A post at two metres before a wall at ten, from a little farther to the right: there is wall now right of the post that it had hidden."""
    near = torch.full((1, H, W), 0.1)
    near[:, :, 36:44] = 0.5
    picture = torch.nn.functional.interpolate(near[:, None], (2 * H, 2 * W)).expand(-1, 3, -1, -1)
    kept = View(picture, near, NOTHING + 1, NOTHING, STILL, torch.zeros(1, 3), LENS)
    there, aside = near.roll(-2, 2), torch.tensor([[4 * LENS[0, 0] * 2 / W, 0.0, 0.0]])  # two places, two metres off
    found, other = outlined(View(picture, there, NOTHING, NOTHING, STILL, aside, LENS), kept)
    post, wall = found[..., 70:82], found[..., 92:]
    assert (post - 0.5).abs().max() < 1e-3 and (wall - 0.1).abs().max() < 1e-3
    assert other[..., 85].all() and not other[..., 70:82].any() and not other[..., 92:].any()


@pytest.mark.parametrize("aside, known", [(0.1, True), (1.2, False)])  # metres
def test_beside_an_outline_that_has_moved_off_nothing_is_known(aside, known):
    """A post at two metres before a wall at ten; the wall right beside where the post stood has the colours of its rim."""
    near = torch.full((1, H, W), 0.1)
    near[:, :, 36:44] = 0.5
    kept = View(torch.zeros(1, 3, 2 * H, 2 * W), near, NOTHING + 1, NOTHING, STILL, torch.zeros(1, 3), LENS)
    new = View(kept.picture, NOTHING + 0.1, NOTHING, NOTHING, STILL, torch.tensor([[-aside, 0.0, 0.0]]), LENS)
    to, much = looked_up(new, kept)
    x = (to[0, H // 2, :, 0] + 1) / 2 * W - 0.5  # of the kept view
    beside, away = ((x - 44).abs() < 0.5), (x - 48).abs() < 2
    assert (much[0, H // 2, beside] > 0.5).all() == known and (much[0, H // 2, away] > 0.5).all()


def test_an_edge_that_is_moved_again_and_again_gets_no_lines_beside_it():
    picture, by = 2.0 * (torch.arange(2 * W) > W).expand(1, 3, 2 * H, -1) - 1, torch.full((1, 2, 2 * H, 2 * W), 0.3 / W)
    for _ in range(10):
        picture = shifted(shifted(picture, by), -by)
    assert picture.abs().max() <= 1
    assert (picture[..., : W - 8] == -1).all() and (picture[..., W + 8 :] == 1).all()


@pytest.mark.parametrize("step", [0.1, 0.3, 0.5])  # of a pixel
def test_what_is_moved_again_and_again_stays_crisp(step):
    """By cubics alone a fifth of the gradients is lost in twenty moves."""
    generator, by = torch.Generator().manual_seed(0), torch.full((1, 2, 2 * H, 2 * W), step / W)
    picture = begun = mean_around(torch.randn(1, 3, 2 * H, 2 * W, generator=generator), 5)
    for _ in range(10):
        picture = shifted(shifted(picture, by), -by)
    inside = slice(8, -8)
    assert 1 < gradient(picture[..., inside]) / gradient(begun[..., inside]) < 1.4
    assert begun.min() <= picture.min() and picture.max() <= begun.max()


def test_who_is_painted_over_is_forgotten_and_what_is_behind_him_is_not():
    """A wall at ten metres, then a post before it at two; there the last view was painted anew."""
    picture, post = torch.zeros(1, 3, 2 * H, 2 * W), NOTHING.clone()
    post[:, :, 30:40] = 1.0
    wall = View(picture, NOTHING + 0.1, NOTHING + 1, NOTHING, STILL, torch.zeros(1, 3), LENS)
    hidden = replace(wall, near=torch.where(post > 0, 0.5, wall.near))
    around = Surroundings(hidden, (wall, hidden), hidden.near, 0 * hidden.near).painted_over(post)
    assert around.kept[0].known.equal(wall.known)
    assert around.kept[1].known.equal(1 - spread(post, 3))  # and his rim with him
    assert around.near.equal(torch.where(post > 0, -1.0, 0.1)) and around.last is hidden


def test_a_wall_that_is_guessed_unevenly_is_even_and_its_edges_stay():
    generator = torch.Generator().manual_seed(0)
    wall = 0.125 * (1 + 0.03 * torch.randn(1, H, W, generator=generator))
    wall[:, :, 50:] = 0.02
    even = evened(wall)
    assert even[:, :, :50].std() < 0.3 * wall[:, :, :50].std() and (even[:, :, 50:] - 0.02).abs().max() < 1e-6


def test_nobody_walks_through_what_was_seen_from_afar():
    """A wall eight metres off: half a metre before it, each place of it is sixteen wide; and the dream sees nothing near in that blur."""
    generator = torch.Generator().manual_seed(0)
    nobody, manner = NOTHING - 9, Manner(torch.tensor([[1.0, 0.0]]), torch.zeros(1), torch.zeros(1, 3), LENS, torch.zeros(1, 3))
    wall = 0.125 * (1 + 0.02 * torch.randn(1, H, W, generator=generator))

    def motion(here: torch.Tensor, shift: torch.Tensor) -> Motion:
        far = NOTHING + 0.01
        flow, ahead = where_it_was(far, nobody > 0, STILL, shift, LENS)
        return Motion(flow, far, Seen(here, nobody, nobody), STILL, shift, ahead, torch.zeros(1), torch.zeros(1), manner)

    around = Surroundings.of(torch.zeros(1, 3, 2 * H, 2 * W), motion(wall, torch.zeros(1, 3)))
    gone, step = 0.0, torch.tensor([[0.0, 0.0, 0.3]])
    for _ in range(40):
        here = torch.where(around.near >= 0, around.near, 0.01)
        on = motion(here, stopped(here, nobody < 0, step, LENS, torch.zeros(1, 3), torch.zeros(1)))
        around, gone = around.seen(around.last.picture, on).onward(on), gone + on.shift[0, 2].item()
    assert 8 - 2 * ROOM < gone < 8
    assert (around.near > 1).float().mean() > 0.9
