"""The command line: one file a verb or noun, one short function a verb, imports inside each."""

from t2w.cli.app import app, main

__all__ = ["app", "main"]
