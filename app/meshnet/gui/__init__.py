"""Tray and window: ask, subscribe and show."""
