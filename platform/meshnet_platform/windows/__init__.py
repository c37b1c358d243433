"""The Windows backend."""
