"""Pure decisions: devices, trust, grants, settings, plan and route; no I/O, clock or randomness."""
