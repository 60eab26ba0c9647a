"""The simulator: a small, seeded, fully known world with the same seams as a learned one. Needs the extra `sim`."""
