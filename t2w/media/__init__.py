"""Pixels and files: pictures, films, the HUD, contact sheets, terminal pictures, and the manifest inside them."""
