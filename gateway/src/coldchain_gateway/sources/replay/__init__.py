"""Recorded lines, said again."""
