"""Chains of views: what an outpainter has painted itself, and is to paint on from."""

import copy
import math
from dataclasses import replace

import torch


def test_chains_go_along_true_walks_and_what_was_made_up_is_taken_out(views, carrier):
    from t2w.data.pairs import rigid_between
    from t2w.nn.geometry import per_latent
    from t2w.train.chains import CHAINS, LONGEST, Chains

    torch.manual_seed(0)
    guessing = copy.deepcopy(carrier.parallax)
    guessing.unet.last.bias.data[4:] = -5.0  # else it might take all for the player, of whom nothing is kept
    for part in (guessing.unet.last.weight, guessing.unet.last.bias):
        part.data[:4] = 0.0  # depth that was not learnt is all edges, beside which nothing is known for long
    chains = Chains(views, replace(carrier, parallax=guessing), seed=0, free=0.0)
    ages, gone = [], 0
    for _ in range(2 * LONGEST):
        before = [chain and (chain.poses.data_ptr(), chain.at) for chain in chains.chains]
        chains.onward()
        asked = list(chains.kept)[-CHAINS:]
        for was, chain, view in zip(before, chains.chains, asked):
            newest = chain.kept[0]
            turned, place, _, _ = rigid_between(chain.poses[:1], chain.poses[chain.at : chain.at + 1])
            assert newest.place.equal(place) and newest.rotation.equal(turned)  # there it was seen, and painted
            assert view["latents"].equal(chain.latents[chain.at]) and view["first"].equal(chain.latents[0])
            assert per_latent(newest.known)[0][view["known"] == 0].sum() == 0  # what nothing was known of is not kept
            gone += was is not None and was[0] == chain.poses.data_ptr() and chain.at > was[1]
        ages += [chain.left for chain in chains.chains]
    assert gone > CHAINS and 0 in ages and max(ages) < LONGEST
    drawn = chains.batch(50)
    assert drawn["seen"].shape == drawn["latents"].shape == (50, 8, 12, 20) and 0 == drawn["known"].min() < 0.7 < drawn["known"].max() <= 1


def test_free_chains_go_on_from_what_was_made_up_and_beyond_the_end_of_a_walk(views, carrier, monkeypatch):
    from t2w.data.kinds import KINDS
    from t2w.train import chains as module

    def seen_from(chain, view):
        turned, place, _ = module._eye(chain.poses, chain.at)
        return torch.cat([turned.mT @ view.rotation, (turned.mT @ (view.place - place)[..., None])], 2)

    monkeypatch.setattr(module, "LONG", max(row["frames"] for _, row in views.walks))
    monkeypatch.setattr(module, "LEVEL", math.inf)
    torch.manual_seed(0)
    guessing = copy.deepcopy(carrier.parallax)
    guessing.unet.last.bias.data[4:] = -5.0  # else it might take all for the player, of whom nothing is kept
    chains, again = module.Chains(views, replace(carrier, parallax=guessing), seed=0, free=1.0), 0
    for _ in range(12):
        before = list(chains.chains)
        chains.onward()
        for was, chain, view in zip(before, chains.chains, list(chains.kept)[-module.CHAINS :]):
            assert view["free"].item() == 1 and chain.kept[0].known[chain.kept[0].player == 0].min() >= 0.1
            assert [words[i] for (_, words), i in zip(KINDS, view["says"])][1] in {row["spec"]["biome"] for _, row in views.walks}
            again += was is not None and was.poses is chain.poses and chain.at <= was.at
    assert again > 2
    end = chains.chains[0]
    anew = module._again(end)
    assert anew.at < len(end.poses) / 3
    for then, now in zip(end.kept, anew.kept):
        torch.testing.assert_close(seen_from(anew, now), seen_from(end, then), atol=1e-4, rtol=1e-4)
    monkeypatch.setattr(module, "LEVEL", -1.0)
    assert module._again(end).left == 0


def test_what_is_said_of_a_frame_is_its_worlds_kind(views):
    from t2w.data.kinds import EVERY, KINDS, Kinds

    latents, kinds = views.found[0][1], Kinds(views.found)
    walk = next(row for s, row in views.walks if s == 0)
    shown = [k for k, (s, i, _) in enumerate(kinds.index) if s == 0 and walk["start"] <= i < walk["start"] + walk["frames"]]
    assert len(shown) == -(-walk["frames"] // EVERY)
    for k in shown:
        item = kinds[k]
        assert {name: words[i] for (name, words), i in zip(KINDS, item["shows"])}.items() <= walk["spec"].items()
        assert item["latents"].equal(latents[kinds.index[k][1]].float())
