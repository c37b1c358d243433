"""The macOS backend."""
