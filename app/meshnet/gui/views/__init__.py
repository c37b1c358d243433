"""The widgets; they hold no state and start no work."""
