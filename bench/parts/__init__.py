"""Programs that a benchmark starts beside the product: a flood, a sink, and bare baselines."""
