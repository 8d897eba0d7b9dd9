"""Modbus TCP: units behind a network address."""
