"""What several tests of training share: a few episodes, and an autoencoder of them."""

import os
from dataclasses import replace

import pytest
from tiny_training import DATA, FIT

# Of who is tested, too: tests run side by side, and threads without a core keep the others waiting.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    from t2w.data.collect import collect

    path = tmp_path_factory.mktemp("data")
    list(collect(path, DATA, workers=1))
    return path


@pytest.fixture(scope="session")
def encoder(data, tmp_path_factory):
    from t2w.nn import autoencoder
    from t2w.train.autoencoder import train_autoencoder

    out = tmp_path_factory.mktemp("autoencoder")
    logs = list(train_autoencoder(data, out, autoencoder.TINY, replace(FIT, steps=60, batch=4)))
    assert logs[-1]["loss"] < logs[0]["loss"] and "look" in logs[-1]
    return out


@pytest.fixture(scope="module")
def carrier(encoder):
    import torch

    from t2w.nn import outpainter, parallax
    from t2w.nn.carrier import Carrier
    from t2w.train.parallax import of
    from t2w.worlds.pretrained import load_autoencoder

    torch.manual_seed(0)
    theirs = load_autoencoder(encoder)
    return Carrier(of(theirs, parallax.TINY), theirs, outpainter.Outpainter(outpainter.TINY))


@pytest.fixture(scope="module")
def views(data, encoder):
    import torch

    from t2w.data.latents import encode_shards
    from t2w.data.shard import shards
    from t2w.data.views import Views
    from t2w.worlds.pretrained import load_autoencoder

    return Views(list(encode_shards(shards(data), load_autoencoder(encoder), torch.device("cpu"))), seed=1)
