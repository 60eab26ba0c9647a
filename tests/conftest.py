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
