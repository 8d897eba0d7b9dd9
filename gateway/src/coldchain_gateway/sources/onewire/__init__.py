"""1-Wire probes on the kernel's bus."""
