"""Episodes on disk: recorded from the simulator, read back as pictures with captions and as windows of frames with actions."""
