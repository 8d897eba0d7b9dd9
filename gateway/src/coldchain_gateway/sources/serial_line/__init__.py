"""Serial lines of text: one reading per line."""
