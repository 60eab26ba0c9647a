"""Settings with which a training is over in a second."""

from t2w.data.collect import CollectConfig
from t2w.train.loop import FitConfig

FIT = FitConfig(steps=6, batch=2, warmup=2, looks=1)
DATA = CollectConfig(episodes=6, frames=24, mix=(("play", 2), ("still", 1)), shard=3)
