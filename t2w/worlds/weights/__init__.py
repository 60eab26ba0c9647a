"""Weights that others have published: where they lie, whether they are whole, how they become a pipeline, and the memory they take."""
