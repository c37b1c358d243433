"""The privileged daemon: the only owner of state."""
