"""Simulated cold rooms and trucks, and devices in them that speak real bytes over real wires."""
