"""Start frames: painters, candidates on disk, and the pick among them."""
