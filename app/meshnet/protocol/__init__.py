"""Pure messages and framing between the programs."""
