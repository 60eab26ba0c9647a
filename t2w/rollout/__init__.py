"""Rollouts: the generator of frames, and the recorders that write them down."""
