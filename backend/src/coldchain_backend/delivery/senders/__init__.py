"""Senders: the wires. One file each."""
