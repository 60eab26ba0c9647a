"""t2w: a sentence becomes a world that can be walked around in, and the walk becomes a film."""

import os

__version__ = "0.1.0"

# Threads of torch that wait for each other spin, in GNU's OpenMP for milliseconds: beside other programs that is most of their time.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
