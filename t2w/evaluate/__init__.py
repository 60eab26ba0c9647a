"""Figures about worlds: how near to the simulator's truth, whether they obey, how long they hold."""
