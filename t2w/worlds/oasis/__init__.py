"""Oasis 500M (Decart and Etched 2024): files of weights and a start frame in, a Minecraft that is dreamt frame by frame out."""
