"""How each system does it; knows nothing of the product."""
