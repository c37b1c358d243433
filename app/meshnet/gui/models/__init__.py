"""What the tray and the window show, as values; needs no screen."""
