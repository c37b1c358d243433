"""What the product decides, says and shows."""

__version__ = "0.1.0"
