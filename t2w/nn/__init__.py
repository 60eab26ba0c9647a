"""Our networks: the autoencoder, the dynamics transformer, the painter; and the maths of flow matching."""
