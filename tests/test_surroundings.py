"""What was seen is found again where geometry says: with pictures and motions made by hand."""

from dataclasses import replace

import pytest
import torch

from t2w.nn.geometry import ASIDE, crisp, projected, trusted
from t2w.nn.parallax import Manner, Motion, Seen, in_the_next
from t2w.nn.surroundings import INVENTED, KEPT, NARROW, PAINTED, Surroundings, _better
from t2w.nn.view import places

LENS, H, W = torch.tensor([[1.2, 0.72]]), 24, 40
PICTURE = torch.nn.functional.interpolate(torch.rand(1, 3, 6, 10, generator=torch.Generator().manual_seed(0)), (2 * H, 2 * W))
BLANK = -torch.ones(1, 3, 2 * H, 2 * W)


PLAYER = torch.zeros(1, H, W)
PLAYER[:, 8:16, 16:24] = 1


def motion(
    right: float = 0.0, ahead: float = 0.0, near: float = 0.1, player: torch.Tensor | float = 0.0, here: float | None = None
) -> Motion:
    """A turn in radians and steps in metres, before a wall that fills the view; `here`: how near it was before."""
    turn = torch.tensor(right)
    rotation = torch.tensor([[turn.cos(), 0, turn.sin()], [0, 1, 0], [-turn.sin(), 0, turn.cos()]])[None]
    wall, shift = torch.full((1, H, W), near), torch.tensor([[0.0, 0.0, ahead]])
    flow, distance = projected(wall, rotation, shift, LENS, LENS)
    flow = torch.lerp(flow, places(H, W, wall.device), (0 * wall + player)[..., None])
    before = wall if here is None else torch.full_like(wall, here)
    him, tilt = 18 * (0 * wall + player) - 9, torch.zeros(1)
    manner = Manner(torch.tensor([[1.0, 0.0]]), tilt, torch.zeros(1, 3), LENS, torch.zeros(1, 3))
    return Motion(flow, wall, Seen(before, him, him), rotation, shift, distance, tilt, torch.zeros(1), manner)


def saw(near: torch.Tensor) -> Seen:
    """And no player."""
    return Seen(near, 0 * near - 9, near)


def went(out: list[Motion], shown: torch.Tensor | None = None, back: tuple[Motion, ...] = ()) -> Surroundings:
    """On from PICTURE; `shown`: what the dream makes of every view on the way out; None: what was carried on, as on the way back."""
    around = Surroundings.of(PICTURE, motion(near=out[0].near.mean().item()))
    picture = PICTURE
    for t, step in enumerate([*out, *back]):
        around = around.seen(picture, step).onward(step)
        picture = shown if shown is not None and t < len(out) else around.last.picture
    return around


def test_who_turns_away_and_back_sees_the_same_again():
    away = [motion(0.25, near=0.0)] * 8
    back = (motion(-0.25, near=0.0),) * 8
    there, again = went(away, BLANK), went(away, BLANK, back)
    assert (there.last.picture - BLANK).abs().max() < 1e-3  # nothing of it is left in view
    assert (again.last.picture - PICTURE).abs()[..., 4:-4, 4:-4].mean() < 0.02
    assert torch.allclose(again.last.rotation, torch.eye(3), atol=1e-4)


def test_what_has_changed_stays_changed():
    """A dream changes things, as when a crate breaks; the first picture must not bring them back."""
    around = went([motion()] * 32, PICTURE - 1)
    assert (around.last.picture - (PICTURE - 1)).abs().max() < 1e-4
    assert len(around.kept) == 1 and around.frames == 32


def test_what_was_enlarged_is_sharp_again_when_it_is_small_again():
    on, back = [motion(ahead=1.0, near=0.1)] * 4, (motion(ahead=-1.0, near=0.1),) * 4
    assert went(on).last.known.min() < 0.6
    assert (went(on, BLANK, back).last.picture - PICTURE).abs()[..., 4:-4, 4:-4].mean() < 0.05


@pytest.mark.parametrize("degrees", [0, 30, 60])
def test_what_is_seen_from_aside_is_known_less_and_what_is_turned_away_from_is_not(degrees):
    """An eye ten metres before a wall steps aside until it sees its middle so many degrees aslant, and turns back to it."""
    turn = torch.tensor(degrees / 180 * torch.pi)
    rotation = torch.tensor([[turn.cos(), 0, turn.sin()], [0, 1, 0], [-turn.sin(), 0, turn.cos()]])[None]
    middle, near = (slice(None), H // 2, W // 2), torch.full((1, H, W), 0.1)
    for shift in (torch.zeros(1, 3), torch.tensor([[0.0, 0.0, 10.0]]) - 10 * rotation[..., 2]):
        seen = (*projected(near, rotation, shift, LENS, LENS), LENS, LENS)
        angle = turn if shift.any() else torch.tensor(0.0)
        assert trusted(*seen, near * shift.norm())[middle].item() == pytest.approx((-angle / ASIDE).exp().item(), abs=0.02)


def test_another_place_is_not_taken_for_one_that_was_painted():
    """What now is seen two metres ahead was not the wall ten metres off, though it lies in the same direction."""
    begun = Surroundings.of(PICTURE, motion(near=0.1))
    wall, worn = (replace(begun.last, known=known * begun.last.known) for known in (PAINTED, 0.5 * PAINTED))
    begun = replace(begun, last=worn, kept=(wall,))
    far, close = (begun.seen(PICTURE + 0.1, step).onward(step) for step in (motion(near=near, here=0.1) for near in (0.1, 0.5)))
    assert (far.last.picture - PICTURE).abs()[..., 4:-4, 4:-4].max() < 1e-4
    assert (close.last.picture - (PICTURE + 0.1)).abs().max() < 1e-4


def test_what_nobody_has_seen_is_no_nearer_than_kept_views_say():
    """Of what has just come into view a parallax can only guess how near it is; that must not hide what is known to be there."""
    away, back = [motion(0.25, near=0.0)] * 8, (motion(-0.25, near=0.5, here=0.0),) * 8
    assert (went(away, BLANK, back).last.picture - PICTURE).abs()[..., 4:-4, 4:-4].mean() < 0.05


def of_player(picture: torch.Tensor) -> torch.Tensor:
    return picture[..., 20:28, 36:44]  # well inside of him


def test_of_the_player_what_is_unchanged_is_kept_and_the_rest_made_anew():
    still = motion(player=PLAYER)
    first = Surroundings.of(PICTURE, still)
    step = motion(ahead=1.0, player=PLAYER)
    worn, other = (first.seen(PICTURE + much, step).onward(step) for much in (0.1, 0.8))
    assert (of_player(worn.last.picture) - of_player(PICTURE)).abs().max() < 1e-4 and worn.sure[0, 10:14, 18:22].min() == 1
    assert (of_player(other.last.picture) - of_player(PICTURE + 0.8)).abs().max() < 1e-4 and other.sure[0, 10:14, 18:22].max() == 0


def test_the_player_does_not_leave_his_edges_and_his_shadow_behind():
    """Around him all is dark. He goes on, and the ground that comes out below him is as light as that beside it."""
    shown, step = torch.ones_like(PICTURE), motion(ahead=0.7, near=0.3, here=1 / (1 / 0.3 + 0.7), player=PLAYER)
    shown[..., 14:34, 30:50] = -1
    around = Surroundings.of(shown, step)
    for _ in range(4):
        around = around.seen(torch.where(shown < 0, shown, around.last.picture), step).onward(step)
    assert around.last.picture[..., 38:, 32:48].min() > 0.4


def test_what_a_near_thing_hid_is_not_taken_for_seen():
    """A post two metres off is passed by a step to the side: the wall behind it comes into view."""
    post = torch.full((1, H, W), 0.05)
    post[:, :, 18:22] = 0.5
    behind = motion(near=0.05)
    shift = torch.tensor([[2.4, 0.0, 0.0]])
    aside = behind._replace(flow=projected(behind.near, behind.rotation, shift, LENS, LENS)[0], seen=saw(post), shift=shift)
    shown = torch.full_like(PICTURE, -0.5)
    shown[..., 36:44] = 0.9
    around = Surroundings.of(shown, motion()._replace(seen=saw(post))).seen(shown, aside).onward(aside)
    came = around.sure[0, 4:-4].mean(0)
    assert came[17:19].max() == 0 and came[:15].min() > 0 and came[24:36].min() > 0
    assert (around.last.picture[..., 8:-8, 34:38] + 0.5).abs().max() < 0.05  # it is taken for more of the wall, not of the post


def test_a_tree_far_off_hid_the_sky():
    """Where it stood, forty metres off, before a step to the side there is sky now: not that the sky looks like a tree."""
    tree, aside = torch.zeros(1, H, W), motion(near=0.0)._replace(shift=torch.tensor([[9.6, 0.0, 0.0]]))
    tree[:, :, 18:22] = 0.025
    around = Surroundings.of(PICTURE, aside._replace(seen=saw(tree))).seen(PICTURE, aside._replace(seen=saw(tree))).onward(aside)
    came, near = around.sure[0].amax(0), around.last.near[0].mean(0)
    assert came[18:22].max() == 0 and came[:18].min() > 0 and came[22:].min() > 0
    assert near[14:18].min() > 0.02 and near[:14].max() == near[18:].max() == 0


@pytest.mark.parametrize("across", [NARROW - 1, NARROW + 1])
def test_only_a_wide_gap_is_filled_from_elsewhere(across):
    """In a narrow one, what is beside it fits better than what was painted once."""
    begun = Surroundings.of(torch.full_like(PICTURE, 0.5), motion(near=0.0)).last
    gap = torch.ones(1, H, W)
    gap[:, :, 14 : 14 + across] = 0
    found, taken = _better(replace(begun, known=gap), [replace(begun, picture=BLANK, known=PAINTED * begun.known)], 0 * gap)
    within = (..., slice(4, -4), slice(30, 26 + 2 * across))
    assert torch.allclose(found.picture[within], (begun.picture if across < NARROW else BLANK)[within], atol=1e-5)
    assert taken.any() == (across > NARROW)


def test_shreds_become_what_is_beside_them_but_for_what_a_key_has_changed():
    """A post stood before a field and is gone from there, in what the last picture shows as well: nobody can have seen that place. The first
    picture is moved but once, and is believed; two frames later it is as beside it."""
    begun = Surroundings.of(torch.full_like(PICTURE, 0.5), motion(near=0.1)).last
    unseen = torch.ones(1, H, W)
    unseen[:, 8:16, 20:22] = 0
    shreds, settled = begun.picture.clone(), torch.zeros(1, H, W)
    shreds[..., 16:32, 40:44] = -1.0
    settled[:, 8:12] = 1
    last, kept, left = replace(begun, picture=shreds), [replace(begun, known=unseen)], []
    for _ in range(6):
        last, _ = _better(last, kept, settled)
        left.append([last.picture[..., rows, 41:43].mean().item() for rows in (slice(18, 22), slice(26, 30))])
    assert left[0] == [-1.0, -1.0] and all(changed == -1.0 for changed, _ in left)
    assert left[1][1] < left[2][1] < left[5][1] and left[5][1] == pytest.approx(0.5, abs=0.1)


def test_what_one_walks_up_to_grows():
    """A house twelve metres off, in steps by which its edges move a fifth of a place: of its nearness alone, frame by frame, they would never."""
    house, shift = torch.zeros(1, H, W), torch.tensor([[0.0, 0.0, 0.25]])
    house[:, 6:18, 14:26] = 0.08
    picture = torch.nn.functional.interpolate(house[:, None] / 0.08, (2 * H, 2 * W)).expand(-1, 3, -1, -1)
    begun = motion(near=0.0)._replace(seen=saw(house), shift=shift)
    around, alone = Surroundings.of(picture, begun), house
    for _ in range(20):
        alone = in_the_next(alone, begun.player, begun.rotation, shift, LENS)
        here = torch.where(around.near >= 0, around.near, around.last.near)
        near = in_the_next(crisp(here), begun.player, begun.rotation, shift, LENS)
        flow, ahead = projected(near, begun.rotation, shift, LENS, LENS)
        around = around.seen(around.last.picture, begun._replace(seen=saw(here))).onward(begun._replace(near=near, flow=flow, ahead=ahead))
    # Twelve metres and a half are seven and a half now.
    assert ((alone > 0.04).sum(2).amax(), (around.last.near > 0.04).sum(2).amax()) == (12, 20)
    assert 38 <= (around.last.picture[0, 0, H] > 0.5).sum() <= 42


def test_what_is_worn_is_not_unknown():
    """A wall that one has long walked up to stays, and no sky is seen through it that a view painted ahead has there."""
    step = motion(ahead=0.3, near=0.5, here=1 / 2.3)
    around = Surroundings.of(PICTURE, step)
    sky = replace(around.last, picture=BLANK, near=torch.zeros_like(around.last.near), known=PAINTED * around.last.known)
    around = replace(around, last=replace(around.last, known=1.05 * INVENTED * around.last.known), kept=(sky,))
    for _ in range(3):
        around = around.seen(around.last.picture, step).onward(step)
    assert (around.last.picture - BLANK).abs().min() > 0.5


@pytest.mark.parametrize("known", [PAINTED, 1.1 * PAINTED])
def test_what_was_seen_is_not_replaced_by_what_was_painted_unless_that_is_better(known):
    """A kept picture a little worse than the last one's: if it was seen, it is taken, for it was moved but once; not if it was painted."""
    around = Surroundings.of(PICTURE, motion())
    kept = replace(around.last, picture=PICTURE + 0.1, known=known * around.last.known)
    around = replace(around, last=replace(around.last, known=1.2 * PAINTED * around.last.known), kept=(kept,))
    stands = around.seen(PICTURE, motion()).onward(motion())
    assert torch.allclose(stands.last.picture, PICTURE + 0.1 * (known > PAINTED), atol=1e-3)
    assert stands.sure.min() == 1  # and of none of them details are lost


def test_forks_go_their_own_ways():
    around = went([motion()] * 3)
    one, other = (around.seen(picture, motion()).onward(motion()) for picture in (BLANK, PICTURE))
    assert (one.last.picture - BLANK).abs().max() < 1e-4 and (other.last.picture - PICTURE).abs().max() < 1e-4


def test_so_many_are_kept_and_the_first_always():
    around = Surroundings.of(PICTURE, motion())
    more = [replace(around.last, picture=PICTURE + i) for i in range(KEPT + 3)]
    for view in more:
        around = around.keeping(view)
    assert around.kept == (around.kept[0], *more[-KEPT:]) and around.kept[0].picture.equal(PICTURE) and around.keeping(None) is around
