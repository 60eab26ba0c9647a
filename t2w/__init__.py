"""t2w: a sentence becomes a world that can be walked around in, and the walk becomes a film."""

__version__ = "0.1.0"
