"""The demonstration, and the stage that starts real programs for it, for tests, benchmarks and pictures."""
