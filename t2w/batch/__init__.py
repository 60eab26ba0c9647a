"""Recipes and batches: many takes from a file, planned before, made by several workers, resumed where they stopped."""
