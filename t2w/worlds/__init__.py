"""Worlds: the protocol, the table of names, the conformance check, and one file a world."""
