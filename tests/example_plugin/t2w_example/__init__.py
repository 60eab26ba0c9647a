"""A world, a painter and a policy for t2w, as small as they can be."""
