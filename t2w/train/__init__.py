"""The stages of training. One loop; stages differ by their loss, their batches, and what they look at on the way."""
